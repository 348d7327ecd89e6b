import { type Kysely, PostgresAdapter, sql } from "kysely";
import { CHECKPOINT_CHAIN, headSeal, NO_HASH } from "../../audit/audit-chain.ts";
import { AuditKeys } from "../../audit/audit-keys.ts";

/** The audit trail's tables with the heads of its empty chains, part of a migration. Rows can only be added. */
export async function createAuditTables(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable("audit_entries")
    .addColumn("chain", "integer", (column) => column.notNull())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addColumn("recorded_at", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("user_key", "text")
    .addColumn("organization_key", "text")
    .addColumn("conversation_id", "text")
    .addColumn("turn_id", "text")
    .addColumn("tool_use_id", "text")
    .addColumn("details", "text", (column) => column.notNull())
    .addColumn("key_id", "text")
    .addColumn("previous_hash", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("audit_entries_key", ["chain", "position"])
    .execute();
  await schema
    .createTable("audit_chains")
    .addColumn("chain", "integer", (column) => column.primaryKey())
    .addColumn("count", "bigint", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("key_id", "text")
    .addColumn("seal", "text", (column) => column.notNull())
    .execute();
  const keys = new AuditKeys();
  for (let chain = 0; chain <= CHECKPOINT_CHAIN; chain += 1) {
    const head = { chain, count: 0, hash: NO_HASH, keyId: null };
    const seal = headSeal(head, keys);
    await sql`insert into audit_chains values (${chain}, 0, ${NO_HASH}, null, ${seal})`.execute(database);
  }
  // Whoever may change the tables themselves can take this away: the chain is for them, this is for everybody else.
  const isPostgres = database.getExecutor().adapter instanceof PostgresAdapter;
  for (const statement of isPostgres ? KEEP_ROWS_IN_POSTGRES : KEEP_ROWS_IN_SQLITE) {
    await sql.raw(statement).execute(database);
  }
}

const REFUSAL = "audit entries are never changed or removed";

const KEEP_ROWS_IN_POSTGRES = [
  `create function refuse_audit_change() returns trigger language plpgsql as $$
   begin raise exception '${REFUSAL}'; end $$`,
  `create trigger audit_entries_stay before update or delete or truncate on audit_entries
   for each statement execute function refuse_audit_change()`,
];

const KEEP_ROWS_IN_SQLITE = ["update", "delete"].map(
  (change) =>
    `create trigger audit_entries_stay_at_${change} before ${change} on audit_entries
     begin select raise(abort, '${REFUSAL}'); end`,
);
