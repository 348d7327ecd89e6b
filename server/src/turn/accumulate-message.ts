import type {
  ContentBlock,
  MessageDeltaUsage,
  RawContentBlockDelta,
  RawMessageStreamEvent,
  StopReason,
  Usage,
} from "@anthropic-ai/sdk/resources/messages";

/** Tokens of one model call; `null` counters of the wire are 0 here. */
export interface StepUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
}

/** A block while it is being streamed. Pieces are joined once, at its end: joining at each piece is quadratic. */
export interface OpenBlock {
  block: ContentBlock;
  /** Of the text, thinking or JSON input. */
  pieces: string[];
  closed: boolean;
}

/** What has come of a message so far. */
export interface PartialMessage {
  /** By the index the wire gives them. */
  blocks: Map<number, OpenBlock>;
  usage: StepUsage | null;
  stopReason: StopReason | null;
  /** `message_stop` was seen. Without it the stream was cut. */
  stopped: boolean;
  /** UTF-8 bytes of text and tool input: the estimate of output when the provider never tells. */
  streamedBytes: number;
}

/** A message of which nothing has come. */
export function emptyMessage(): PartialMessage {
  return { blocks: new Map(), usage: null, stopReason: null, stopped: false, streamedBytes: 0 };
}

/** Takes in one event of the Messages API's stream, in place. */
export function accumulate(message: PartialMessage, event: RawMessageStreamEvent): void {
  switch (event.type) {
    case "message_start":
      message.usage = startUsage(event.message.usage);
      return;
    case "content_block_start":
      message.blocks.set(event.index, { block: { ...event.content_block }, pieces: [], closed: false });
      return;
    case "content_block_delta":
      addDelta(message, event.index, event.delta);
      return;
    case "content_block_stop": {
      const open = message.blocks.get(event.index);
      if (open !== undefined) close(open);
      return;
    }
    case "message_delta":
      message.stopReason = event.delta.stop_reason ?? message.stopReason;
      // Cumulative: overwrite, never add.
      message.usage = deltaUsage(message.usage, event.usage);
      return;
    case "message_stop":
      message.stopped = true;
      return;
    default:
      return;
  }
}

function addDelta(message: PartialMessage, index: number, delta: RawContentBlockDelta): void {
  const open = message.blocks.get(index);
  if (open === undefined) return;
  switch (delta.type) {
    case "text_delta":
      open.pieces.push(delta.text);
      message.streamedBytes += Buffer.byteLength(delta.text);
      return;
    case "input_json_delta":
      open.pieces.push(delta.partial_json);
      message.streamedBytes += Buffer.byteLength(delta.partial_json);
      return;
    case "thinking_delta":
      open.pieces.push(delta.thinking);
      return;
    case "signature_delta":
      if (open.block.type === "thinking") open.block = { ...open.block, signature: delta.signature };
      return;
    default:
      return;
  }
}

function close(open: OpenBlock): void {
  const { block } = open;
  const joined = open.pieces.join("");
  if (block.type === "text") open.block = { ...block, text: block.text + joined };
  if (block.type === "thinking") open.block = { ...block, thinking: block.thinking + joined };
  open.closed = true;
}

function startUsage(usage: Usage): StepUsage {
  return {
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    cache_read_input_tokens: usage.cache_read_input_tokens ?? 0,
    cache_creation_input_tokens: usage.cache_creation_input_tokens ?? 0,
  };
}

function deltaUsage(before: StepUsage | null, usage: MessageDeltaUsage): StepUsage {
  return {
    input_tokens: usage.input_tokens ?? before?.input_tokens ?? 0,
    output_tokens: usage.output_tokens,
    cache_read_input_tokens: usage.cache_read_input_tokens ?? before?.cache_read_input_tokens ?? 0,
    cache_creation_input_tokens: usage.cache_creation_input_tokens ?? before?.cache_creation_input_tokens ?? 0,
  };
}

/** The input of a complete `tool_use` block. Nothing at all means `{}`. */
export function parseToolInput(
  pieces: readonly string[],
): { status: "ok"; input: Record<string, unknown> } | { status: "invalid"; text: string } {
  const text = pieces.join("");
  if (text.trim() === "") return { status: "ok", input: {} };
  try {
    // Half of a character, written as an escape, cannot be sent back as UTF-8.
    const value: unknown = JSON.parse(text, (_, member: unknown) =>
      typeof member === "string" ? member.toWellFormed() : member,
    );
    if (isObject(value)) return { status: "ok", input: value };
  } catch {
    // Told to the model below, like any other value that is not an object.
  }
  return { status: "invalid", text };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
