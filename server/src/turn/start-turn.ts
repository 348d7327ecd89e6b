import type { PageContext, ServerEvent } from "@chat-bot/widget/protocol";
import { ChatError, concurrentRequest } from "../errors.ts";
import { newEpoch, newId } from "../new-id.ts";
import type { ConversationRecord } from "../store/conversation-record.ts";
import type { HeldLock } from "../store/coordination.ts";
import type { Identity } from "../store/identity.ts";
import type { MessageRecord } from "../store/message-record.ts";
import { StaleWriteError } from "../store/store.ts";
import type { Locale, TurnRecord } from "../store/turn-record.ts";
import { reserveStep } from "./reserve-step.ts";
import { abandonedCall } from "./tool-call-ending.ts";
import type { TurnRunner } from "./turn-runner.ts";
import type { TurnServices } from "./turn-services.ts";
import { freezeTools, toolsOf, usableTools } from "./usable-tools.ts";

/** An admitted message. */
export interface NewMessage {
  identity: Identity;
  locale: Locale;
  requestId: string;
  turnId: string;
  /** null: a new conversation. */
  conversation: ConversationRecord | null;
  /** Of the new conversation, when there is none yet. */
  conversationId: string;
  text: string;
  page: PageContext | null;
  idempotency: { key: string; bodySha256: string } | null;
}

const TITLE_LENGTH = 80;
const FIRST_FENCE = 1;

/**
 * Starts a turn: books its first step, ends a turn that waits for approval, stores the message with its first events.
 * From then on the turn and its lock are the runner's.
 * @throws ChatError `limit_exceeded`, `concurrent_request`; nothing is stored then, and the lock is still the caller's
 */
export async function startTurn(
  message: NewMessage,
  lock: HeldLock,
  runner: TurnRunner,
  services: TurnServices,
): Promise<TurnRecord> {
  const { store } = services;
  const createdAt = new Date(services.now()).toISOString();
  const known = message.conversation ?? newConversation(message, services, createdAt);
  const permitted = await toolsOf(message.identity, services);
  const conversation = { ...known, tools: freezeTools(known.tools, permitted) };
  const userMessage: MessageRecord = {
    id: newId("msg"),
    conversationId: conversation.id,
    turnId: message.turnId,
    role: "user",
    content: [{ type: "text", text: message.text }],
    page: message.page,
    stopped: false,
    createdAt,
  };
  const turn: TurnRecord = {
    id: message.turnId,
    conversationId: conversation.id,
    afterSeq: 0,
    identity: message.identity,
    locale: message.locale,
    requestId: message.requestId,
    state: { status: "running" },
    steps: 0,
    nextBlock: 0,
    recoveries: 0,
    createdAt,
  };

  const history = await store.loadHistory(conversation.id);
  const admitted = await reserveStep(
    {
      record: turn,
      fence: null,
      conversation,
      messages: [...history.messages, userMessage],
      // As they will stand once the turn that waits for a decision is superseded: the prompt tells the model so.
      toolCalls: history.toolCalls.map((call) =>
        call.state.status === "finished" ? call : abandonedCall(call, "superseded", services.now()).call,
      ),
      tools: usableTools(conversation, permitted),
    },
    new AbortController().signal,
    services,
  ).catch((error: unknown) => refused(error, message, services));
  try {
    const lastSeq = message.conversation === null ? 0 : await supersede(message.conversation, runner, services);
    const started: TurnRecord = { ...turn, afterSeq: lastSeq };
    const running = await store.createTurn({
      conversation,
      isNewConversation: message.conversation === null,
      turn: started,
      message: userMessage,
      events: firstEvents(started, userMessage.id, message, services),
      fence: FIRST_FENCE,
      leaseExpiresAtMs: runner.leaseExpiresAtMs(),
      idempotency: message.idempotency,
      reservationId: admitted.reservation.id,
    });
    if (running !== null) throw concurrentRequest(running.conversationId, running.id);
    runner.start(started, FIRST_FENCE, lock, admitted);
    return started;
  } catch (error) {
    await store.settle(admitted.reservation.id, 0);
    // Whoever took this request for dead had the lock: it was lost meanwhile.
    if (error instanceof StaleWriteError) throw new ChatError("store_unavailable", { retryAfterSeconds: 1 });
    throw error;
  }
}

/** That a limit was reached is on record before anybody is told. */
async function refused(error: unknown, message: NewMessage, { store }: TurnServices): Promise<never> {
  const limit = error instanceof ChatError && error.code === "limit_exceeded" ? error.details.limit_type : undefined;
  if (limit !== undefined) {
    await store.recordLimitReached(message.identity.owner, message.conversation?.id ?? null, limit);
  }
  throw error;
}

function newConversation(message: NewMessage, services: TurnServices, createdAt: string): ConversationRecord {
  return {
    id: message.conversationId,
    owner: message.identity.owner,
    title: title(message.text),
    model: services.options.model,
    epoch: newEpoch(),
    lastSeq: 0,
    tools: [],
    createdAt,
    updatedAt: createdAt,
  };
}

/** The first line of the first message, as text that every database takes: no model is asked for a title. */
function title(text: string): string {
  const line = (text.trim().split("\n", 1)[0] ?? "")
    .replace(/\p{Cc}/gu, " ")
    .toWellFormed()
    .trim();
  const characters = Array.from(new Intl.Segmenter().segment(line.slice(0, 1000)), ({ segment }) => segment);
  return characters.length <= TITLE_LENGTH ? line : `${characters.slice(0, TITLE_LENGTH - 1).join("")}…`;
}

/** Ends the turn that waits for a decision, if there is one. Returns the number of the newest event after that. */
async function supersede(
  conversation: ConversationRecord,
  runner: TurnRunner,
  services: TurnServices,
): Promise<number> {
  const { store } = services;
  const active = await store.findActiveTurn(conversation.id);
  if (active !== null) {
    await runner.supersede(active);
    const still = await store.findActiveTurn(conversation.id);
    if (still !== null) throw concurrentRequest(still.conversationId, still.id);
  }
  const current = await store.findConversation(conversation.owner, conversation.id);
  if (current === null) throw new ChatError("not_found");
  return current.lastSeq;
}

function firstEvents(turn: TurnRecord, messageId: string, message: NewMessage, services: TurnServices): ServerEvent[] {
  const started: ServerEvent = {
    type: "status_update",
    state: "started",
    turn_id: turn.id,
    message: { id: messageId, text: message.text },
  };
  if (message.conversation !== null) return [started];
  const { model } = services.options;
  return [{ type: "session_created", conversation_id: turn.conversationId, model, protocol: 1 }, started];
}
