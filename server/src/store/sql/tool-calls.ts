import { StaleWriteError, type ToolCallChange } from "../store.ts";
import type { ToolCallRecord } from "../tool-call-record.ts";
import { parseRecord, type Reader, type Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";

/** The ledger of a conversation, in the order the calls were asked for. */
export async function readToolCalls(reader: Reader, conversationId: string): Promise<readonly ToolCallRecord[]> {
  const rows = await reader
    .selectFrom("tool_calls")
    .innerJoin("turns", "turns.id", "tool_calls.turn_id")
    .select("tool_calls.record")
    .where("tool_calls.conversation_id", "=", conversationId)
    .orderBy("turns.created_at")
    .orderBy("step")
    .orderBy("ordinal")
    .execute();
  return rows.map((row) => parseRecord<ToolCallRecord>(row.record));
}

/** See `Store.findPendingCalls`. */
export async function readPendingCalls(reader: Reader): Promise<readonly ToolCallRecord[]> {
  const rows = await reader
    .selectFrom("tool_calls")
    .innerJoin("turns", "turns.id", "tool_calls.turn_id")
    .select("tool_calls.record")
    .where("turns.status", "=", "awaiting_approval")
    .where("tool_calls.status", "=", "pending")
    .execute();
  return rows.map((row) => parseRecord<ToolCallRecord>(row.record));
}

/** Writes a new line, or the next state of one. @throws StaleWriteError when it is not in the state it should come from. */
export async function writeToolCall(tx: Tx, change: ToolCallChange): Promise<void> {
  const { call, from } = change;
  if (from !== null) {
    const { numUpdatedRows } = await updateToolCall(tx, change);
    if (numUpdatedRows === 0n) throw new StaleWriteError(`tool call ${call.toolUseId} is no longer ${from}`);
    return;
  }
  await tx
    .insertInto("tool_calls")
    .values({
      conversation_id: call.conversationId,
      tool_use_id: call.toolUseId,
      turn_id: call.turnId,
      step: call.step,
      ordinal: call.ordinal,
      ...toolCallColumns(call),
    })
    .execute();
}

/** Moves a call on, if it still is in the state it comes from: no row is updated when it is not. */
export function updateToolCall(tx: Tx, change: ToolCallChange): Promise<{ numUpdatedRows: bigint }> {
  const { call, from } = change;
  return tx
    .updateTable("tool_calls")
    .set(toolCallColumns(call))
    .where("conversation_id", "=", call.conversationId)
    .where("tool_use_id", "=", call.toolUseId)
    .where("status", "=", from ?? "")
    .executeTakeFirst();
}

function toolCallColumns(call: ToolCallRecord): Pick<Schema["tool_calls"], "status" | "expires_at" | "record"> {
  return { status: call.state.status, expires_at: call.approval?.expiresAt ?? null, record: JSON.stringify(call) };
}
