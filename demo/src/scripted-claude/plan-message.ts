import { randomBytes } from "node:crypto";
import type { MessagesRequest } from "./messages-request.ts";
import type { Reply, ReplyBlock } from "./reply.ts";
import { estimateTokens, type InputUsage } from "./usage.ts";

/** A message as it goes over the wire: cut to what the request allows, every id in its place. */
export interface PlannedMessage {
  id: string;
  model: string;
  blocks: PlannedBlock[];
  stopReason: "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "refusal" | "pause_turn";
  stopSequence: string | null;
  usage: InputUsage;
  thinkingTokens: number;
}

export type PlannedBlock = Exclude<ReplyBlock, { type: "tool_use" }> | (ReplyBlock & { type: "tool_use"; id: string });

/** What is streamed of a block. */
export function contentOf(block: ReplyBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "thinking":
      return block.thinking;
    case "tool_use":
      return block.json;
  }
}

/** Output tokens of some content that was streamed. */
export function outputTokens(contents: readonly string[]): number {
  return Math.max(1, estimateTokens(contents.join("")));
}

/** Makes a reply fit its request: `max_tokens` and `stop_sequences` end it early. */
export function planMessage(reply: Reply, request: MessagesRequest, usage: InputUsage): PlannedMessage {
  const identified = reply.blocks.map(withId);
  const stopped = cutAtStopSequence(identified, request.stop_sequences ?? []);
  const cut = cutToTokens(stopped.blocks, request.max_tokens);
  const asksForTools = cut.blocks.some((block) => block.type === "tool_use");
  const wholeReason = reply.stopReason ?? (asksForTools ? "tool_use" : "end_turn");
  const reason = stopped.sequence === null ? wholeReason : "stop_sequence";
  return {
    id: `msg_${newId()}`,
    model: request.model,
    blocks: cut.blocks,
    stopReason: cut.isCut ? "max_tokens" : reason,
    stopSequence: cut.isCut ? null : stopped.sequence,
    usage,
    thinkingTokens: estimateTokens(
      cut.blocks.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
    ),
  };
}

/** A random id of the length that the real API gives. */
export function newId(): string {
  return randomBytes(12).toString("hex");
}

function withId(block: ReplyBlock): PlannedBlock {
  return block.type === "tool_use" ? { ...block, id: block.id ?? `toolu_${newId()}` } : block;
}

function withContent(block: PlannedBlock, content: string): PlannedBlock {
  switch (block.type) {
    case "text":
      return { ...block, text: content };
    case "thinking":
      return { ...block, thinking: content };
    case "tool_use":
      return { ...block, json: content };
  }
}

function cutAtStopSequence(
  blocks: readonly PlannedBlock[],
  sequences: readonly string[],
): { blocks: PlannedBlock[]; sequence: string | null } {
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "text") continue;
    const found = sequences
      .map((sequence) => ({ sequence, at: block.text.indexOf(sequence) }))
      .filter(({ at }) => at >= 0)
      .toSorted((a, b) => a.at - b.at)[0];
    if (found === undefined) continue;
    const kept = block.text.slice(0, found.at);
    return {
      blocks: [...blocks.slice(0, index), ...(kept === "" ? [] : [withContent(block, kept)])],
      sequence: found.sequence,
    };
  }
  return { blocks: [...blocks], sequence: null };
}

function cutToTokens(blocks: readonly PlannedBlock[], maxTokens: number): { blocks: PlannedBlock[]; isCut: boolean } {
  let bytesLeft = maxTokens * 4;
  const kept: PlannedBlock[] = [];
  for (const block of blocks) {
    const content = contentOf(block);
    const fitting = cutToBytes(content, bytesLeft);
    if (fitting.length < content.length) {
      return { blocks: fitting === "" ? kept : [...kept, withContent(block, fitting)], isCut: true };
    }
    kept.push(block);
    bytesLeft -= Buffer.byteLength(content);
  }
  return { blocks: kept, isCut: false };
}

/** The longest beginning that has no more bytes and ends between characters. */
export function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  // A character that was cut through decodes to the replacement character.
  return Buffer.from(text)
    .subarray(0, bytes)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
}
