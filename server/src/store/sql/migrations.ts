import type { Kysely } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import { createAuditTables } from "./audit-tables.ts";
import type { Schema } from "./schema.ts";

const initial: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    const { schema } = database;
    await schema
      .createTable("conversations")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("issuer", "text", (column) => column.notNull())
      .addColumn("organization", "text", (column) => column.notNull())
      .addColumn("user", "text", (column) => column.notNull())
      .addColumn("title", "text", (column) => column.notNull())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("epoch", "text", (column) => column.notNull())
      .addColumn("last_seq", "bigint", (column) => column.notNull())
      .addColumn("tools", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addColumn("updated_at", "text", (column) => column.notNull())
      .execute();
    await schema
      .createIndex("conversations_of_owner")
      .on("conversations")
      .columns(["issuer", "organization", "user", "updated_at", "id"])
      .execute();
    await schema.createIndex("conversations_by_age").on("conversations").column("updated_at").execute();
    await schema
      .createTable("turns")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("conversation_id", "text", (column) => column.notNull())
      .addColumn("issuer", "text", (column) => column.notNull())
      .addColumn("organization", "text", (column) => column.notNull())
      .addColumn("user", "text", (column) => column.notNull())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("reason", "text")
      .addColumn("fence", "bigint", (column) => column.notNull())
      .addColumn("lease_expires_at_ms", "bigint", (column) => column.notNull())
      .addColumn("cancel_requested", "integer", (column) => column.notNull())
      .addColumn("record", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .execute();
    await schema.createIndex("turns_of_conversation").on("turns").columns(["conversation_id", "status"]).execute();
    await schema.createIndex("turns_by_status").on("turns").columns(["status", "lease_expires_at_ms"]).execute();
    await schema
      .createTable("running_turns")
      .addColumn("issuer", "text", (column) => column.notNull())
      .addColumn("organization", "text", (column) => column.notNull())
      .addColumn("user", "text", (column) => column.notNull())
      .addColumn("turn_id", "text", (column) => column.notNull().unique())
      .addPrimaryKeyConstraint("running_turns_key", ["issuer", "organization", "user"])
      .execute();
    await schema
      .createTable("idempotency_keys")
      .addColumn("issuer", "text", (column) => column.notNull())
      .addColumn("organization", "text", (column) => column.notNull())
      .addColumn("user", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("body_sha256", "text", (column) => column.notNull())
      .addColumn("turn_id", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("idempotency_keys_key", ["issuer", "organization", "user", "key"])
      .execute();
    await schema.createIndex("idempotency_keys_by_age").on("idempotency_keys").column("created_at").execute();
    await schema
      .createTable("messages")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("conversation_id", "text", (column) => column.notNull())
      .addColumn("turn_id", "text", (column) => column.notNull())
      .addColumn("position", "bigint", (column) => column.notNull())
      .addColumn("role", "text", (column) => column.notNull())
      .addColumn("content", "text", (column) => column.notNull())
      .addColumn("page", "text")
      .addColumn("stopped", "integer", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addUniqueConstraint("messages_in_order", ["conversation_id", "position"])
      .execute();
    await schema
      .createTable("tool_calls")
      .addColumn("conversation_id", "text", (column) => column.notNull())
      .addColumn("tool_use_id", "text", (column) => column.notNull())
      .addColumn("turn_id", "text", (column) => column.notNull())
      .addColumn("step", "integer", (column) => column.notNull())
      .addColumn("ordinal", "integer", (column) => column.notNull())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("expires_at", "text")
      .addColumn("record", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("tool_calls_key", ["conversation_id", "tool_use_id"])
      .execute();
    await schema.createIndex("tool_calls_of_turn").on("tool_calls").columns(["turn_id", "status"]).execute();
    await schema
      .createTable("remembered_approvals")
      .addColumn("conversation_id", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("title", "text", (column) => column.notNull())
      .addColumn("fingerprint", "text", (column) => column.notNull())
      .addColumn("decided_at", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("remembered_approvals_key", ["conversation_id", "name"])
      .execute();
    await schema
      .createTable("events")
      .addColumn("conversation_id", "text", (column) => column.notNull())
      .addColumn("seq", "bigint", (column) => column.notNull())
      .addColumn("turn_id", "text", (column) => column.notNull())
      .addColumn("type", "text", (column) => column.notNull())
      .addColumn("data", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("events_key", ["conversation_id", "seq"])
      .execute();
    await schema.createIndex("events_by_age").on("events").column("created_at").execute();
    await schema
      .createTable("usage_daily")
      .addColumn("day", "text", (column) => column.notNull())
      .addColumn("scope", "text", (column) => column.notNull())
      .addColumn("scope_id", "text", (column) => column.notNull())
      .addColumn("used", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("usage_daily_key", ["day", "scope", "scope_id"])
      .execute();
    await schema
      .createTable("reservations")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("turn_id", "text", (column) => column.notNull())
      .addColumn("day", "text", (column) => column.notNull())
      .addColumn("tokens", "bigint", (column) => column.notNull())
      .addColumn("input_tokens", "bigint")
      .addColumn("estimated_input_tokens", "bigint", (column) => column.notNull())
      .addColumn("streamed_bytes", "bigint", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .execute();
    await schema.createIndex("reservations_of_turn").on("reservations").column("turn_id").execute();
    await schema
      .createTable("reservation_scopes")
      .addColumn("reservation_id", "text", (column) => column.notNull())
      .addColumn("day", "text", (column) => column.notNull())
      .addColumn("scope", "text", (column) => column.notNull())
      .addColumn("scope_id", "text", (column) => column.notNull())
      .addColumn("tokens", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("reservation_scopes_key", ["reservation_id", "scope"])
      .execute();
    await schema
      .createIndex("reservation_scopes_by_scope")
      .on("reservation_scopes")
      .columns(["scope", "scope_id", "day"])
      .execute();
    await createAuditTables(database);
  },
};

/** In the order they are run; one that was released is never changed. */
const provider: MigrationProvider = {
  getMigrations: () => Promise.resolve({ "0001-initial": initial }),
};

/** Brings the database up to date. @throws what the failing migration threw. */
export async function migrate(database: Kysely<Schema>): Promise<void> {
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
