import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "./api-error.ts";
import { cutIntoPieces } from "./cut-into-pieces.ts";
import { ending, endUsage, startedBlock, startedMessage } from "./message-body.ts";
import { contentOf, cutToBytes, type PlannedBlock, type PlannedMessage } from "./plan-message.ts";
import { thinkingSignature } from "./thinking-signature.ts";

/** What breaks a stream in its middle. */
export interface StreamFault {
  kind: "error_event" | "eof" | "stall" | "reset";
  afterBytes: number;
}

export interface StreamOptions {
  requestId: string;
  /** Pause after each piece. */
  delayMs: number;
  /** Number of pieces of each block; natural ones when not given. */
  pieces?: number | undefined;
  fault: StreamFault | null;
  /** Aborted when the reader went away: the rest is not written, and the function rejects. */
  signal: AbortSignal;
}

/** Writes the message as the Messages API streams it. Resolves when the answer is over, in whatever way. */
export async function streamMessage(
  message: PlannedMessage,
  response: ServerResponse,
  options: StreamOptions,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const stream = new EventWriter(response, options.signal);
  await stream.write("message_start", { message: startedMessage(message) });
  await stream.write("ping", {});
  let bytesLeft = options.fault?.afterBytes ?? Number.POSITIVE_INFINITY;
  for (const [index, block] of message.blocks.entries()) {
    await stream.write("content_block_start", { index, content_block: startedBlock(block) });
    for (const piece of cutIntoPieces(contentOf(block), options.pieces)) {
      const sent = cutToBytes(piece, bytesLeft);
      if (sent !== "") await stream.write("content_block_delta", { index, delta: delta(block, sent) });
      bytesLeft -= Buffer.byteLength(piece);
      if (options.fault !== null && bytesLeft <= 0) return await breakStream(options.fault, stream, response, options);
      if (options.delayMs > 0) await pause(options.delayMs, undefined, { signal: options.signal });
    }
    if (block.type === "thinking") {
      const signature = thinkingSignature(block.thinking);
      await stream.write("content_block_delta", { index, delta: { type: "signature_delta", signature } });
    }
    await stream.write("content_block_stop", { index });
  }
  if (options.fault !== null) return await breakStream(options.fault, stream, response, options);
  await stream.write("message_delta", { delta: ending(message), usage: endUsage(message) });
  await stream.write("message_stop", {});
  response.end();
}

function delta(block: PlannedBlock, content: string): Record<string, unknown> {
  switch (block.type) {
    case "text":
      return { type: "text_delta", text: content };
    case "thinking":
      return { type: "thinking_delta", thinking: content };
    case "tool_use":
      return { type: "input_json_delta", partial_json: content };
  }
}

async function breakStream(
  { kind }: StreamFault,
  stream: EventWriter,
  response: ServerResponse,
  { requestId, signal }: StreamOptions,
): Promise<void> {
  switch (kind) {
    case "error_event":
      await stream.write("error", new ApiError("overloaded_error", "Overloaded").body(requestId));
      response.end();
      return;
    case "eof":
      response.end();
      return;
    case "reset":
      // What was written before has to arrive: a reset overtakes it.
      await new Promise((resolve) => response.write(":\n\n", resolve));
      response.socket?.resetAndDestroy();
      return;
    case "stall":
      if (!signal.aborted) await once(signal, "abort");
      return;
  }
}

/** Server-Sent Events, no faster than the reader takes them. */
class EventWriter {
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;

  constructor(response: ServerResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
  }

  async write(type: string, data: object): Promise<void> {
    this.#signal.throwIfAborted();
    const isTaken = this.#response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
    if (!isTaken) await once(this.#response, "drain", { signal: this.#signal });
  }
}
