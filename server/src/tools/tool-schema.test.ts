import { describe, expect, it } from "vitest";
import { cleanSchema, schemaProblem } from "./tool-schema.ts";

function nested(depth: number): Record<string, unknown> {
  return depth === 1 ? { type: "object" } : { type: "object", not: nested(depth - 1) };
}

describe("schemaProblem", () => {
  it.each<[what: string, schema: Record<string, unknown>]>([
    ["an empty object", { type: "object" }],
    ["properties", { type: "object", properties: { "a.b-c_1": { type: "string" } }, required: ["a.b-c_1"] }],
    ["alternatives further down", { type: "object", properties: { a: { oneOf: [{ type: "string" }, true] } } }],
    [
      "references within",
      { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "string" } } },
    ],
    [
      "a property named $ref in an example",
      { type: "object", properties: { a: { examples: [{ $ref: "https://a.example" }] } } },
    ],
    [
      "properties named like keywords",
      { type: "object", properties: { properties: { type: "string" }, items: {}, not: {} } },
    ],
    ["a depth of 16", nested(16)],
  ])("accepts %s", (_what, schema) => {
    expect(schemaProblem(schema)).toBeNull();
  });

  it.each<[what: string, schema: Record<string, unknown>]>([
    ["no type", {}],
    ["another type", { type: "string" }],
    ["a list of types", { type: ["object", "null"] }],
    ["oneOf at the top", { type: "object", oneOf: [{}] }],
    ["anyOf at the top", { type: "object", anyOf: [{}] }],
    ["allOf at the top", { type: "object", allOf: [{}] }],
    ["a property name with a space", { type: "object", properties: { "a b": {} } }],
    ["an empty property name", { type: "object", properties: { "": {} } }],
    ["a property name of 65 letters", { type: "object", properties: { ["x".repeat(65)]: {} } }],
    ["a bad property name further down", { type: "object", properties: { a: { items: { properties: { ä: {} } } } } }],
    ["a remote reference", { type: "object", properties: { a: { $ref: "https://example.com/a.json" } } }],
    ["a reference to a file", { type: "object", properties: { a: { $ref: "file:///etc/passwd" } } }],
    ["a relative reference", { type: "object", additionalProperties: { $ref: "other.json#/a" } }],
    ["a remote dynamic reference", { type: "object", $defs: { a: { $dynamicRef: "https://example.com#a" } } }],
    ["a reference in a list", { type: "object", properties: { a: { anyOf: [{ $ref: "//example.com" }] } } }],
    ["something that is no schema", { type: "object", properties: { a: "string" } }],
    ["a depth of 17", nested(17)],
    ["a depth of 5,000", nested(5_000)],
    ["more than 64 KB", { type: "object", description: "x".repeat(64 * 1024) }],
  ])("refuses %s", (_what, schema) => {
    expect(schemaProblem(schema)).toEqual(expect.any(String));
  });
});

describe("cleanSchema", () => {
  it("removes what nobody sees from titles and descriptions, wherever they are", () => {
    const hidden = "Says\u200b it\u{e0041}.";
    const words = { title: hidden, description: hidden, $comment: hidden };
    const clean = { title: "Says it.", description: "Says it.", $comment: "Says it." };
    const schema = (said: object): Record<string, unknown> => ({
      type: "object",
      ...said,
      properties: {
        // A property of this name is a schema, not a word.
        description: { type: "string", ...said },
        list: { type: "array", items: { anyOf: [{ type: "string", ...said }, true] } },
        map: { type: "object", additionalProperties: { not: { ...said } } },
      },
      $defs: { a: { ...said } },
    });
    expect(cleanSchema(schema(words))).toEqual(schema(clean));
  });

  it("leaves alone what inputs are held against", () => {
    const schema = {
      type: "object",
      properties: {
        a: { enum: ["x\u200b"], default: "x\u200b", pattern: "\u200b" },
        b: { const: { title: "\u200b" } },
      },
      required: ["a"],
    };
    expect(cleanSchema(schema)).toEqual(schema);
  });
});
