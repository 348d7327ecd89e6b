import { describe, expect, it } from "vitest";
import { OpenStreams, STREAM_LIMITS } from "./open-streams.ts";

const LIMITS = { perUser: 2, perOrganization: 3, perProcess: 4 };

describe("OpenStreams", () => {
  it.each<[string, [string, string][], [string, string]]>([
    [
      "user",
      [
        ["a", "o"],
        ["a", "o"],
      ],
      ["a", "o"],
    ],
    [
      "organization",
      [
        ["a", "o"],
        ["b", "o"],
        ["c", "o"],
      ],
      ["d", "o"],
    ],
    [
      "process",
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
        ["d", "4"],
      ],
      ["e", "5"],
    ],
  ])("refuses one more than a %s may have, until another is closed", (_title, opened, next) => {
    const streams = new OpenStreams(LIMITS);
    const [close] = opened.map(([user, organization]) => streams.open(user, organization));
    expect(() => streams.open(...next)).toThrow(expect.objectContaining({ code: "too_many_requests", status: 429 }));
    close?.();
    expect(() => streams.open(...next)).not.toThrow();
  });

  it("allows 3 to a user, 200 to an organization and 1,000 in all", () => {
    const streams = new OpenStreams(STREAM_LIMITS);
    /** How many places so many users of an organization get who want five each. */
    const openAll = (organization: string, users: number): number => {
      const before = streams.total;
      for (let wanted = 0; wanted < users * 5; wanted += 1) {
        try {
          streams.open(`${organization}: ${wanted % users}`, organization);
        } catch (error) {
          expect(error).toMatchObject({ code: "too_many_requests" });
        }
      }
      return streams.total - before;
    };
    expect(openAll("first", 1)).toBe(3);
    expect(openAll("first", 100)).toBe(197);
    expect(["b", "c", "d", "e", "f"].map((organization) => openAll(organization, 100))).toEqual([
      200, 200, 200, 200, 0,
    ]);
  });

  it("counts a place that is given back twice once", () => {
    const streams = new OpenStreams(LIMITS);
    const close = streams.open("a", "o");
    streams.open("a", "o");
    close();
    close();
    expect(streams.total).toBe(1);
    streams.open("a", "o");
    expect(() => streams.open("a", "o")).toThrow();
  });

  it("counts nothing that it refused", () => {
    const streams = new OpenStreams({ ...LIMITS, perUser: 1 });
    const close = streams.open("a", "o");
    for (let count = 0; count < 10; count += 1) expect(() => streams.open("a", "o")).toThrow();
    expect(streams.total).toBe(1);
    close();
    expect(streams.total).toBe(0);
  });
});
