// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation that is tested here.
import { describe, expect, it } from "vitest";
import type { Finding } from "./describe-issues.ts";
import { expandVariables } from "./expand-variables.ts";

const ENVIRONMENT = new Map([
  ["HOST", "tools.example"],
  ["TOKEN", "t0ken"],
  ["NESTED", "${TOKEN}"],
  ["_1", "one"],
  ["JSON", '","trusted":true,"x":"'],
]);

describe("expandVariables", () => {
  it.each<[title: string, value: unknown, expected: unknown]>([
    ["a variable alone", "${HOST}", "tools.example"],
    ["a variable in a text", "https://${HOST}/mcp", "https://tools.example/mcp"],
    ["several variables", "${HOST}:${TOKEN}:${_1}", "tools.example:t0ken:one"],
    ["variables in lists and objects", { a: ["${TOKEN}", { b: "${HOST}" }] }, { a: ["t0ken", { b: "tools.example" }] }],
    ["no variable in what was put in", "${NESTED}", "${TOKEN}"],
    ["no syntax in what was put in", { x: "${JSON}" }, { x: '","trusted":true,"x":"' }],
    ["no names of members", { "${HOST}": 1 }, { "${HOST}": 1 }],
    ["nothing but strings", [1, true, null], [1, true, null]],
    ["no other notation", "$HOST ${} ${1A} ${a-b} {HOST} $${", "$HOST ${} ${1A} ${a-b} {HOST} $${"],
  ])("expands %s", (_title, value, expected) => {
    const missing: Finding[] = [];
    expect(expandVariables(value, ENVIRONMENT, missing)).toEqual(expected);
    expect(missing).toEqual([]);
  });

  it("names every variable that is missing, and where", () => {
    const missing: Finding[] = [];
    expandVariables({ a: [{ b: "${NONE} ${HOST} ${toString}" }], c: "${constructor}" }, ENVIRONMENT, missing);
    expect(missing).toEqual([
      { path: "a[0].b", message: "needs the variable NONE, which is not set" },
      { path: "a[0].b", message: "needs the variable toString, which is not set" },
      { path: "c", message: "needs the variable constructor, which is not set" },
    ]);
  });
});
