import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { describe, expect, it } from "vitest";
import { accumulate, emptyMessage, type PartialMessage, parseToolInput } from "./accumulate-message.ts";

/** Events as they stand on the wire: what a real provider may leave out is left out here too. */
function taken(...events: object[]): PartialMessage {
  const message = emptyMessage();
  for (const event of events) accumulate(message, event as RawMessageStreamEvent);
  return message;
}

const start = (usage: object): object => ({ type: "message_start", message: { usage } });
const block = (index: number, content_block: object): object => ({ type: "content_block_start", index, content_block });
const delta = (index: number, piece: object): object => ({ type: "content_block_delta", index, delta: piece });
const stop = (index: number): object => ({ type: "content_block_stop", index });
const end = (stop_reason: string | null, usage: object): object => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null },
  usage,
});

describe("accumulate", () => {
  it("knows nothing of an empty stream", () => {
    expect(taken()).toEqual({ blocks: new Map(), usage: null, stopReason: null, stopped: false, streamedBytes: 0 });
  });

  it("joins the pieces of text at the end of the block", () => {
    const message = taken(
      block(0, { type: "text", text: "" }),
      delta(0, { type: "text_delta", text: "Grü" }),
      delta(0, { type: "text_delta", text: "ße 😀" }),
      stop(0),
    );
    expect(message.blocks.get(0)).toMatchObject({ block: { text: "Grüße 😀" }, closed: true });
    expect(message.streamedBytes).toBe(Buffer.byteLength("Grüße 😀"));
  });

  it("keeps the text that a block starts with", () => {
    const message = taken(block(0, { type: "text", text: "A" }), delta(0, { type: "text_delta", text: "B" }), stop(0));
    expect(message.blocks.get(0)?.block).toMatchObject({ text: "AB" });
  });

  it("keeps thinking and its signature", () => {
    const message = taken(
      block(0, { type: "thinking", thinking: "", signature: "" }),
      delta(0, { type: "thinking_delta", thinking: "Hm" }),
      delta(0, { type: "signature_delta", signature: "s" }),
      stop(0),
    );
    expect(message.blocks.get(0)?.block).toEqual({ type: "thinking", thinking: "Hm", signature: "s" });
  });

  it("counts the bytes of tool input, too, but not of thinking", () => {
    const message = taken(
      block(0, { type: "tool_use", id: "a", name: "b", input: {} }),
      delta(0, { type: "input_json_delta", partial_json: '{"ä":' }),
      block(1, { type: "thinking", thinking: "", signature: "" }),
      delta(1, { type: "thinking_delta", thinking: "ö" }),
    );
    expect(message.streamedBytes).toBe(6);
  });

  it("overwrites counters that grow, and keeps those that the end does not repeat", () => {
    const message = taken(
      start({ input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 5, cache_creation_input_tokens: null }),
      end(null, { output_tokens: 7 }),
      end("end_turn", { output_tokens: 9, input_tokens: null, cache_creation_input_tokens: 3 }),
    );
    expect(message.usage).toEqual({
      input_tokens: 10,
      output_tokens: 9,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 3,
    });
    expect(message.stopReason).toBe("end_turn");
  });

  it("keeps a stop reason that a later delta does not repeat", () => {
    const usage = { output_tokens: 1 };
    expect(taken(end("tool_use", usage), end(null, usage)).stopReason).toBe("tool_use");
  });

  it.each<[string, object]>([
    ["a delta for a block that never began", delta(7, { type: "text_delta", text: "x" })],
    ["the end of a block that never began", stop(7)],
    ["an event of the future", { type: "block_party" }],
    ["a delta of the future", delta(0, { type: "dance_delta" })],
    ["a ping", { type: "ping" }],
  ])("is not put off by %s", (_title, event) => {
    const message = taken(block(0, { type: "text", text: "a" }), event, stop(0), { type: "message_stop" });
    expect(message).toMatchObject({ stopped: true, streamedBytes: 0 });
    expect(message.blocks.size).toBe(1);
  });
});

describe("parseToolInput", () => {
  it.each<[string[], object]>([
    [[], {}],
    [[""], {}],
    [[" \n"], {}],
    [['{"a":', "1}"], { a: 1 }],
    [["{}"], {}],
    [['{"__proto__":{"x":1}}'], JSON.parse('{"__proto__":{"x":1}}')],
  ])("reads %j", (pieces, input) => {
    expect(parseToolInput(pieces)).toEqual({ status: "ok", input });
  });

  it.each(['{"a":', "[1]", "null", '"text"', "1", "true", "{} {}", '{"a":1}x', "{'a':1}"])("refuses %s", (text) => {
    expect(parseToolInput([text])).toEqual({ status: "invalid", text });
  });
});
