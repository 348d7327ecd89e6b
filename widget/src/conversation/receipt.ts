import type { Message, ToolCall } from "./conversation.ts";

/** What a person decided. Times are in milliseconds since 1970; null: in another window, at a time not known here. */
export interface CallDecision {
  type: "approved" | "denied";
  at: number | null;
}

/** What this window knows of a tool call besides the conversation. */
export interface CallNote {
  decision?: CallDecision;
  /** In milliseconds since 1970. */
  endedAt?: number;
}

/** One line of the receipt. */
export interface ReceiptEntry {
  call: ToolCall;
  decision: CallDecision | null;
  /** When it ended, or at least when its answer was stored; null while neither is known. */
  at: Date | null;
}

/** What the assistant did in a conversation: its tool calls, the latest first. */
export function receiptOf(messages: readonly Message[], notes: ReadonlyMap<string, CallNote>): ReceiptEntry[] {
  const entries = messages.flatMap((message) =>
    message.role === "user"
      ? []
      : message.parts.flatMap((part) =>
          part.type === "text" ? [] : [entryOf(part.call, message.createdAt, notes.get(part.call.id) ?? {})],
        ),
  );
  return entries.toReversed();
}

function entryOf(call: ToolCall, createdAt: string | null, { decision, endedAt }: CallNote): ReceiptEntry {
  const at = endedAt ?? (createdAt === null ? Number.NaN : Date.parse(createdAt));
  return {
    call,
    decision: decision === undefined ? null : asRecorded(decision, call),
    at: Number.isNaN(at) ? null : new Date(at),
  };
}

/** The first decision won: where the outcome speaks of another one, that was taken in another window. */
function asRecorded(decision: CallDecision, { state }: ToolCall): CallDecision | null {
  if (state.status !== "finished") return decision;
  switch (state.outcome) {
    case "ok":
    case "error":
    case "unknown":
      return decision.type === "approved" ? decision : { type: "approved", at: null };
    case "denied":
      return decision.type === "denied" ? decision : { type: "denied", at: null };
    case "expired":
    case "superseded":
      return null;
    case "cancelled":
      return decision;
  }
}
