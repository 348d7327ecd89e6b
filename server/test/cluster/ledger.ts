import { setTimeout as pause } from "node:timers/promises";
import type { ServerEvent } from "@chat-bot/widget/protocol";
import { Pool } from "pg";
import type { Member } from "../faults/fault-user.ts";

/** What a scope has used and reserved on a day. */
export interface Balance {
  day: string;
  scope: "user" | "organization" | "global";
  id: string;
  used: number;
  reserved: number;
}

/** What was seen of the limits. */
export interface Watched {
  looks: number;
  above: Balance[];
}

const LOOK_EVERY_MS = 50;

/** An event as it is kept, and whose it is. */
export interface KeptEvent extends Member {
  turnId: string;
  data: ServerEvent;
}

const BALANCES = `
select day, scope, scope_id as id, coalesce(used, 0)::float8 as used, coalesce(reserved, 0)::float8 as reserved
  from usage_daily
  full join (
    select day, scope, scope_id, sum(tokens) as reserved from reservation_scopes group by day, scope, scope_id
  ) as booked using (day, scope, scope_id)`;

const EVENTS = `
select turn_id as "turnId", data, "user", organization
  from events join conversations on conversations.id = conversation_id
  order by conversation_id, seq`;

const OF_CONVERSATION: readonly [string, string][] = [
  ["conversations", "id = $1"],
  ["turns", "conversation_id = $1"],
  ["messages", "conversation_id = $1"],
  ["tool_calls", "conversation_id = $1"],
  ["remembered_approvals", "conversation_id = $1"],
  ["events", "conversation_id = $1"],
  ["running_turns", "turn_id in (select id from turns where conversation_id = $1)"],
  ["reservations", "turn_id in (select id from turns where conversation_id = $1)"],
];

/** What a cluster has written into its PostgreSQL, read beside its processes. */
export class Ledger implements AsyncDisposable {
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool({ connectionString: url, max: 2 });
    // A database that is stopped is the test's doing.
    this.#pool.on("error", () => undefined);
  }

  /** Of all scopes, at one moment. */
  async balances(): Promise<Balance[]> {
    return (await this.#pool.query<Balance>(BALANCES)).rows;
  }

  /**
   * Holds what is used and what is reserved besides against the limits, in one look after the other, until it is over.
   * Resolves with what was above one. While the database cannot be had there is nothing to see.
   */
  async watch(limits: Record<Balance["scope"], number>, over: AbortSignal): Promise<Watched> {
    const watched: Watched = { looks: 0, above: [] };
    let isLast = false;
    while (!isLast) {
      isLast = over.aborted;
      const balances = await this.balances().catch(() => null);
      if (balances !== null) watched.looks += 1;
      for (const balance of balances ?? []) {
        if (balance.used + balance.reserved > limits[balance.scope]) watched.above.push(balance);
      }
      await pause(LOOK_EVERY_MS);
    }
    return watched;
  }

  /** Turns that run. */
  runningTurns(): Promise<number> {
    return this.#count("select count(*)::int as count from turns where status = 'running'");
  }

  reservations(): Promise<number> {
    return this.#count("select count(*)::int as count from reservations");
  }

  /** Every event of all conversations, each conversation's in their order. */
  async events(): Promise<KeptEvent[]> {
    const { rows } = await this.#pool.query<Member & { turnId: string; data: string }>(EVENTS);
    return rows.map((row) => ({ ...row, data: JSON.parse(row.data) }));
  }

  /** Every row of a conversation, as text to compare. */
  async rowsOf(conversationId: string): Promise<string> {
    const tables = await Promise.all(
      OF_CONVERSATION.map(async ([table, condition]) => {
        const { rows } = await this.#pool.query<{ row: string }>(
          `select to_jsonb(rows)::text as row from ${table} as rows where ${condition} order by 1`,
          [conversationId],
        );
        return [`${table}:`, ...rows.map(({ row }) => row)].join("\n");
      }),
    );
    return tables.join("\n");
  }

  async #count(sql: string): Promise<number> {
    return (await this.#pool.query<{ count: number }>(sql)).rows[0]?.count ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}
