import type { LimitType, ToolOutcome, TurnEndReason } from "@chat-bot/widget/protocol";

/** A tool call without a word of what was said: hashes stand for its definition and its input. */
export interface AuditedCall {
  toolUseId: string;
  /** null: the model named a tool that was not offered, and that name is its own words. */
  tool: string | null;
  server: string | null;
  /** Of name, description and schema. */
  definitionSha256: string | null;
  inputSha256: string;
}

/** What settled a question: a person, the clock, a new message, the end of the turn, or an earlier answer. */
export type DecidedBy = "person" | "remembered" | Exclude<ToolOutcome, "ok" | "denied">;

/** Who erased a conversation: its user, its age, or an operator. */
export type ErasedBy = "user" | "retention" | "operator";

/** Something that happened, as the audit trail tells it. No words of a conversation, no input, no output. */
export type AuditFact =
  | { kind: "turn_admitted" }
  | { kind: "limit_reached"; limit: LimitType }
  | { kind: "approval_asked"; call: AuditedCall; expiresAt: string }
  | {
      kind: "approval_decided";
      call: AuditedCall;
      decision: "approved" | "denied";
      by: DecidedBy;
      decidedAt: string;
      /** Later calls of the tool in this conversation need not ask. */
      remember: boolean;
    }
  | { kind: "approval_forgotten"; tool: string }
  | { kind: "tool_dispatched"; call: AuditedCall; attempt: number }
  | { kind: "tool_finished"; call: AuditedCall; outcome: ToolOutcome }
  | { kind: "cancel_requested" }
  | { kind: "turn_ended"; reason: TurnEndReason }
  | { kind: "conversation_erased"; by: ErasedBy }
  /** From here on rows are signed with another key. */
  | { kind: "key_changed" }
  /** How many rows each other chain has, and the hash of the last one. */
  | { kind: "checkpoint"; heads: readonly (readonly [count: number, hash: string])[] };

/** Whom and what a fact is about. Names of people are hashes: see `AuditKeys.pseudonym`. */
export interface AuditSubject {
  userKey: string | null;
  organizationKey: string | null;
  conversationId: string | null;
  turnId: string | null;
}

/** About nobody: what the trail says of itself. */
export const NOBODY: AuditSubject = { userKey: null, organizationKey: null, conversationId: null, turnId: null };
