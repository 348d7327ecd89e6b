import type { ToolChunkEvent } from "@chat-bot/widget/protocol";
import type { ToolDelta } from "../tools/tool.ts";

/**
 * Places a call's live output: bytes are counted per channel and path. When a call is run again after a crash, what
 * readers have been told already is left out, so that offsets stay contiguous.
 */
export class DeltaOffsets {
  readonly #toolUseId: string;
  /** Bytes this run has produced. */
  readonly #produced = new Map<string, number>();
  /** Bytes that were told, by this run and those before. */
  readonly #told = new Map<string, number>();

  /** `told`: the chunks of earlier runs. */
  constructor(toolUseId: string, told: readonly ToolChunkEvent[] = []) {
    this.#toolUseId = toolUseId;
    for (const event of told) this.#told.set(keyOf(event), event.offset + Buffer.byteLength(event.chunk));
  }

  /** The event that tells a delta; null when all of it was told before. */
  next(delta: ToolDelta): ToolChunkEvent | null {
    const key = keyOf(delta);
    // Half a character has as many bytes as what takes its place, and cannot become another length by being joined.
    const whole = delta.chunk.toWellFormed();
    const from = this.#produced.get(key) ?? 0;
    const told = this.#told.get(key) ?? 0;
    this.#produced.set(key, from + Buffer.byteLength(whole));
    const chunk = withoutBytes(whole, told - from);
    if (chunk === "" && whole !== "") return null;
    this.#told.set(key, told + Buffer.byteLength(chunk));
    return { type: "tool_chunk", tool_use_id: this.#toolUseId, ...delta, offset: told, chunk };
  }
}

function keyOf(delta: { channel: string; path?: string }): string {
  return `${delta.channel} ${delta.path ?? ""}`;
}

/** The text without its first characters, as many as make up so many bytes. */
function withoutBytes(text: string, bytes: number): string {
  let skipped = 0;
  let index = 0;
  for (const character of text) {
    if (skipped >= bytes) break;
    skipped += Buffer.byteLength(character);
    index += character.length;
  }
  return text.slice(index);
}
