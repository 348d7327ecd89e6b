import type { ConversationSnapshot } from "./api-response.ts";
import type { ToolContentBlock, ToolInput, ToolOutcome } from "./content-block.ts";
import type { ErrorCode } from "./error-code.ts";
import type { ToolRequestEvent } from "./tool-request.ts";

/** Why a turn ended. */
export type TurnEndReason =
  | "end_turn"
  | "max_tokens"
  | "max_steps"
  | "cancelled"
  | "superseded"
  | "refusal"
  | "limit_exceeded"
  | "error";

/** First event of a conversation. */
export interface SessionCreatedEvent {
  type: "session_created";
  conversation_id: string;
  model: string;
  protocol: 1;
}

/** Where a turn stands. Readers ignore states they do not know. */
export type StatusUpdateEvent = { type: "status_update" } & (
  | { state: "started"; turn_id: string; message: { id: string; text: string } }
  | { state: "ai_typing" }
  | { state: "tool_running"; tool_use_id: string; file_path?: string }
  | { state: "awaiting_approval" }
  /** The provider is overloaded; the call is repeated after so many milliseconds. */
  | { state: "busy"; retry_in_ms: number }
  | { state: "recovering" }
  /** The text and the tool calls of the step in progress are void and will be streamed anew. */
  | { state: "step_reset" }
  | { state: "reconnecting" }
  | { state: "degraded" }
  | { state: "draining" }
  /** The events asked for are gone: this is the conversation as it stands, events after it continue. */
  | { state: "snapshot"; conversation: ConversationSnapshot }
);

/** The assistant's text. `offset` counts UTF-8 bytes within the block, `block` counts over the turn from 0. */
export interface TextEvent {
  type: "text";
  block: number;
  offset: number;
  text: string;
}

/** A tool call: first without `input`, when the model starts it; once more with the complete `input`. */
export interface ToolUseEvent {
  type: "tool_use";
  tool_use_id: string;
  name: string;
  title: string;
  server: string;
  input?: ToolInput;
}

/** What a chunk of a tool call belongs to. */
export type ToolChunkChannel = "input" | "output" | "file" | "progress";

/** A delta of a tool call's live input or output. `offset` counts UTF-8 bytes per call, channel and path. */
export interface ToolChunkEvent {
  type: "tool_chunk";
  tool_use_id: string;
  channel: ToolChunkChannel;
  offset: number;
  chunk: string;
  path?: string;
  progress?: number;
  total?: number;
}

/** How a tool call ended: exactly one per `tool_use_id`. */
export interface ToolResultEvent {
  type: "tool_result";
  tool_use_id: string;
  name: string;
  outcome: ToolOutcome;
  content: ToolContentBlock[];
  structured_content?: Record<string, unknown>;
  duration_ms: number;
  truncated?: boolean;
}

/** Tokens of one step, and what is left of the daily limits. */
export interface UsageEvent {
  type: "usage";
  step: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  /** The provider never told: counted from what was streamed. */
  estimated?: boolean;
  remaining: { user: number; organization: number };
}

/** The turn failed; `done` follows. */
export interface ErrorEvent {
  type: "error";
  error: ErrorCode;
  message: string;
  retryable: boolean;
  retry_after_ms?: number;
  request_id: string;
}

/** The turn is over; nothing of it follows. */
export interface DoneEvent {
  type: "done";
  turn_id: string;
  reason: TurnEndReason;
}

/** Everything the server may stream. `type` repeats the name of the Server-Sent Event. */
export type ServerEvent =
  | SessionCreatedEvent
  | StatusUpdateEvent
  | TextEvent
  | ToolUseEvent
  | ToolRequestEvent
  | ToolChunkEvent
  | ToolResultEvent
  | UsageEvent
  | ErrorEvent
  | DoneEvent;

/** Names of the Server-Sent Events. */
export type ServerEventType = ServerEvent["type"];
