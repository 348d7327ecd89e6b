import { createHash } from "node:crypto";
import { type CountTokensRequest, joinMessages } from "./messages-request.ts";

/** Tokens of a request, told apart as the real API tells them. */
export interface InputUsage {
  input_tokens: number;
  cache_creation_input_tokens: number;
  cache_read_input_tokens: number;
}

/** Tokens of some text: its UTF-8 bytes ÷ 4, rounded up. Not what a real tokenizer counts, but always the same. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/** All input tokens of a request, cached or not. */
export function countInputTokens(request: CountTokensRequest): number {
  return segments(request).reduce((sum, part) => sum + part.tokens, 0);
}

/** A piece of the request as the cache sees it. */
interface Segment {
  content: string;
  tokens: number;
  isBreakpoint: boolean;
}

/** So far back from a breakpoint an earlier entry is looked for, as in the real API. */
const LOOKBACK_SEGMENTS = 20;
const ENTRY_LIMIT = 10_000;

/**
 * The prompt cache of one process: remembers what stood before each breakpoint. Differs from the real one on purpose: short
 * prompts are cached too and nothing expires, so that a conversation of a few lines shows whether its prefix is stable.
 */
export class PromptCache {
  readonly #prefixes = new Set<string>();

  /** Counts a request and remembers its prefixes. */
  take(request: CountTokensRequest): InputUsage {
    const parts = segments(request);
    const hashes = prefixHashes(request.model, parts);
    const breakpoints = parts.flatMap((part, index) => (part.isBreakpoint ? [index] : []));
    const readTo = this.#longestKnown(hashes, breakpoints);
    const writtenTo = breakpoints.at(-1) ?? -1;
    for (const index of breakpoints) this.#remember(hashes[index]);
    const tokens = (from: number, to: number): number =>
      parts.slice(from, to).reduce((sum, part) => sum + part.tokens, 0);
    return {
      cache_read_input_tokens: tokens(0, readTo + 1),
      cache_creation_input_tokens: tokens(readTo + 1, writtenTo + 1),
      input_tokens: tokens(Math.max(readTo, writtenTo) + 1, parts.length),
    };
  }

  #longestKnown(hashes: readonly string[], breakpoints: readonly number[]): number {
    for (const breakpoint of breakpoints.toReversed()) {
      for (let index = breakpoint; index >= Math.max(0, breakpoint - LOOKBACK_SEGMENTS); index -= 1) {
        if (this.#prefixes.has(hashes[index] ?? "")) return index;
      }
    }
    return -1;
  }

  #remember(hash: string | undefined): void {
    if (hash === undefined) return;
    const [oldest] = this.#prefixes;
    if (this.#prefixes.size >= ENTRY_LIMIT && oldest !== undefined) this.#prefixes.delete(oldest);
    this.#prefixes.add(hash);
  }
}

/** In the order in which the model reads: tools, system, messages. Another `tool_choice` changes what comes after it. */
function segments(request: CountTokensRequest): Segment[] {
  const system = typeof request.system === "string" ? [{ type: "text", text: request.system }] : (request.system ?? []);
  const messages = joinMessages(request.messages).flatMap(({ role, blocks }) =>
    blocks.map((block) => ({ role, block })),
  );
  const choice = segment({ tool_choice: request.tool_choice ?? null, thinking: request.thinking ?? null });
  const all = [
    ...(request.tools ?? []).map((tool) => segment(tool)),
    ...system.map((block) => segment(block)),
    { ...choice, tokens: 0 },
    ...messages.map((part) => segment(part)),
  ];
  const last = all.at(-1);
  if (last !== undefined && request.cache_control) last.isBreakpoint = true;
  return all;
}

function segment(part: object): Segment {
  let isBreakpoint = false;
  const content = JSON.stringify(part, (key, value: unknown) => {
    if (key !== "cache_control") return value;
    if (value !== null) isBreakpoint = true;
    return undefined;
  });
  return { content, tokens: estimateTokens(content), isBreakpoint };
}

function prefixHashes(model: string, parts: readonly Segment[]): string[] {
  let before = model;
  return parts.map(({ content }) => {
    before = createHash("sha256").update(before).update("\0").update(content).digest("hex");
    return before;
  });
}
