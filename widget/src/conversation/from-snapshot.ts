import type { ConversationSnapshot, HistoryMessage, MessageContentBlock } from "../protocol/index.ts";
import { utf8Length } from "./append-delta.ts";
import { type Conversation, emptyConversation, type Message, type Part, type ToolCallState } from "./conversation.ts";

type ToolUse = Extract<MessageContentBlock, { type: "tool_use" }>;

/** The conversation as the server holds it. The rest of a turn in progress comes as events after `lastEventId`. */
export function fromSnapshot(snapshot: ConversationSnapshot): Conversation {
  const isAwaitingApproval = snapshot.pending_approvals.length > 0;
  return {
    ...emptyConversation,
    id: snapshot.id,
    messages: snapshot.messages.map((message) => toMessage(message, snapshot)),
    activeTurn: snapshot.active_turn === null ? null : { id: snapshot.active_turn.turn_id, cancelling: false },
    activity: snapshot.active_turn === null ? null : { type: isAwaitingApproval ? "awaiting_approval" : "typing" },
    pendingApprovals: snapshot.pending_approvals,
    lastEventId: snapshot.last_event_id || null,
  };
}

/**
 * The server's state in place of ours, except for what the server does not have: messages that have not reached it,
 * and that the person asked to stop.
 */
export function replaceWithSnapshot(conversation: Conversation, snapshot: ConversationSnapshot): Conversation {
  const fresh = fromSnapshot(snapshot);
  const known = new Set(fresh.messages.map((message) => message.id));
  const unsent = conversation.messages.filter(
    (message) => message.role === "user" && isWrittenHere(message) && !known.has(message.serverId ?? message.id),
  );
  const isSameTurn = fresh.activeTurn !== null && fresh.activeTurn.id === conversation.activeTurn?.id;
  return {
    ...fresh,
    messages: [...fresh.messages, ...unsent],
    activeTurn: isSameTurn ? conversation.activeTurn : fresh.activeTurn,
    error: conversation.error,
    usage: conversation.usage,
  };
}

/** Whether the server may not have the message yet, or has it only in the turn in progress. */
function isWrittenHere(message: Extract<Message, { role: "user" }>): boolean {
  return message.delivery !== "sent";
}

function toMessage(message: HistoryMessage, snapshot: ConversationSnapshot): Message {
  if (message.role === "user") {
    const text = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n\n");
    return { role: "user", id: message.id, text, createdAt: message.created_at, delivery: "sent" };
  }
  return {
    role: "assistant",
    id: message.id,
    parts: message.content.map((block, index) => toPart(block, `${message.id}-${index}`, snapshot)),
    createdAt: message.created_at,
    streaming: false,
    stopped: message.stopped ?? false,
  };
}

function toPart(block: MessageContentBlock, key: string, snapshot: ConversationSnapshot): Part {
  if (block.type === "text") return { type: "text", key, text: block.text, bytes: utf8Length(block.text) };
  const { tool_use_id, name, title, input, result = [] } = block;
  const state = toState(block, snapshot);
  return { type: "tool_call", key, call: { id: tool_use_id, name, title, input, state, output: [], result } };
}

function toState({ tool_use_id, outcome }: ToolUse, snapshot: ConversationSnapshot): ToolCallState {
  if (outcome !== undefined) return { status: "finished", outcome, durationMs: null, truncated: false };
  if (snapshot.pending_approvals.some((request) => request.tool_use_id === tool_use_id))
    return { status: "awaiting_approval" };
  if (snapshot.active_turn !== null) return { status: "running" };
  return { status: "finished", outcome: "unknown", durationMs: null, truncated: false };
}
