import type { ServerEvent } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import { encodeEvent, HEARTBEAT, STREAM_PREAMBLE } from "./encode-event.ts";

describe("encodeEvent", () => {
  it("writes id, name and data, and ends with an empty line", () => {
    expect(encodeEvent("1-2", "text", '{"a":1}')).toBe('id: 1-2\nevent: text\ndata: {"a":1}\n\n');
  });

  it.each(["line\nbreak", "\r\n", "\u2028", "\n\ndata: forged\n\n", "id: 9", "\u0000", "😀"])(
    "keeps %j in one line, whatever it holds",
    (text) => {
      const event: ServerEvent = { type: "text", block: 0, offset: 0, text };
      const encoded = encodeEvent("1-2", "text", JSON.stringify(event));
      const lines = encoded.split(/\r\n|\r|\n/);
      expect(lines).toHaveLength(5);
      expect(JSON.parse(lines[2]?.slice("data: ".length) ?? "")).toEqual(event);
    },
  );
});

describe("what is no event", () => {
  it("is a retry field and a comment, each ended by an empty line", () => {
    expect(STREAM_PREAMBLE).toMatch(/^retry: \d+\n\n$/);
    expect(HEARTBEAT).toMatch(/^: [^\n]+\n\n$/);
  });
});
