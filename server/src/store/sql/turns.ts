import type { TurnRecord } from "../turn-record.ts";
import { parseRecord, type Reader } from "./reader.ts";
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
