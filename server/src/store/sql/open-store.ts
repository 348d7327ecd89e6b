import type { AuditKeys } from "../../audit/audit-keys.ts";
import type { Store } from "../store.ts";
import { migrate } from "./migrations.ts";
import { openPostgres } from "./open-postgres.ts";
import { openSqlite } from "./open-sqlite.ts";
import { createSqlStore } from "./sql-store.ts";

/** Which database it is: a SQLite file, which belongs to one machine, or PostgreSQL. */
export type DatabaseLocation = { type: "sqlite"; path: string } | { type: "postgres"; url: string };

/** Opens the store and brings its tables up to date. `onLost` hears of connections that are lost. */
export async function openStore(
  database: DatabaseLocation,
  onLost: (error: unknown) => void,
  auditKeys?: AuditKeys,
): Promise<Store> {
  if (database.type === "sqlite") return createSqlStore(openSqlite(database.path), auditKeys);
  const migrating = openPostgres(database.url, { limits: "unbounded", onLost });
  try {
    await migrate(migrating);
  } finally {
    await migrating.destroy();
  }
  return createSqlStore(openPostgres(database.url, { limits: "bounded", onLost }), auditKeys);
}
