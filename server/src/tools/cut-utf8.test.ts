import { describe, expect, it } from "vitest";
import { cutUtf8 } from "./cut-utf8.ts";

describe("cutUtf8", () => {
  it.each<[text: string, bytes: number, cut: string]>([
    ["abc", 3, "abc"],
    ["abc", 2, "ab"],
    ["abc", 0, ""],
    ["", 0, ""],
    ["éé", 4, "éé"],
    ["éé", 3, "é"],
    ["日本", 5, "日"],
    ["日本", 2, ""],
    ["a😀", 5, "a😀"],
    ["a😀", 4, "a"],
    ["😀😀", 7, "😀"],
  ])("cuts %j to %d bytes: %j", (text, bytes, cut) => {
    expect(cutUtf8(text, bytes)).toBe(cut);
  });

  it("never exceeds the limit nor splits a character, wherever it cuts", () => {
    const text = "aé日😀".repeat(20);
    for (let limit = 0; limit <= Buffer.byteLength(text); limit += 1) {
      const cut = cutUtf8(text, limit);
      expect(text.startsWith(cut) && Buffer.byteLength(cut) <= limit && Buffer.byteLength(cut) > limit - 4).toBe(true);
    }
  });
});
