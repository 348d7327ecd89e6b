import type {
  ErrorCode,
  LimitType,
  ToolContentBlock,
  ToolInput,
  ToolOutcome,
  ToolRequestEvent,
  TurnEndReason,
  UsageEvent,
} from "../protocol/index.ts";
import type { OutputText } from "./output-text.ts";

/** Where a tool call stands, as a person sees it. */
export type ToolCallState =
  /** The model is still writing the input. */
  | { status: "preparing" }
  | { status: "awaiting_approval" }
  | { status: "running" }
  | { status: "finished"; outcome: ToolOutcome; durationMs: number | null; truncated: boolean };

/** Live output of one channel (and path) of a tool call, in the order it arrived. */
export interface ToolOutputStream {
  channel: "input" | "output" | "file" | "progress";
  path: string | null;
  text: OutputText;
  /** UTF-8 bytes of `text`: the offset the next delta must have. */
  bytes: number;
  progress: number | null;
  total: number | null;
}

/** One use of a tool by the assistant. */
export interface ToolCall {
  id: string;
  name: string;
  title: string;
  input: ToolInput | null;
  state: ToolCallState;
  output: readonly ToolOutputStream[];
  result: readonly ToolContentBlock[];
}

/** A part of an answer. `key` is stable while it grows, so that views can keep its DOM. */
export type Part =
  | { type: "text"; key: string; text: string; bytes: number }
  | { type: "tool_call"; key: string; call: ToolCall };

/** One message as the list shows it. */
export type Message =
  | {
      role: "user";
      /** Stable: a message written here keeps the id it was given here. */
      id: string;
      /** The server's id of a message written here, once it is known. */
      serverId?: string;
      text: string;
      createdAt: string | null;
      delivery: "sending" | "sent" | "failed";
    }
  | {
      role: "assistant";
      id: string;
      parts: readonly Part[];
      createdAt: string | null;
      streaming: boolean;
      stopped: boolean;
    };

/** What went wrong, and the way out of it. */
export interface ConversationError {
  code: ErrorCode | "network" | "token_unavailable" | "stream_gap";
  /** Localised by the server, or by the element for its own codes. */
  message: string;
  /** What the person can do about it. */
  remedy: "retry" | "sign_in" | "wait" | "none";
  /** ISO 8601: when a limit resets. */
  resetsAt: string | null;
  limitType: LimitType | null;
  retryAfterMs: number | null;
}

/** What the assistant is doing, for the status badge; null when nothing is. */
export type Activity =
  | { type: "typing" }
  | { type: "tool_running"; toolUseId: string; filePath: string | null }
  | { type: "awaiting_approval" }
  | { type: "busy"; retryInMs: number }
  | { type: "recovering" }
  | { type: "connecting" }
  | { type: "reconnecting" };

/** The turn in progress. */
export interface ActiveTurn {
  id: string | null;
  /** The server was asked to stop it. */
  cancelling: boolean;
}

/** How far the answer in progress is. Only the functions that apply events look at it. */
export interface AnswerProgress {
  /** Id of the assistant's message in progress; null before its first part. */
  messageId: string | null;
  /** Index of the first part of the step in progress: a `step_reset` keeps those before. */
  stepStart: number;
  /** The model call of that step is complete: the next part begins another step. */
  isStepSettled: boolean;
  /** Which part holds which block of text. */
  blocks: readonly { block: number; partIndex: number }[];
  /** A snapshot came in place of events: the next event's id need not follow the last one. */
  isAfterSnapshot: boolean;
}

/** What the person sees, as data. Everything that happens makes a new one; see `applyEvents`. */
export interface Conversation {
  id: string | null;
  messages: readonly Message[];
  activeTurn: ActiveTurn | null;
  activity: Activity | null;
  /** Asked and not yet answered, oldest first. */
  pendingApprovals: readonly ToolRequestEvent[];
  error: ConversationError | null;
  usage: UsageEvent | null;
  lastEndReason: TurnEndReason | null;
  /** Where to read on: the id of the last event applied. */
  lastEventId: string | null;
  progress: AnswerProgress;
}

/** The progress of an answer that has no part yet. */
export const noProgress: AnswerProgress = {
  messageId: null,
  stepStart: 0,
  isStepSettled: false,
  blocks: [],
  isAfterSnapshot: false,
};

/** A conversation nobody has said anything in yet. */
export const emptyConversation: Conversation = {
  id: null,
  messages: [],
  activeTurn: null,
  activity: null,
  pendingApprovals: [],
  error: null,
  usage: null,
  lastEndReason: null,
  lastEventId: null,
  progress: noProgress,
};
