import { type Kysely, sql } from "kysely";
import type { ErasedBy } from "../../audit/audit-fact.ts";
import type { AuditKeys } from "../../audit/audit-keys.ts";
import type { Owner } from "../identity.ts";
import { appendAudit } from "./audit.ts";
import { findConversation } from "./conversations.ts";
import { forgetBodies } from "./idempotency-keys.ts";
import { isSqlite, type Tx } from "./reader.ts";
import { leaveRunningPlaces } from "./running-turns.ts";
import type { Schema } from "./schema.ts";
import { inTransaction } from "./transaction.ts";
import { findActiveTurn, lockTurns } from "./turns.ts";
import { settleUnowned } from "./usage.ts";

/** On whose word a conversation is erased, and what must hold for it. */
export interface Erasure {
  by: ErasedBy;
  nowMs: number;
  /** Only if nobody has used it since, and no turn of it is unfinished. ISO 8601. */
  idleSince?: string;
}

/** Removes a conversation with all that belongs to it; false: there is no such one. See `Store.deleteConversation`. */
export async function eraseConversation(
  tx: Tx,
  keys: AuditKeys,
  { owner, id }: { owner: Owner; id: string },
  { by, nowMs, idleSince }: Erasure,
): Promise<boolean> {
  if ((await findConversation(tx, owner, id)) === null) return false;
  await lockTurns(tx, id);
  if (idleSince !== undefined && (await findActiveTurn(tx, id)) !== null) return false;
  await leaveRunningPlaces(tx, id);
  // Whoever uses it at the same moment has changed this row, or finds it gone.
  const { numDeletedRows } = await tx
    .deleteFrom("conversations")
    .where("id", "=", id)
    .$if(idleSince !== undefined, (query) => query.where("updated_at", "<", idleSince ?? ""))
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  await tx.deleteFrom("events").where("conversation_id", "=", id).execute();
  await tx.deleteFrom("tool_calls").where("conversation_id", "=", id).execute();
  await tx.deleteFrom("remembered_approvals").where("conversation_id", "=", id).execute();
  await tx.deleteFrom("messages").where("conversation_id", "=", id).execute();
  await forgetBodies(tx, id);
  await appendAudit(tx, keys, { owner, conversationId: id, turnId: null }, [{ kind: "conversation_erased", by }]);
  // What was used today is counted although the text is gone: by the turn's owner, or here when it has none.
  await settleUnowned(tx, id, nowMs);
  await tx.deleteFrom("turns").where("conversation_id", "=", id).execute();
  return true;
}

/** See `Store.eraseIdleConversations`. Each in a transaction of its own: nobody waits for all of them. */
export async function eraseIdleConversations(
  database: Kysely<Schema>,
  keys: AuditKeys,
  { updatedBefore, limit }: { updatedBefore: string; limit: number },
): Promise<number> {
  const unfinished = database.selectFrom("turns").select("conversation_id").where("status", "!=", "done");
  const idle = await database
    .selectFrom("conversations")
    .select(["id", "issuer", "organization", "user"])
    .where("updated_at", "<", updatedBefore)
    .where("id", "not in", unfinished)
    .orderBy("updated_at")
    .limit(limit)
    .execute();
  let erased = 0;
  for (const { id, ...owner } of idle) {
    const erasure = { by: "retention", nowMs: Date.now(), idleSince: updatedBefore } as const;
    const isErased = await inTransaction(database, (tx) => eraseConversation(tx, keys, { owner, id }, erasure));
    if (isErased) erased += 1;
  }
  return erased;
}

/** See `Records.eraseUser`. */
export async function eraseUser(database: Kysely<Schema>, keys: AuditKeys, owner: Owner): Promise<number> {
  let erased = 0;
  while (true) {
    const { id } =
      (await database
        .selectFrom("conversations")
        .select("id")
        .where((where) => where.and({ ...owner }))
        .executeTakeFirst()) ?? {};
    if (id === undefined) break;
    const erasure = { by: "operator", nowMs: Date.now() } as const;
    if (await inTransaction(database, (tx) => eraseConversation(tx, keys, { owner, id }, erasure))) erased += 1;
  }
  await inTransaction(database, (tx) =>
    tx
      .deleteFrom("idempotency_keys")
      .where((where) => where.and({ ...owner }))
      .execute(),
  );
  await overwriteErased(database);
  return erased;
}

/** Longer nobody is kept waiting for readers in other processes: there is a next time. */
const CHECKPOINT_WAIT_MS = 100;
const WAIT_MS = 5000;

/**
 * In SQLite's main file deleted text is overwritten at once (`secure_delete`); the log beside it still has the pages as they
 * were until it is cut to nothing. PostgreSQL has no such command: see the README, "Privacy".
 */
export async function overwriteErased(database: Kysely<Schema>): Promise<boolean> {
  if (!isSqlite(database)) return true;
  return database.connection().execute(async (connection) => {
    await sql.raw(`pragma busy_timeout = ${CHECKPOINT_WAIT_MS}`).execute(connection);
    try {
      const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(connection);
      return rows[0]?.busy === 0;
    } finally {
      await sql.raw(`pragma busy_timeout = ${WAIT_MS}`).execute(connection);
    }
  });
}
