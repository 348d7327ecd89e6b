import { type Kysely, SqliteAdapter, type Transaction } from "kysely";
import type { Schema } from "./schema.ts";

/** A transaction: what is written in it is written together or not at all. */
export type Tx = Transaction<Schema>;

/** Whatever can be read from. */
export type Reader = Kysely<Schema> | Tx;

/** Whether it is SQLite that keeps the data, and not PostgreSQL. */
export function isSqlite(reader: Reader): boolean {
  return reader.getExecutor().adapter instanceof SqliteAdapter;
}

/** JSON that this store wrote itself is trusted: only migrations change its shape. */
export function parseRecord<Value>(json: string): Value {
  return JSON.parse(json);
}
