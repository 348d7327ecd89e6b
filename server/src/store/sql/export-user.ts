import { type Kysely, type RawBuilder, sql } from "kysely";
import { chainOf } from "../../audit/audit-chain.ts";
import type { AuditKeys } from "../../audit/audit-keys.ts";
import { type Owner, ownerKey } from "../identity.ts";
import { readAuditRow } from "./audit.ts";
import type { Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { inLongSnapshot } from "./transaction.ts";

/** A row as it is stored; what is JSON in it is parsed. */
type StoredRow = Record<string, unknown>;

/** Takes one table's rows of a user; the next table waits for it. */
export type TakeRows = (table: string, rows: AsyncIterable<StoredRow>) => Promise<void>;

interface UserTable {
  name: keyof Schema;
  /** By what its rows are a user's. */
  of: "owner" | "conversation" | "scope" | "trail";
  /** The column that then tells one row from another. */
  key: string;
}

const CONVERSATIONS: UserTable = { name: "conversations", of: "owner", key: "id" };

/** All that hold something of a user, in the order in which they are given out. */
const TABLES: readonly UserTable[] = [
  CONVERSATIONS,
  { name: "turns", of: "conversation", key: "id" },
  { name: "messages", of: "conversation", key: "position" },
  { name: "tool_calls", of: "conversation", key: "tool_use_id" },
  { name: "remembered_approvals", of: "conversation", key: "name" },
  { name: "events", of: "conversation", key: "seq" },
  { name: "idempotency_keys", of: "owner", key: "key" },
  { name: "running_turns", of: "owner", key: "turn_id" },
  { name: "usage_daily", of: "scope", key: "day" },
  { name: "reservation_scopes", of: "scope", key: "reservation_id" },
  { name: "audit_entries", of: "trail", key: "position" },
];

const JSON_COLUMNS: ReadonlySet<string> = new Set(["tools", "record", "content", "page", "data"]);
/** All that is in memory at a time; one may have some hundred KB. */
const ROWS_AT_ONCE = 32;

/** See `Records.exportUser`. */
export function exportUser(database: Kysely<Schema>, keys: AuditKeys, owner: Owner, take: TakeRows): Promise<void> {
  return inLongSnapshot(database, async (reader) => {
    for (const table of TABLES) await take(table.name, rowsOf(reader, keys, owner, table));
  });
}

async function* rowsOf(
  reader: Reader,
  keys: AuditKeys,
  owner: Owner,
  table: UserTable,
): AsyncGenerator<StoredRow, void> {
  const { issuer, organization, user } = owner;
  const isOwner = sql`issuer = ${issuer} and organization = ${organization} and ${sql.ref("user")} = ${user}`;
  switch (table.of) {
    case "owner":
      for await (const row of rowsWhere(reader, table, isOwner)) yield parsed(row);
      return;
    case "conversation":
      // One after the other: so each page is found by an index.
      for await (const { id } of rowsWhere(reader, CONVERSATIONS, isOwner)) {
        for await (const row of rowsWhere(reader, table, sql`conversation_id = ${id}`)) yield parsed(row);
      }
      return;
    case "scope":
      yield* rowsWhere(reader, table, sql`scope = 'user' and scope_id = ${ownerKey(owner)}`);
      return;
    case "trail": {
      const pseudonyms = sql.join(keys.pseudonyms(issuer, organization, user));
      const isUser = sql`chain = ${chainOf(ownerKey(owner))} and user_key in (${pseudonyms})`;
      const rows = rowsWhere<Schema["audit_entries"]>(reader, table, isUser);
      for await (const row of rows) yield { ...readAuditRow(row) };
    }
  }
}

/** Page by page, in the order of the table's key. */
async function* rowsWhere<Row extends StoredRow = StoredRow>(
  reader: Reader,
  { name, key }: UserTable,
  condition: RawBuilder<unknown>,
): AsyncGenerator<Row, void> {
  const [table, column, limit] = [sql.table(name), sql.ref(key), sql.lit(ROWS_AT_ONCE)];
  let more = condition;
  while (true) {
    const page = sql<Row>`select * from ${table} where ${more} order by ${column} limit ${limit}`;
    const { rows } = await page.execute(reader);
    yield* rows;
    if (rows.length < ROWS_AT_ONCE) return;
    more = sql`${condition} and ${column} > ${rows.at(-1)?.[key]}`;
  }
}

/** What is JSON in a row is shown as what it says. */
function parsed(row: StoredRow): StoredRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      JSON_COLUMNS.has(name) && typeof value === "string" ? JSON.parse(value) : value,
    ]),
  );
}
