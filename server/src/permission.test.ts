import { describe, expect, it } from "vitest";
import { holdsPermission } from "./permission.ts";

const CASES: [title: string, held: string[], needed: string, expected: boolean][] = [
  ["is held by its own name", ["member:read"], "member:read", true],
  ["is held among others", ["a:b", "member:read", "c:d"], "member:read", true],
  ["is held through every action on its resource", ["member:*"], "member:read", true],
  ["is held through every action on a resource below", ["member:*"], "member:address:read", true],
  ["is held through the narrower resource", ["member:address:*"], "member:address:read", true],
  ["is held through everything", ["*"], "member:read", true],
  ["is not held by nobody", [], "member:read", false],
  ["is not held through another action", ["member:write"], "member:read", false],
  ["is not held through another resource's actions", ["members:*"], "member:read", false],
  ["is not held through a resource that only starts alike", ["mem:*"], "member:read", false],
  ["is not held through a part of its name", ["member:re"], "member:read", false],
  ["is not held through a star inside a name", ["mem*:read"], "member:read", false],
  ["is not held through a star for the resource", ["*:read"], "member:read", false],
  ["is not held through an empty resource", [":*"], "member:read", false],
  ["is not held in another case", ["Member:Read"], "member:read", false],
  ["is not held with white space around it", [" member:read "], "member:read", false],
  ["with a star is not held by one action", ["member:read"], "member:*", false],
  ["with a star is held by the same star", ["member:*"], "member:*", true],
];

describe("A permission", () => {
  it.each(CASES)("%s", (_title, held, needed, expected) => {
    expect(holdsPermission(held, needed)).toBe(expected);
  });
});
