import type { ServerEvent } from "@chat-bot/widget/protocol";
import { StaleWriteError } from "../store.ts";
import type { Tx } from "./reader.ts";

/** Puts events at the end of a conversation's log, numbered one after the other. */
export async function appendEvents(
  tx: Tx,
  conversationId: string,
  turnId: string,
  events: readonly ServerEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const { last_seq: lastSeq } = await tx
    .updateTable("conversations")
    .set((set) => ({ last_seq: set("last_seq", "+", events.length) }))
    .where("id", "=", conversationId)
    .returning("last_seq")
    .executeTakeFirstOrThrow(() => new StaleWriteError("the conversation was deleted"));
  const createdAt = new Date().toISOString();
  const firstSeq = lastSeq - events.length + 1;
  await tx
    .insertInto("events")
    .values(
      events.map((event, index) => ({
        conversation_id: conversationId,
        seq: firstSeq + index,
        turn_id: turnId,
        type: event.type,
        data: JSON.stringify(event),
        created_at: createdAt,
      })),
    )
    .execute();
}
