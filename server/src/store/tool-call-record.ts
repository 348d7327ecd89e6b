import type {
  ApprovalDecision,
  RememberScope,
  ToolAnnotations,
  ToolContentBlock,
  ToolInput,
  ToolOutcome,
} from "@chat-bot/widget/protocol";

/** What the model gets to read of a tool call's outcome. */
export interface ModelToolResult {
  content: readonly (
    | { type: "text"; text: string }
    | { type: "image"; mediaType: "image/png" | "image/jpeg" | "image/gif" | "image/webp"; data: string }
  )[];
  isError: boolean;
}

/** Where a tool call stands. See `advanceToolCall` for the ways from one to the next. */
export type ToolCallState =
  | { status: "proposed" }
  | { status: "pending" }
  | { status: "approved" }
  | { status: "denied" }
  /** The tool may have run: after a crash only a repeatable one is run again. */
  | { status: "dispatched"; attempt: number; dispatchedAt: string }
  | {
      status: "finished";
      outcome: ToolOutcome;
      content: readonly ToolContentBlock[];
      structuredContent: Record<string, unknown> | null;
      forModel: ModelToolResult;
      durationMs: number;
      truncated: boolean;
      finishedAt: string;
    };

/** What a person was asked, and what they answered. */
export interface ApprovalRecord {
  description: string;
  annotations: ToolAnnotations;
  remember: readonly RememberScope[];
  /** ISO 8601. */
  expiresAt: string;
  decision: { decision: ApprovalDecision; decidedAt: string; reason: string | null } | null;
}

/** A line of the ledger: one tool call, from the model's wish to its outcome. */
export interface ToolCallRecord {
  toolUseId: string;
  conversationId: string;
  turnId: string;
  /** The assistant message that asked for it. */
  messageId: string;
  step: number;
  /** Position among the calls of its message. */
  ordinal: number;
  name: string;
  server: string;
  title: string;
  input: ToolInput;
  /** Why the model's input could not be read at all; null when it could. */
  inputError: string | null;
  inputSha256: string;
  /** Fingerprint of the tool's definition when it was called; null for a tool that was not offered. */
  fingerprint: string | null;
  approval: ApprovalRecord | null;
  state: ToolCallState;
}

const WAYS: Record<ToolCallState["status"], readonly ToolCallState["status"][]> = {
  proposed: ["pending", "dispatched", "finished"],
  pending: ["approved", "denied", "finished"],
  approved: ["dispatched", "finished"],
  denied: ["finished"],
  dispatched: ["dispatched", "finished"],
  finished: [],
};

/** The call in its next state. @throws Error when there is no such way: a defect of this server, not of its user. */
export function advanceToolCall(call: ToolCallRecord, state: ToolCallState): ToolCallRecord {
  if (!WAYS[call.state.status].includes(state.status)) {
    throw new Error(`tool call cannot go from ${call.state.status} to ${state.status}`);
  }
  return { ...call, state };
}
