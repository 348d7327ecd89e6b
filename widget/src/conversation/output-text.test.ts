import { expect } from "@open-wc/testing";
import { appendText, noText, type OutputText, sliceText } from "./output-text.ts";

function textOf(...added: string[]): OutputText {
  return added.reduce(appendText, noText);
}

describe("appendText", () => {
  const long = "a line of some length\n".repeat(5_000);
  const cases: [title: string, added: string[]][] = [
    ["nothing", []],
    ["an empty addition", ["one", "", "two"]],
    ["single characters", "one\ntwo\nthree".split("")],
    ["one long addition", [long]],
    ["many additions that make it long", long.match(/[\s\S]{1,777}/g) ?? []],
    ["a line longer than a piece", ["short\n", "x".repeat(60_000), "\nend"]],
    ["pairs of code units where a piece ends", ["🙂".repeat(20_001)]],
  ];
  for (const [title, added] of cases) {
    it(`keeps ${title} as it is`, () => {
      const text = textOf(...added);
      expect(text.pieces.join("")).to.equal(added.join(""));
      expect(text.length).to.equal(added.join("").length);
      expect(Math.max(0, ...text.pieces.map(({ length }) => length))).to.be.at.most(16_384);
      expect(text.pieces.every((piece) => piece.isWellFormed() && piece !== "")).to.equal(true);
    });
  }

  it("ends pieces where lines end", () => {
    for (const piece of textOf(long).pieces.slice(0, -1)) expect(piece.endsWith("\n")).to.equal(true);
  });

  it("leaves full pieces alone", () => {
    const before = textOf(long);
    const after = appendText(before, "more\n");
    expect(after.pieces.slice(0, -1)).to.deep.equal(before.pieces.slice(0, -1));
  });
});

describe("sliceText", () => {
  it("finds any range", () => {
    const lines = Array.from({ length: 4_000 }, (_, index) => `line ${index}\n`).join("");
    const text = textOf(lines);
    for (const [start, end] of [
      [0, 0],
      [0, 5],
      [16_380, 16_390],
      [100, 40_000],
      [lines.length - 1, lines.length],
    ] as const) {
      expect(sliceText(text, start, end)).to.equal(lines.slice(start, end));
    }
    expect(sliceText(text, 20_000)).to.equal(lines.slice(20_000));
    expect(sliceText(text, lines.length)).to.equal("");
    expect(sliceText(noText, 0)).to.equal("");
  });
});
