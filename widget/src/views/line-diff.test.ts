import { expect } from "@open-wc/testing";
import { diffLines } from "./line-diff.ts";

const SIGNS = { same: " ", added: "+", removed: "-" };

function written(before: string, after: string): string[] {
  return diffLines(before, after).map(({ type, text }) => SIGNS[type] + text);
}

describe("diffLines", () => {
  const cases: [title: string, before: string, after: string, expected: string[]][] = [
    ["nothing", "", "", []],
    ["the same text", "a\nb\n", "a\nb\n", [" a", " b"]],
    ["a first text", "", "a\nb", ["+a", "+b"]],
    ["a text that goes", "a\nb\n", "", ["-a", "-b"]],
    ["a line that changes", "a\nb\nc", "a\nB\nc", [" a", "-b", "+B", " c"]],
    ["a line that comes", "a\nc", "a\nb\nc", [" a", "+b", " c"]],
    ["a line that goes", "a\nb\nc", "a\nc", [" a", "-b", " c"]],
    ["changes with kept lines between", "1\n2\n3\n4\n5", "0\n2\n4\n6", ["-1", "+0", " 2", "-3", " 4", "-5", "+6"]],
    ["repeated lines", "x\nx\ny", "x\ny\ny", [" x", "-x", "+y", " y"]],
    ["an empty line", "a\n\nb", "a\nb", [" a", "-", " b"]],
    ["an end that begins as the start ends", "a\na", "a", [" a", "-a"]],
  ];
  for (const [title, before, after, expected] of cases) {
    it(`tells ${title}`, () => {
      expect(written(before, after)).to.deep.equal(expected);
    });
  }

  it("gives both texts back, whatever they are", () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const text = (): string => Array.from({ length: 1 + random(12) }, () => "abc"[random(3)]).join("\n");
    for (let round = 0; round < 500; round += 1) {
      const [before, after] = [text(), text()];
      const lines = diffLines(before, after);
      const without = (type: string): string =>
        lines.flatMap((line) => (line.type === type ? [] : [line.text])).join("\n");
      expect(without("added")).to.equal(before);
      expect(without("removed")).to.equal(after);
    }
  });

  it("gives up on what is too long to compare, and stays true", () => {
    const before = Array.from({ length: 3_000 }, (_, index) => `old ${index}`).join("\n");
    const after = Array.from({ length: 3_000 }, (_, index) => `new ${index}`).join("\n");
    const lines = diffLines(`kept\n${before}`, `kept\n${after}`);
    expect(lines.length).to.equal(6_001);
    expect(lines[0]).to.deep.equal({ type: "same", text: "kept" });
  });
});
