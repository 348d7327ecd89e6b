import type { Selectable } from "kysely";
import type { MessageRecord } from "../message-record.ts";
import type { History } from "../store.ts";
import { parseRecord, type Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { readToolCalls } from "./tool-calls.ts";

/** Puts a message at the end of its conversation. */
export async function insertMessage(tx: Tx, message: MessageRecord): Promise<void> {
  const last = await tx
    .selectFrom("messages")
    .select("position")
    .where("conversation_id", "=", message.conversationId)
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
  await tx
    .insertInto("messages")
    .values({
      id: message.id,
      conversation_id: message.conversationId,
      turn_id: message.turnId,
      position: (last?.position ?? 0) + 1,
      role: message.role,
      content: JSON.stringify(message.content),
      page: message.page === null ? null : JSON.stringify(message.page),
      stopped: message.stopped ? 1 : 0,
      created_at: message.createdAt,
    })
    .execute();
}

/** A row as a message. */
export function readMessage(row: Selectable<Schema["messages"]>): MessageRecord {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    turnId: row.turn_id,
    role: row.role,
    content: parseRecord<MessageRecord["content"]>(row.content),
    page: row.page === null ? null : parseRecord<MessageRecord["page"]>(row.page),
    stopped: row.stopped === 1,
    createdAt: row.created_at,
  };
}

/** What the prompt is made of: see `History`. */
export async function loadHistory(tx: Tx, conversationId: string): Promise<History> {
  const messages = await tx
    .selectFrom("messages")
    .innerJoin("turns", "turns.id", "messages.turn_id")
    .selectAll("messages")
    .where("messages.conversation_id", "=", conversationId)
    .where((where) => where.or([where("turns.reason", "is", null), where("turns.reason", "!=", "refusal")]))
    .orderBy("position")
    .execute();
  return { messages: messages.map(readMessage), toolCalls: await readToolCalls(tx, conversationId) };
}
