import { newId } from "../src/new-id.ts";
import type { ConversationRecord } from "../src/store/conversation-record.ts";
import type { Identity, Owner } from "../src/store/identity.ts";
import type { MessageRecord } from "../src/store/message-record.ts";
import type { NewTurn } from "../src/store/store.ts";
import type { ToolCallRecord, ToolCallState } from "../src/store/tool-call-record.ts";
import type { TurnRecord } from "../src/store/turn-record.ts";

/** A moment that tests stand in. */
export const NOW_MS: number = Date.parse("2026-11-05T12:00:00.000Z");

const DAY_MS = 86_400_000;

/** Ada of Example, unless told otherwise. */
export function anOwner(changes: Partial<Owner> = {}): Owner {
  return { issuer: "https://host.example", organization: "example", user: "ada", ...changes };
}

/** Signed in until tomorrow. */
export function anIdentity(changes: Partial<Identity> = {}): Identity {
  return {
    owner: anOwner(),
    grants: { permissions: ["chatbot:use"], roles: [] },
    permissions: ["chatbot:use"],
    expiresAtMs: NOW_MS + DAY_MS,
    ...changes,
  };
}

/** A conversation without tools. */
export function aConversation(changes: Partial<ConversationRecord> = {}): ConversationRecord {
  const createdAt = new Date(NOW_MS).toISOString();
  return {
    id: newId("conv"),
    owner: anOwner(),
    title: "Hello",
    model: "claude-haiku-4-5",
    epoch: "1",
    lastSeq: 0,
    tools: [],
    createdAt,
    updatedAt: createdAt,
    ...changes,
  };
}

/** A turn that has just begun. */
export function aTurn(conversation: ConversationRecord, changes: Partial<TurnRecord> = {}): TurnRecord {
  return {
    id: newId("turn"),
    conversationId: conversation.id,
    afterSeq: 0,
    identity: anIdentity({ owner: conversation.owner }),
    locale: "en",
    requestId: "request-1",
    state: { status: "running" },
    steps: 0,
    nextBlock: 0,
    recoveries: 0,
    createdAt: new Date(NOW_MS).toISOString(),
    ...changes,
  };
}

/** What the user wrote. */
export function aUserMessage(turn: TurnRecord, changes: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id: newId("msg"),
    conversationId: turn.conversationId,
    turnId: turn.id,
    role: "user",
    content: [{ type: "text", text: "Hello" }],
    page: null,
    stopped: false,
    createdAt: turn.createdAt,
    ...changes,
  };
}

/** What the assistant answered. */
export function anAnswer(turn: TurnRecord, changes: Partial<MessageRecord> = {}): MessageRecord {
  return aUserMessage(turn, { role: "assistant", content: [{ type: "text", text: "Hi" }], ...changes });
}

/** A call that the model has asked for and that nothing has become of yet. */
export function aToolCall(turn: TurnRecord, changes: Partial<ToolCallRecord> = {}): ToolCallRecord {
  return {
    toolUseId: newId("toolu"),
    conversationId: turn.conversationId,
    turnId: turn.id,
    messageId: "msg_1",
    step: 1,
    ordinal: 0,
    name: "members__list",
    server: "members",
    title: "List members",
    input: {},
    inputError: null,
    inputSha256: "0".repeat(64),
    fingerprint: "f".repeat(64),
    approval: null,
    state: { status: "proposed" },
    ...changes,
  };
}

/** A call that a person is asked about. */
export function aPendingCall(
  turn: TurnRecord,
  expiresAt: string,
  changes: Partial<ToolCallRecord> = {},
): ToolCallRecord {
  return aToolCall(turn, {
    approval: { description: "Lists them", annotations: {}, remember: ["once"], expiresAt, decision: null },
    state: { status: "pending" },
    ...changes,
  });
}

/** The end of a call. */
export function finishedState(
  text = "done",
  changes: Partial<Extract<ToolCallState, { status: "finished" }>> = {},
): Extract<ToolCallState, { status: "finished" }> {
  return {
    status: "finished",
    outcome: "ok",
    content: [{ type: "text", text }],
    structuredContent: null,
    forModel: { content: [{ type: "text", text }], isError: false },
    durationMs: 1,
    truncated: false,
    finishedAt: new Date(NOW_MS).toISOString(),
    ...changes,
  };
}

/** A new conversation with its first turn, owned for a minute. */
export function aNewTurn(changes: Partial<NewTurn> = {}): NewTurn {
  const conversation = changes.conversation ?? aConversation();
  const turn = changes.turn ?? aTurn(conversation);
  const message = changes.message ?? aUserMessage(turn);
  return {
    conversation,
    isNewConversation: true,
    turn,
    message,
    events: [
      { type: "session_created", conversation_id: conversation.id, model: conversation.model, protocol: 1 },
      { type: "status_update", state: "started", turn_id: turn.id, message: { id: message.id, text: "Hello" } },
    ],
    fence: 1,
    leaseExpiresAtMs: NOW_MS + 60_000,
    idempotency: null,
    reservationId: null,
    ...changes,
  };
}
