import { expect } from "@open-wc/testing";
import { layOutJson } from "./lay-out-json.ts";

describe("layOutJson", () => {
  const values: [title: string, value: unknown][] = [
    ["objects and lists", { members: [{ id: 1, name: "Ada" }, { id: 2 }], total: 2 }],
    ["what is empty", { list: [], object: {}, text: "" }],
    ["strings that look like JSON", { text: '{"a": [1, 2]}, "b": \\ "', '"key": ': "\\" }],
    ["other values", [null, true, -1.5e3, "é\n"]],
  ];
  for (const [title, value] of values) {
    it(`gives ${title} lines`, () => {
      expect(layOutJson(JSON.stringify(value))).to.equal(JSON.stringify(value, null, 2));
      expect(layOutJson(JSON.stringify(value, null, 4))).to.equal(JSON.stringify(value, null, 2));
    });
  }

  it("changes no value", () => {
    const text = '{"id":12345678901234567890,"id":1e400,"escaped":"\\u0041","empty":{ }}';
    expect(layOutJson(text).replace(/\n\s*/g, "").replaceAll(": ", ":")).to.equal(text.replace("{ }", "{}"));
  });

  for (const text of ["plain", "12", '"a, b"', "{not: json}", "[1, 2", "", JSON.stringify(Array(20_000).fill(1))]) {
    it(`leaves ${text.slice(0, 10) || "no text"} as it is`, () => {
      expect(layOutJson(text)).to.equal(text);
    });
  }

  it("does not grow beyond measure with the depth", () => {
    const depth = 9_000;
    expect(layOutJson("[".repeat(depth) + "]".repeat(depth)).length).to.be.below(depth * 100);
  });
});
