import { describe, expect, it } from "vitest";
import { eventId, parseEventId } from "./conversation-record.ts";

describe("parseEventId", () => {
  it.each([
    ["1-0", { epoch: "1", seq: 0 }],
    ["1793880000-42", { epoch: "1793880000", seq: 42 }],
    [eventId("abc", 7), { epoch: "abc", seq: 7 }],
  ])("reads %s", (id, expected) => {
    expect(parseEventId(id)).toEqual(expected);
  });

  it.each([
    "",
    "1",
    "1-",
    "-1",
    "1-x",
    "1-1-1",
    "A-1",
    " 1-1",
    "1-1 ",
    "1-1e5",
    "1--1",
    `${"1".repeat(33)}-1`,
    `1-${"1".repeat(16)}`,
  ])("takes %j for no id", (id) => {
    expect(parseEventId(id)).toBeNull();
  });
});
