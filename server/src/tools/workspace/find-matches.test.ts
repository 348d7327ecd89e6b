import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMatches, type Matches } from "./find-matches.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

/** The same, by looking at every place. */
function slowly(text: Buffer, wanted: Buffer): Matches {
  const found = Array.from({ length: text.length }, (_, at) => at).filter(
    (at) => wanted.length > 0 && text.subarray(at, at + wanted.length).equals(wanted),
  );
  return { count: found.length, offset: found[0] ?? -1 };
}

describe("findMatches", () => {
  it("finds what looking at every place finds", () => {
    // Two letters, so that texts repeat themselves in every way.
    const text = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 40 }).map(bytes);
    const wanted = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 6 }).map(bytes);
    fc.assert(
      fc.property(text, wanted, (a, b) => {
        expect(findMatches(a, b)).toEqual(slowly(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it("is done after as many steps as there are bytes, also with texts made to repeat", () => {
    // Quadratic, these would be 10^12 steps: the test would not end.
    const text = Buffer.alloc(2_000_000, "a");
    const wanted = Buffer.alloc(1_000_000, "a");
    expect(findMatches(text, wanted)).toEqual({ count: 1_000_001, offset: 0 });
    wanted[0] = 0x62;
    expect(findMatches(text, wanted).count).toBe(0);
    wanted[0] = 0x61;
    wanted[wanted.length - 1] = 0x62;
    expect(findMatches(text, wanted).count).toBe(0);
  });
});
