import { describe, expect, it } from "vitest";
import { createInputCheck } from "./mcp-input-check.ts";

const check = createInputCheck({
  type: "object",
  properties: {
    name: { type: "string", minLength: 1 },
    count: { type: "integer", minimum: 0 },
    tags: { type: "array", items: { $ref: "#/$defs/tag" } },
    pattern: { type: "string", pattern: "^(a+)+$" },
  },
  required: ["name"],
  additionalProperties: false,
  $defs: { tag: { enum: ["x", "y"] } },
});

describe("createInputCheck", () => {
  it.each([[{ name: "a" }], [{ name: "a", count: 0, tags: ["x", "y"] }]])("accepts %j", (input) => {
    expect(check(input)).toBeNull();
  });

  it.each<[input: Record<string, unknown>, named: string]>([
    [{}, "name"],
    [{ name: "" }, "#/name"],
    [{ name: "a", count: -1 }, "#/count"],
    [{ name: "a", count: 1.5 }, "#/count"],
    [{ name: "a", tags: ["x", "z"] }, "#/tags/1"],
    [{ name: "a", other: 1 }, "other"],
    [{ name: "a", toString: 1 }, "toString"],
    [JSON.parse('{"name":"a","__proto__":{"b":1}}'), "__proto__"],
  ])("says what is wrong with %j", (input, named) => {
    expect(check(input)).toContain(named);
  });

  it("does not take an inherited member for one that was sent", () => {
    const needs = createInputCheck({
      type: "object",
      properties: { constructor: { type: "string" } },
      required: ["constructor"],
    });
    expect(needs({})).toContain("constructor");
  });

  it("gives up on a pattern that would run for years", () => {
    expect(check({ name: "a", pattern: `${"a".repeat(60)}b` })).toContain("in time");
    expect(check({ name: "a" })).toBeNull();
  });

  it("says no more than 1 KB", () => {
    const message = check({ name: "a", ["x".repeat(100_000)]: 1 });
    expect(Buffer.byteLength(message ?? "")).toBeLessThanOrEqual(1024);
  });

  it.each<[what: string, schema: Record<string, unknown>]>([
    ["an unknown dialect", { $schema: "https://example.com/schema", type: "object" }],
    ["a reference to nothing", { type: "object", $ref: "#/$defs/missing" }],
  ])("throws for a schema with %s", (_what, schema) => {
    expect(() => createInputCheck(schema)).toThrow();
  });
});
