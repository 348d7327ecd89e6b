import type { Owner } from "../identity.ts";
import type { TurnRecord } from "../turn-record.ts";
import type { Reader, Tx } from "./reader.ts";
import { readTurn } from "./turns.ts";

/** Makes this the user's running turn. null: it is; else the one that is, and nothing was written. */
export async function takeRunningPlace(tx: Tx, turn: TurnRecord): Promise<TurnRecord | null> {
  const { owner } = turn.identity;
  while (true) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto("running_turns")
      .values({ ...owner, turn_id: turn.id })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) return null;
    const running = await findRunningTurn(tx, owner);
    // It may have ended between the two looks: then the place is free.
    if (running !== null) return running.id === turn.id ? null : running;
  }
}

/** The turn is parked or over. */
export async function leaveRunningPlace(tx: Tx, turnId: string): Promise<void> {
  await tx.deleteFrom("running_turns").where("turn_id", "=", turnId).execute();
}

/** The conversation's turns are gone. */
export async function leaveRunningPlaces(tx: Tx, conversationId: string): Promise<void> {
  const turns = tx.selectFrom("turns").select("id").where("conversation_id", "=", conversationId);
  await tx.deleteFrom("running_turns").where("turn_id", "in", turns).execute();
}

/** See `Store.findRunningTurn`. */
export async function findRunningTurn(reader: Reader, owner: Owner): Promise<TurnRecord | null> {
  const row = await reader
    .selectFrom("running_turns")
    .innerJoin("turns", "turns.id", "running_turns.turn_id")
    .select("turns.record")
    .where("running_turns.issuer", "=", owner.issuer)
    .where("running_turns.organization", "=", owner.organization)
    .where("running_turns.user", "=", owner.user)
    .executeTakeFirst();
  return row === undefined ? null : readTurn(row);
}
