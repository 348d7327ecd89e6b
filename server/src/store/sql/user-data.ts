import type { Kysely } from "kysely";
import { type AuditRow, chainOf } from "../../audit/audit-chain.ts";
import type { AuditKeys } from "../../audit/audit-keys.ts";
import { type Owner, ownerKey } from "../identity.ts";
import { readAuditRow } from "./audit.ts";
import { eraseConversation, overwriteErased } from "./erasure.ts";
import type { Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { inSnapshot, inTransaction } from "./transaction.ts";

/** A row as it is stored; what is JSON in it is parsed. */
type StoredRow = Record<string, unknown>;

/** Everything that is stored of a user, as of one moment, by the tables it is stored in. */
export interface UserExport {
  owner: Owner;
  conversations: StoredRow[];
  turns: StoredRow[];
  messages: StoredRow[];
  tool_calls: StoredRow[];
  remembered_approvals: StoredRow[];
  events: StoredRow[];
  idempotency_keys: StoredRow[];
  running_turns: StoredRow[];
  /** Tokens by the day. */
  usage_daily: StoredRow[];
  reservation_scopes: StoredRow[];
  audit_entries: readonly AuditRow[];
}

const JSON_COLUMNS: ReadonlySet<string> = new Set(["tools", "record", "content", "page", "data"]);

/** See `Records.exportUser`. */
export function exportUser(database: Kysely<Schema>, keys: AuditKeys, owner: Owner): Promise<UserExport> {
  return inSnapshot(database, async (tx) => {
    const mine = tx
      .selectFrom("conversations")
      .select("id")
      .where((where) => where.and({ ...owner }));
    const ofConversations = (
      table: "messages" | "tool_calls" | "remembered_approvals" | "events",
    ): Promise<StoredRow[]> => tx.selectFrom(table).selectAll().where("conversation_id", "in", mine).execute();
    const ofOwner = (table: "conversations" | "turns" | "idempotency_keys" | "running_turns"): Promise<StoredRow[]> =>
      tx
        .selectFrom(table)
        .selectAll()
        .where((where) => where.and({ ...owner }))
        .execute();
    const ofUser = (table: "usage_daily" | "reservation_scopes"): Promise<StoredRow[]> =>
      tx.selectFrom(table).selectAll().where("scope", "=", "user").where("scope_id", "=", ownerKey(owner)).execute();
    return {
      owner,
      conversations: parsed(await ofOwner("conversations")),
      turns: parsed(await ofOwner("turns")),
      messages: parsed(await ofConversations("messages")),
      tool_calls: parsed(await ofConversations("tool_calls")),
      remembered_approvals: await ofConversations("remembered_approvals"),
      events: parsed(await ofConversations("events")),
      idempotency_keys: await ofOwner("idempotency_keys"),
      running_turns: await ofOwner("running_turns"),
      usage_daily: await ofUser("usage_daily"),
      reservation_scopes: await ofUser("reservation_scopes"),
      audit_entries: await auditOf(tx, keys, owner),
    };
  });
}

async function auditOf(tx: Tx, keys: AuditKeys, owner: Owner): Promise<AuditRow[]> {
  const rows = await tx
    .selectFrom("audit_entries")
    .selectAll()
    .where("chain", "=", chainOf(ownerKey(owner)))
    .where("user_key", "in", keys.pseudonyms(owner.issuer, owner.organization, owner.user))
    .orderBy("position")
    .execute();
  return rows.map(readAuditRow);
}

/** What is JSON in a row is shown as what it says. */
function parsed(rows: readonly StoredRow[]): StoredRow[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        JSON_COLUMNS.has(name) && typeof value === "string" ? JSON.parse(value) : value,
      ]),
    ),
  );
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
