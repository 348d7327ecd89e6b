import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { ChatError } from "../../errors.ts";
import type { Schema } from "./schema.ts";

/** Opens (and creates) a SQLite file. `path` may be `:memory:`. */
export function openSqlite(path: string): Kysely<Schema> {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec("pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full");
  // What is erased is gone from the pages it stood on, not only from the tables.
  database.exec("pragma secure_delete = on");
  return new Kysely<Schema>({ dialect: new Dialect({ database: adapt(database) }) });
}

/** Several processes may start on a new file at once: the first one migrates, in one transaction, and the others wait. */
class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** `node:sqlite` in the shape that Kysely's dialect expects. Statements are compiled once. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(text) {
      // A transaction that begins as a reader cannot always become a writer: all of ours write, so all begin as writers.
      const sql = text === "begin" ? "begin immediate" : text;
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = adaptStatement(database.prepare(sql));
        // Lists of changing length make new SQL each time: bounded, so that they cannot fill the memory.
        if (statements.size >= 500) statements.clear();
        statements.set(sql, statement);
      }
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => available(() => statement.all(...parameters.map(toInput))),
    run: (parameters) => available(() => statement.run(...parameters.map(toInput))),
    iterate: (parameters) => available(() => statement.iterate(...parameters.map(toInput))),
  };
}

/** A full disk, a broken file, a lock that is never given back: for everybody above, the store is not available. */
function available<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new ChatError("store_unavailable", { cause, retryAfterSeconds: 5 });
  }
}

function toInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  throw new TypeError(`cannot store a ${typeof value} in SQLite`);
}
