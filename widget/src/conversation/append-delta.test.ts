import { expect } from "@open-wc/testing";
import { appendDelta, type HeldText, utf8Length } from "./append-delta.ts";

const held: HeldText = { text: "né", bytes: 3 };

describe("appendDelta", () => {
  const cases: { title: string; offset: number; delta: string; expected: HeldText | null }[] = [
    { title: "appends what follows", offset: 3, delta: "€!", expected: { text: "né€!", bytes: 7 } },
    { title: "passes over what is held", offset: 0, delta: "né", expected: held },
    { title: "passes over a part of what is held", offset: 1, delta: "é", expected: held },
    { title: "keeps only the rest of an overlap", offset: 1, delta: "é😀", expected: { text: "né😀", bytes: 7 } },
    { title: "reports what is missing", offset: 4, delta: "x", expected: null },
    { title: "reports an overlap within a character", offset: 2, delta: "€x", expected: null },
    { title: "takes an empty delta", offset: 3, delta: "", expected: held },
  ];
  for (const { title, offset, delta, expected } of cases) {
    it(title, () => {
      expect(appendDelta(held, offset, delta)).to.deep.equal(expected);
    });
  }

  it("keeps a byte order mark within the text", () => {
    expect(appendDelta(held, 1, "é\u{feff}x")).to.deep.equal({ text: "né\u{feff}x", bytes: 7 });
  });
});

describe("utf8Length", () => {
  for (const text of [
    "",
    "a",
    "é",
    "€",
    "😀",
    "a😀é€",
    "\ud800",
    "\udc00",
    "\ud83dx",
    "x\ude00\ud83d",
    "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}",
  ]) {
    it(`counts what ${JSON.stringify(text)} takes when encoded`, () => {
      expect(utf8Length(text)).to.equal(new TextEncoder().encode(text).length);
    });
  }
});
