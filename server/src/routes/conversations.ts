import type { ConversationList, RememberedApprovalList } from "@chat-bot/widget/protocol";
import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";
import type { ConversationRecord } from "../store/conversation-record.ts";
import { eventId, parseEventId } from "../store/conversation-record.ts";
import type { Coordination } from "../store/coordination.ts";
import type { Identity } from "../store/identity.ts";
import type { Store } from "../store/store.ts";
import { conversationSnapshot } from "../stream/conversation-snapshot.ts";
import { encodeEvent } from "../stream/encode-event.ts";
import type { TurnRunner } from "../turn/turn-runner.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { EventReader } from "./event-reader.ts";
import { type EventsQuery, ID_PATTERN, type ListQuery } from "./request-schemas.ts";

/** What the routes of stored conversations need. */
export interface ConversationOptions {
  store: Store;
  coordination: Coordination;
  runner: TurnRunner;
  reader: EventReader;
}

/** What the router found in the path. */
interface WithParams {
  params: { id?: string; name?: string };
}

interface State {
  identity: Identity;
}

type ListState = State & { query: ListQuery };

/** `GET /conversations`: the user's own, newest first. */
export function listConversations({ store }: ConversationOptions): Middleware<ListState> {
  return async function answerList(ctx) {
    const { identity, query } = ctx.state;
    const before = query.cursor === undefined ? null : decodeCursor(query.cursor);
    // One more than asked for tells whether there is a next page.
    const found = await store.listConversations(identity.owner, { limit: query.limit + 1, before });
    const conversations = found.slice(0, query.limit);
    const last = conversations.at(-1);
    const list: ConversationList = {
      conversations: conversations.map(({ id, title, updatedAt }) => ({ id, title, updated_at: updatedAt })),
      next_cursor: found.length > query.limit && last !== undefined ? encodeCursor(last) : null,
    };
    ctx.body = list;
  };
}

/** `GET /conversations/:id`: all a page load needs. */
export function showConversation({ store }: ConversationOptions): Middleware<State, WithParams> {
  return async function answerSnapshot(ctx) {
    const stored = await store.loadConversation(ctx.state.identity.owner, conversationId(ctx));
    if (stored === null) throw new ChatError("not_found");
    ctx.body = conversationSnapshot(stored);
  };
}

/** `DELETE /conversations/:id`: a turn that runs is stopped first, so that nothing is written after. */
export function deleteConversation({
  store,
  runner,
  coordination,
}: ConversationOptions): Middleware<State, WithParams> {
  return async function answerDelete(ctx) {
    const { owner } = ctx.state.identity;
    const id = conversationId(ctx);
    const conversation = await store.findConversation(owner, id);
    if (conversation === null) throw new ChatError("not_found");
    const turn = await store.findActiveTurn(id);
    if (turn !== null) await runner.cancel(turn);
    await store.deleteConversation(owner, id);
    // Readers that follow it look, find nothing, and end.
    coordination.announceEvents(id);
    ctx.status = 204;
  };
}

/** `GET /conversations/:id/events`: everything after an id, then live until nothing is in progress. */
export function conversationEvents({
  store,
  reader,
}: ConversationOptions): Middleware<State & { query: EventsQuery }, WithParams> {
  return async function answerEvents(ctx) {
    const { identity, query } = ctx.state;
    const conversation = await store.findConversation(identity.owner, conversationId(ctx));
    if (conversation === null) throw new ChatError("not_found");
    const header = ctx.get("Last-Event-ID");
    const start = await startOf(conversation, header === "" ? (query.after ?? null) : header, store);
    const isActive = (await store.findActiveTurn(conversation.id)) !== null;
    const isNewer = start.type === "snapshot" || start.afterSeq < conversation.lastSeq;
    if (!isActive && !isNewer) {
      ctx.status = 204;
      return;
    }
    const place = reader.open(identity);
    try {
      if (start.type === "range") {
        await place.stream(ctx, conversation, { afterSeq: start.afterSeq, turnId: null });
        return;
      }
      const stored = await store.loadConversation(identity.owner, conversation.id);
      if (stored === null) throw new ChatError("not_found");
      const snapshot = conversationSnapshot(stored);
      const data = JSON.stringify({ type: "status_update", state: "snapshot", conversation: snapshot });
      const first = encodeEvent(snapshot.last_event_id, "status_update", data);
      const afterSeq = parseEventId(snapshot.last_event_id)?.seq ?? conversation.lastSeq;
      await place.stream(ctx, conversation, { afterSeq, turnId: null }, first);
    } finally {
      place.close();
    }
  };
}

/** `GET /conversations/:id/approvals`: the tools that need not ask again in this conversation. */
export function listApprovals({ store }: ConversationOptions): Middleware<State, WithParams> {
  return async function answerApprovals(ctx) {
    const conversation = await store.findConversation(ctx.state.identity.owner, conversationId(ctx));
    if (conversation === null) throw new ChatError("not_found");
    const remembered = await store.listRememberedApprovals(conversation.id);
    const list: RememberedApprovalList = {
      approvals: remembered.map(({ name, title, decidedAt }) => ({ name, title, decided_at: decidedAt })),
    };
    ctx.body = list;
  };
}

/** `DELETE /conversations/:id/approvals/:name`: the tool asks again, from its next call on. */
export function forgetApproval({ store }: ConversationOptions): Middleware<State, WithParams> {
  return async function answerForget(ctx) {
    const conversation = await store.findConversation(ctx.state.identity.owner, conversationId(ctx));
    const { name = "" } = ctx.params;
    const isForgotten =
      conversation !== null && ID_PATTERN.test(name) && (await store.forgetApproval(conversation.id, name));
    if (!isForgotten) throw new ChatError("not_found");
    ctx.status = 204;
  };
}

/** Where a reader goes on; with an id that is not in the log (any more), from a snapshot. */
async function startOf(
  conversation: ConversationRecord,
  lastEventId: string | null,
  store: Store,
): Promise<{ type: "range"; afterSeq: number } | { type: "snapshot" }> {
  const oldest = await store.oldestSeq(conversation.id);
  const before = oldest === null ? conversation.lastSeq : oldest - 1;
  if (lastEventId === null) return { type: "range", afterSeq: before };
  const id = parseEventId(lastEventId);
  const isKnown =
    id !== null &&
    lastEventId === eventId(conversation.epoch, id.seq) &&
    id.seq >= before &&
    id.seq <= conversation.lastSeq;
  return isKnown ? { type: "range", afterSeq: id.seq } : { type: "snapshot" };
}

function conversationId(ctx: WithParams): string {
  const { id } = ctx.params;
  // Anything else is no id of ours, and not all stores take everything.
  if (id === undefined || !ID_PATTERN.test(id)) throw new ChatError("not_found");
  return id;
}
