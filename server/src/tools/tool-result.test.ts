import type { ToolContentBlock } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import { forBrowser, forModel } from "./tool-result.ts";

function output(...content: ToolContentBlock[]): { content: ToolContentBlock[]; isError: boolean } {
  return { content, isError: false };
}

const PNG: ToolContentBlock = { type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" };

describe("forModel", () => {
  const cases: [title: string, block: ToolContentBlock, read: string][] = [
    ["reads text", { type: "text", text: "hello" }, "hello"],
    ["names audio", { type: "audio", mimeType: "audio/wav", data: "AAAA" }, "[audio, audio/wav: not readable here]"],
    [
      "names an image it cannot read",
      { type: "image", mimeType: "image/svg+xml", data: "AAAA" },
      "[image, image/svg+xml: not readable here]",
    ],
    [
      "names an image that is not base64",
      { type: "image", mimeType: "image/png", data: "not base64" },
      "[image, image/png: not readable here]",
    ],
    [
      "names an image over 1 MB",
      { type: "image", mimeType: "image/png", data: "A".repeat(2 ** 21) },
      "[image, image/png: too large]",
    ],
    [
      "reads a link",
      { type: "resource_link", uri: "file:///a", name: "a", description: "what a is" },
      "[resource a: file:///a] what a is",
    ],
    [
      "prefers a link's title",
      { type: "resource_link", uri: "file:///a", name: "a", title: "A" },
      "[resource A: file:///a]",
    ],
    [
      "reads a resource",
      { type: "resource", resource: { uri: "file:///a", text: "inside" } },
      "[resource file:///a]\ninside",
    ],
    [
      "names a binary resource",
      { type: "resource", resource: { uri: "file:///a", blob: "AAEC" } },
      "[resource file:///a]\n[binary content: not readable here]",
    ],
    ["says that there is nothing", { type: "text", text: " \n" }, "(no output)"],
    ["repairs half a character", { type: "text", text: "a\ud800b" }, "a\ufffdb"],
  ];
  it.each(cases)("%s", (_title, block, read) => {
    expect(forModel(output(block))).toEqual({ content: [{ type: "text", text: read }], isError: false });
  });

  it("passes an image on", () => {
    expect(forModel(output(PNG)).content).toEqual([{ type: "image", mediaType: "image/png", data: "iVBORw0KGgo=" }]);
  });

  it("reads structured content when nothing else tells it", () => {
    expect(forModel({ ...output(PNG), structuredContent: { a: 1 } }).content[1]).toEqual({
      type: "text",
      text: '{"a":1}',
    });
    expect(forModel({ ...output({ type: "text", text: "told" }), structuredContent: { a: 1 } }).content).toHaveLength(
      1,
    );
  });

  it("says that there is nothing when there are no blocks", () => {
    expect(forModel(output()).content).toEqual([{ type: "text", text: "(no output)" }]);
  });

  it("keeps the error", () => {
    expect(forModel({ content: [], isError: true }).isError).toBe(true);
  });

  it.each(["a", "é", "日", "😀"])(
    "keeps 64 KB of %j, between characters, and says how much is missing",
    (character) => {
      const kept = character.repeat(Math.floor(65_536 / Buffer.byteLength(character)));
      const missing = Buffer.byteLength(character) * 100_000 - Buffer.byteLength(kept);
      expect(forModel(output({ type: "text", text: character.repeat(100_000) })).content).toEqual([
        { type: "text", text: kept },
        { type: "text", text: `[cut off: ${missing} more bytes]` },
      ]);
    },
  );

  it("counts the text of all blocks together", () => {
    const { content } = forModel(
      output({ type: "text", text: "x".repeat(65_530) }, { type: "text", text: "0123456789" }),
    );
    expect(content.slice(1)).toEqual([
      { type: "text", text: "012345" },
      { type: "text", text: "[cut off: 4 more bytes]" },
    ]);
  });
});

describe("forBrowser", () => {
  it("passes small things on as they are", () => {
    const small = { ...output({ type: "text", text: "hello" }, PNG), structuredContent: { a: 1 } };
    expect(forBrowser(small)).toEqual({ content: small.content, structuredContent: { a: 1 }, truncated: false });
  });

  it.each(["a", "é", "😀", "\u0001", '"'])("cuts a long text of %j to 256 KB of JSON", (character) => {
    const shown = forBrowser(output({ type: "text", text: character.repeat(300_000) }));
    const [block] = shown.content;
    expect(shown.truncated).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(shown.content))).toBeLessThanOrEqual(256 * 1024);
    expect(block?.type === "text" && block.text.length > 10_000 && block.text.isWellFormed()).toBe(true);
  });

  it("leaves out what cannot be cut, and goes on with what fits", () => {
    const large: ToolContentBlock = { type: "image", mimeType: "image/png", data: "A".repeat(300_000) };
    expect(forBrowser(output(large, { type: "text", text: "after" }))).toEqual({
      content: [{ type: "text", text: "after" }],
      truncated: true,
    });
  });

  it("leaves out structured content that does not fit", () => {
    const large = { content: [], structuredContent: { a: "x".repeat(300_000) }, isError: false };
    expect(forBrowser(large)).toEqual({ content: [], truncated: true });
  });
});
