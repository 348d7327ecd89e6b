import type { Selectable } from "kysely";
import { StaleWriteError } from "../store.ts";
import type { TurnRecord } from "../turn-record.ts";
import { parseRecord, type Reader, type Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";

/** What of a turn has columns, and the turn itself. */
export function turnColumns(turn: TurnRecord): Pick<Schema["turns"], "status" | "reason" | "record"> {
  const { state } = turn;
  return {
    status: state.status,
    reason: state.status === "done" ? state.reason : null,
    record: JSON.stringify(turn),
  };
}

/** A row as a turn. */
export function readTurn(row: { record: string }): TurnRecord {
  return parseRecord<TurnRecord>(row.record);
}

/** The turn as it stands, and nobody else writes to it before the transaction ends. */
export function lockTurn(tx: Tx, turnId: string): Promise<Selectable<Schema["turns"]> | undefined> {
  // `select … for update` is PostgreSQL's alone.
  return tx.updateTable("turns").set({ id: turnId }).where("id", "=", turnId).returningAll().executeTakeFirst();
}

/** The same for all turns of a conversation. */
export async function lockTurns(tx: Tx, conversationId: string): Promise<void> {
  const turns = tx.selectFrom("turns").select("id").where("conversation_id", "=", conversationId).orderBy("id");
  for (const { id } of await turns.execute()) await lockTurn(tx, id);
}

/** Keeps the turn with its owner until the transaction ends. @throws StaleWriteError when it has another one */
export async function checkFence(
  tx: Tx,
  turnId: string,
  fence: number,
): Promise<Pick<Schema["turns"], "record" | "cancel_requested">> {
  const owned = await tx
    .updateTable("turns")
    .set({ fence })
    .where("id", "=", turnId)
    .where("fence", "=", fence)
    .returning(["record", "cancel_requested"])
    .executeTakeFirst();
  if (owned === undefined) throw new StaleWriteError("the turn has another owner");
  return owned;
}

/** The conversation's turn that is not done. */
export async function findActiveTurn(reader: Reader, conversationId: string): Promise<TurnRecord | null> {
  const row = await reader
    .selectFrom("turns")
    .selectAll()
    .where("conversation_id", "=", conversationId)
    .where("status", "!=", "done")
    .executeTakeFirst();
  return row === undefined ? null : readTurn(row);
}
