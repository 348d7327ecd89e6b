import { describe, expect, it } from "vitest";
import { WholeCharacters } from "./whole-characters.ts";

describe("WholeCharacters", () => {
  it.each<[string[], string[]]>([
    [
      ["a", "b"],
      ["a", "b", ""],
    ],
    [
      ["\ud83d", "\ude00"],
      ["", "😀", ""],
    ],
    [
      ["a\ud83d", "\ude00b"],
      ["a", "😀b", ""],
    ],
    [["\ud83d"], ["", "\ufffd"]],
    [
      ["\ud83d", "a"],
      ["", "\ufffda", ""],
    ],
    [
      ["\ud83d", "\ud83d", "\ude00"],
      ["", "\ufffd", "😀", ""],
    ],
    [["\ude00"], ["\ufffd", ""]],
    [
      ["", "\ud83d", "", "\ude00"],
      ["", "", "", "😀", ""],
    ],
  ])("hands %j on as %j", (pieces, expected) => {
    const characters = new WholeCharacters();
    expect([...pieces.map((piece) => characters.next(piece)), characters.end()]).toEqual(expected);
  });
});
