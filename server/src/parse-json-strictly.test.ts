import { describe, expect, it } from "vitest";
import { parseJsonStrictly } from "./parse-json-strictly.ts";

describe("parseJsonStrictly", () => {
  it.each([
    ["an object", '{"a":1,"b":[true,false,null,"x"]}'],
    ["a string alone", '"a:b{},[]"'],
    ["a number alone", "-1.5e-7"],
    ["a word alone", "null"],
    ["the same name at different depths", '{"a":{"a":{"a":1}}}'],
    ["the same name in the objects of a list", '[{"a":1},{"a":1}]'],
    ["the same name after a nested object", '{"a":{"b":1},"b":2}'],
    ["a value that equals a name", '{"a":"a","b":"a"}'],
    ["names with quotes and backslashes", String.raw`{"a\"":1,"a\\":2,"a\\\"":3}`],
    ["names that look like syntax", '{"{":1,"}":2,":":3,",":4}'],
    ["__proto__ as a value", '{"a":"__proto__"}'],
    ["names of members that every object has", '{"constructor":1,"toString":2}'],
    ["white space everywhere", ' {\n "a" :\t[ 1 ,\r\n2 ] } '],
    ["the largest number", "1.7976931348623157e308"],
  ])("takes %s as JSON.parse does", (_what, text) => {
    expect(parseJsonStrictly(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ["two equal names", '{"a":1,"a":1}', 'names the member "a" twice'],
    ["two names that are equal without escapes", String.raw`{"a":1,"\u0061":2}`, 'names the member "a" twice'],
    ["two empty names", '{"":1,"":2}', 'names the member "" twice'],
    ["two equal names around a nested object", '{"a":{"b":1},"a":2}', 'names the member "a" twice'],
    ["two equal names in a list", '[[{"x":[],"x":{}}]]', 'names the member "x" twice'],
    ["a member __proto__", '{"__proto__":{}}', "has a member named __proto__"],
    ["a member __proto__ in escapes", String.raw`{"\u005f_proto__":{}}`, "has a member named __proto__"],
    ["a number beyond all bounds", "[1e400]", "holds a number that is too large"],
    ["a negative one", '{"a":-1E+400}', "holds a number that is too large"],
    ["one of a thousand digits", "9".repeat(1000), "holds a number that is too large"],
    ["nothing", "", "is not JSON"],
    ["NaN", "NaN", "is not JSON"],
    ["a comma too many", '{"a":1,}', "is not JSON (line 1 column 8)"],
    ["a secret that is not quoted", '{"secret": hunter2}', "is not JSON"],
  ])("refuses %s and shows no value", (_what, text, message) => {
    expect(() => parseJsonStrictly(text)).toThrow(new SyntaxError(message));
  });

  it("reads deep and long texts in one pass", () => {
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
    expect(() => parseJsonStrictly(deep)).not.toThrow();
    expect(parseJsonStrictly(JSON.stringify("\\".repeat(200_000)))).toHaveLength(200_000);
  });
});
