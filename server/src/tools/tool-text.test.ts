import { describe, expect, it } from "vitest";
import { cleanDescription, cleanTitle } from "./tool-text.ts";

describe("cleanDescription", () => {
  it.each([
    [
      "keeps words and lines",
      "Lists members.\n\tAll of them. Größe 日本 😀",
      "Lists members.\n\tAll of them. Größe 日本 😀",
    ],
    ["removes zero-width characters", "a\u200b\u200c\u2060\ufeffb", "ab"],
    ["removes bidirectional characters", "a\u202e\u2066b", "ab"],
    ["removes words spelled in tag characters", "ok\u{e0049}\u{e0067}\u{e006e}", "ok"],
    ["removes variation selectors", "a\ufe0f\u{e0100}b", "ab"],
    ["removes blank fillers", "a\u3164\u2800\u034fb", "ab"],
    ["removes control characters", "a\u0000\u001b[2Jb\u0085", "a[2Jb"],
    ["removes private characters", "a\ue000\u{f0000}b", "ab"],
    ["trims", "  a  ", "a"],
  ])("%s", (_title, text, cleaned) => {
    expect(cleanDescription(text)).toBe(cleaned);
  });

  it("keeps 2 KB, between characters", () => {
    expect(cleanDescription("日".repeat(1_000))).toBe("日".repeat(682));
  });
});

describe("cleanTitle", () => {
  it("makes one short line", () => {
    expect(cleanTitle(" Remove\n\n a\u200b member ")).toBe("Remove a member");
    expect(cleanTitle("x".repeat(1_000))).toHaveLength(128);
  });
});
