import type { Selectable } from "kysely";
import type { ConversationRecord } from "../conversation-record.ts";
import type { Owner } from "../identity.ts";
import { parseRecord, type Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";

/** A conversation as a row. */
export function conversationRow(conversation: ConversationRecord): Schema["conversations"] {
  return {
    id: conversation.id,
    ...conversation.owner,
    title: conversation.title,
    model: conversation.model,
    epoch: conversation.epoch,
    last_seq: conversation.lastSeq,
    tools: JSON.stringify(conversation.tools),
    created_at: conversation.createdAt,
    updated_at: conversation.updatedAt,
  };
}

/** A row as a conversation. */
export function readConversation(row: Selectable<Schema["conversations"]>): ConversationRecord {
  return {
    id: row.id,
    owner: { issuer: row.issuer, organization: row.organization, user: row.user },
    title: row.title,
    model: row.model,
    epoch: row.epoch,
    lastSeq: row.last_seq,
    tools: parseRecord<ConversationRecord["tools"]>(row.tools),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The conversation, if it is this owner's. */
export async function findConversation(reader: Reader, owner: Owner, id: string): Promise<ConversationRecord | null> {
  const row = await reader
    .selectFrom("conversations")
    .selectAll()
    .where("id", "=", id)
    .where((where) => where.and({ ...owner }))
    .executeTakeFirst();
  return row === undefined ? null : readConversation(row);
}
