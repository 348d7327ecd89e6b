import { existsSync } from "node:fs";
import { type Kysely, sql } from "kysely";
import type { AuditKeys } from "../../audit/audit-keys.ts";
import type { AuditReader } from "../../audit/verify-audit.ts";
import type { Owner } from "../identity.ts";
import { readAuditRow, readHead } from "./audit.ts";
import { eraseUser } from "./erasure.ts";
import { exportUser, type TakeRows } from "./export-user.ts";
import { openPostgres } from "./open-postgres.ts";
import { openSqlite } from "./open-sqlite.ts";
import type { DatabaseLocation } from "./open-store.ts";
import type { Schema } from "./schema.ts";

/** What an operator may ask of a database, also while servers work with it. Changes no tables. */
export interface Records {
  audit: AuditReader;
  /**
   * Everything that is stored of a user, as of one moment, table by table and row by row: no more is in memory than `take`
   * has to do with.
   */
  exportUser(owner: Owner, take: TakeRows): Promise<void>;
  /** Erases it, but for what they have used and the audit trail. Resolves with the number of conversations. */
  eraseUser(owner: Owner): Promise<number>;
  close(): Promise<void>;
}

/** Opens a database that a server has made. @throws Error when there is none */
export async function openRecords(location: DatabaseLocation, auditKeys: AuditKeys): Promise<Records> {
  const database = open(location);
  try {
    await sql`select 1 from audit_chains where chain = 0`.execute(database);
  } catch (cause) {
    await database.destroy();
    throw new Error("the database cannot be read, or no server has made its tables yet", { cause });
  }
  return {
    audit: createAuditReader(database),
    exportUser: (owner, take) => exportUser(database, auditKeys, owner, take),
    eraseUser: (owner) => eraseUser(database, auditKeys, owner),
    close: () => database.destroy(),
  };
}

function open(location: DatabaseLocation): Kysely<Schema> {
  if (location.type === "postgres") return openPostgres(location.url, { limits: "unbounded", onLost: () => undefined });
  if (!existsSync(location.path)) throw new Error(`there is no database at ${location.path}`);
  return openSqlite(location.path);
}

/** Reads the trail in an open database. */
export function createAuditReader(database: Kysely<Schema>): AuditReader {
  return {
    async heads() {
      return (await database.selectFrom("audit_chains").selectAll().execute()).map(readHead);
    },
    async rows(chain, afterPosition, limit) {
      const rows = await database
        .selectFrom("audit_entries")
        .selectAll()
        .where("chain", "=", chain)
        .where("position", ">", afterPosition)
        .orderBy("position")
        .limit(limit)
        .execute();
      return rows.map(readAuditRow);
    },
    async lastPositions() {
      const rows = await database
        .selectFrom("audit_entries")
        .select(({ fn }) => ["chain", fn.max("position").as("position")])
        .groupBy("chain")
        .execute();
      return new Map(rows.map(({ chain, position }) => [chain, position]));
    },
  };
}
