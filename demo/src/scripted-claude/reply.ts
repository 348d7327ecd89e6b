/** What goes wrong with an answer. The first five happen instead of it, the others in its middle. */
export type FaultKind = (typeof FAULT_KINDS)[number];

export const FAULT_KINDS = [
  "overloaded",
  "rate_limited",
  "server_error",
  "unauthorized",
  "billing",
  "rejected",
  "too_long",
  "not_sse",
  "error_event",
  "eof",
  "stall",
  "reset",
  "truncated_tool_json",
] as const;

export interface Fault {
  kind: FaultKind;
  /** Bytes of content that are sent before it happens; the middle of the content when not given. */
  afterBytes?: number | undefined;
  /** Heals after so many requests with the same messages; never when not given. */
  times?: number | undefined;
  /** For `rate_limited` and `overloaded`. */
  retryAfterSeconds?: number | undefined;
}

export type ReplyBlock =
  | { type: "text"; text: string }
  | { type: "thinking"; thinking: string }
  /** `id` is made up when not given. `json` is the input as it is streamed: it need not be valid. */
  | { type: "tool_use"; id?: string | undefined; name: string; json: string };

/** What the scripted Claude has decided to answer. */
export interface Reply {
  blocks: ReplyBlock[];
  /** Only where it differs from what the blocks say: `tool_use` with calls, else `end_turn`. */
  stopReason?: "refusal" | "pause_turn" | undefined;
  fault?: Fault | undefined;
  /** Number of pieces that each block is streamed in. */
  pieces?: number | undefined;
  /** Pause after each piece, instead of the server's own. */
  delayMs?: number | undefined;
}
