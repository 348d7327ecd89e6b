// SQLite runs transactions one after the other. PostgreSQL runs them side by side, as `read committed`: each takes the
// rows it will write before it reads what it decides by, and all take them in the same order, so that nobody waits in a
// circle:
//
//     turns · running_turns · conversations · what belongs to one conversation · audit_chains · reservations · usage_daily
//
// of audit_chains one, its user's, so that there is no order among them; and in usage_daily users first, then organizations, the total last, because everybody needs that one row: it is held
// for as short a time as possible. `serializable` would need no order, but then most of those who reserve at the same
// moment would have to try again, the more of them there are.

import { type Kysely, sql } from "kysely";
import { ChatError } from "../../errors.ts";
import { isSqlite, type Reader, type Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";

const ATTEMPTS = 5;
/** Serialization failure, deadlock: PostgreSQL has undone everything, and says that it may go well the next time. */
const REPEATABLE: ReadonlySet<unknown> = new Set(["40001", "40P01"]);

/** Everything that `work` writes, or nothing. It may be run again from its beginning. */
export async function inTransaction<Result>(
  database: Kysely<Schema>,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction().execute(work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isRepeatable(error)) throw error;
    }
  }
}

/** Everything that `work` reads is of the same moment. */
export function inSnapshot<Result>(database: Kysely<Schema>, work: (tx: Tx) => Promise<Result>): Promise<Result> {
  return database.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(work);
}

/**
 * The same for work that may take long: nobody waits for it, also in SQLite, where every other transaction begins as a
 * writer.
 */
export function inLongSnapshot<Result>(
  database: Kysely<Schema>,
  work: (reader: Reader) => Promise<Result>,
): Promise<Result> {
  const begin = isSqlite(database) ? "begin deferred" : "begin isolation level repeatable read read only";
  return database.connection().execute(async (connection) => {
    await sql.raw(begin).execute(connection);
    try {
      return await work(connection);
    } finally {
      await sql`rollback`.execute(connection);
    }
  });
}

function isRepeatable(error: unknown): boolean {
  const cause = error instanceof ChatError ? error.cause : error;
  return cause instanceof Error && "code" in cause && REPEATABLE.has(cause.code);
}
