import { describe, expect, it } from "vitest";
import { canonicalJson, sha256Hex } from "./canonical-json.ts";

describe("canonicalJson", () => {
  const cases: [title: string, value: unknown, json: string][] = [
    ["sorts members", { b: 1, a: 2 }, '{"a":2,"b":1}'],
    ["sorts members at every depth", { a: [{ d: 1, c: 2 }] }, '{"a":[{"c":2,"d":1}]}'],
    [
      "sorts by UTF-16 code units, as RFC 8785 wants",
      { "\ufb33": 1, "😀": 2, ö: 3, "1": 4, "\r": 5 },
      '{"\\r":5,"1":4,"ö":3,"😀":2,"\ufb33":1}',
    ],
    ["keeps the order of lists", [3, 1, 2], "[3,1,2]"],
    [
      "prints numbers as ECMAScript does",
      [1e30, 4.5, 2e-3, 1e-27, 333333333.3333333, -0],
      "[1e+30,4.5,0.002,1e-27,333333333.3333333,0]",
    ],
    ["escapes only what must be", '€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    ["keeps literals", [null, true, false], "[null,true,false]"],
    ["leaves out members without a value", { a: undefined, b: 1 }, '{"b":1}'],
    ["writes empty things", [{}, [], ""], '[{},[],""]'],
    [
      "takes a member named __proto__ for what it is",
      JSON.parse('{"__proto__":{"a":1},"a":2}'),
      '{"__proto__":{"a":1},"a":2}',
    ],
  ];
  it.each(cases)("%s", (_title, value, json) => {
    expect(canonicalJson(value)).toBe(json);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [undefined], [() => 1], [Symbol("a")], [1n]])(
    "refuses %s",
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );
});

describe("sha256Hex", () => {
  it("hashes the UTF-8 bytes", () => {
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256Hex("é")).toBe("4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
  });
});
