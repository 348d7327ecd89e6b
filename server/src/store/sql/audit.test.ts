import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  aConversation,
  aNewTurn,
  anIdentity,
  anOwner,
  aPendingCall,
  aToolCall,
  aTurn,
  finishedState,
  NOW_MS,
} from "../../../test/records.ts";
import { POSTGRES, whereInstalled } from "../../../test/services/installed.ts";
import { type PostgresServer, startPostgres } from "../../../test/services/postgres-server.ts";
import { CHECKPOINT_CHAIN, headSeal, NO_HASH } from "../../audit/audit-chain.ts";
import { AuditKeys } from "../../audit/audit-keys.ts";
import { type AuditReport, verifyAudit } from "../../audit/verify-audit.ts";
import type { NewTurn, Store } from "../store.ts";
import { advanceToolCall, type ToolCallRecord } from "../tool-call-record.ts";
import { openPostgres } from "./open-postgres.ts";
import { openRecords } from "./open-records.ts";
import { openSqlite } from "./open-sqlite.ts";
import type { DatabaseLocation } from "./open-store.ts";
import { openStore } from "./open-store.ts";
import { isSqlite } from "./reader.ts";
import type { Schema } from "./schema.ts";

const KEY = "a key that only the operator of the server knows";
const LATER = new Date(NOW_MS + 60_000).toISOString();
const KINDS = [
  "approval_asked",
  "approval_decided",
  "approval_forgotten",
  "cancel_requested",
  "checkpoint",
  "conversation_erased",
  "limit_reached",
  "tool_dispatched",
  "tool_finished",
  "turn_admitted",
  "turn_ended",
];

type Row = Record<string, string | number | null>;

/** A database with a trail of every kind of row, and somebody who may change anything in it. */
interface Scene {
  location: DatabaseLocation;
  store: Store;
  intruder: Kysely<Schema>;
  verify(kept?: string, keys?: AuditKeys): Promise<AuditReport>;
}

/** All that can happen, to one user. */
async function live(store: Store, user: string): Promise<void> {
  const conversation = aConversation({ owner: anOwner({ user }) });
  const created = aNewTurn({ conversation, turn: aTurn(conversation) });
  const { turn } = created;
  await store.createTurn(created);
  const asked = aPendingCall(turn, LATER);
  const expiring = aPendingCall(turn, LATER, { ordinal: 1 });
  const remembered = aToolCall(turn, { ordinal: 2 });
  await move(store, created, null, asked);
  await move(store, created, null, expiring);
  await move(store, created, null, remembered);
  const approved: ToolCallRecord = {
    ...advanceToolCall(asked, { status: "approved" }),
    approval: asked.approval && {
      ...asked.approval,
      decision: { decision: "approved", decidedAt: turn.createdAt, reason: "because of a secret" },
    },
  };
  await store.decide({ call: approved, identity: anIdentity({ owner: conversation.owner }), remembered: true });
  for (const call of [approved, remembered]) {
    const dispatched = advanceToolCall(call, { status: "dispatched", attempt: 1, dispatchedAt: turn.createdAt });
    const clearance = call === remembered ? ({ clearance: "remembered" } as const) : {};
    await move(store, created, call.state.status, dispatched, clearance);
    await move(store, created, "dispatched", advanceToolCall(dispatched, finishedState()));
  }
  await store.forgetApproval(conversation.id, asked.name);
  await move(store, created, "pending", advanceToolCall(expiring, finishedState("", { outcome: "expired" })));
  await store.requestCancel(turn.id);
  await store.commit({
    conversationId: conversation.id,
    turnId: turn.id,
    fence: 1,
    events: [{ type: "done", turn_id: turn.id, reason: "cancelled" }],
    turn: { ...turn, state: { status: "done", reason: "cancelled" } },
  });
  await store.recordLimitReached(conversation.owner, conversation.id, "user");
  await store.writeCheckpoint();
  await store.deleteConversation(conversation.owner, conversation.id);
}

function move(
  store: Store,
  { conversation, turn }: NewTurn,
  from: ToolCallRecord["state"]["status"] | null,
  call: ToolCallRecord,
  more: { clearance?: "remembered" } = {},
): Promise<void> {
  const toolCalls = [{ from, call, ...more }];
  return store.commit({ conversationId: conversation.id, turnId: turn.id, fence: 1, events: [], toolCalls });
}

/** Somebody who is the database's owner and has taken its triggers away. */
async function breakIn(location: DatabaseLocation): Promise<Kysely<Schema>> {
  const database =
    location.type === "sqlite"
      ? openSqlite(location.path)
      : openPostgres(location.url, { limits: "unbounded", onLost: () => undefined });
  const statements =
    location.type === "sqlite"
      ? ["drop trigger audit_entries_stay_at_update", "drop trigger audit_entries_stay_at_delete"]
      : ["drop trigger audit_entries_stay on audit_entries"];
  for (const statement of statements) await sql.raw(statement).execute(database);
  return database;
}

/** `kinds` of rows that are changed one by one. */
function describeAudit(name: string, kinds: readonly string[], newLocation: () => Promise<DatabaseLocation>): void {
  describe(name, () => {
    async function start(keys: readonly string[] = []): Promise<Scene> {
      const location = await newLocation();
      const store = await openStore(location, () => undefined, new AuditKeys(keys));
      await live(store, "Zoë");
      await live(store, "Yusuf");
      const intruder = await breakIn(location);
      const records = await openRecords(location, new AuditKeys());
      onTestFinished(async () => {
        await Promise.all([store.close(), records.close(), intruder.destroy()]);
      });
      const verify: Scene["verify"] = (kept, given = new AuditKeys(keys)) =>
        verifyAudit(records.audit, given, kept ?? null);
      return { location, store, intruder, verify };
    }

    const rowsOf = (intruder: Kysely<Schema>): Promise<Row[]> =>
      intruder.selectFrom("audit_entries").selectAll().orderBy("chain").orderBy("position").execute();

    /** Undoes a change after it was looked at. */
    async function restore(intruder: Kysely<Schema>, rows: readonly Row[]): Promise<void> {
      await sql`delete from audit_entries`.execute(intruder);
      await intruder
        .insertInto("audit_entries")
        .values(rows as Schema["audit_entries"][])
        .execute();
    }

    it("tells everything that happened, and nothing that was said", async () => {
      const { intruder, verify } = await start();
      const rows = await rowsOf(intruder);
      expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(KINDS));
      const decided = rows
        .filter(({ kind }) => kind === "approval_decided")
        .map(({ details }) => JSON.parse(`${details}`));
      expect(decided.map(({ by, decision }) => `${by}: ${decision}`).slice(0, 3)).toEqual([
        "person: approved",
        "remembered: approved",
        "expired: denied",
      ]);
      expect(JSON.stringify(rows).match(/Zoë|Yusuf|example|Hello|secret|done"/)).toBeNull();
      expect((await verify()).faults).toEqual([]);
      expect((await verify()).rows).toBe(rows.length);
    });

    it(`shows every change of every column (${kinds.length} kinds of rows)`, async () => {
      const { intruder, verify } = await start();
      const rows = await rowsOf(intruder);
      const missed: string[] = [];
      for (const kind of kinds) {
        const row = rows.find((each) => each["kind"] === kind);
        if (row === undefined) throw new Error(`there is no ${kind}`);
        for (const [column, value] of Object.entries(row)) {
          const changed = typeof value === "number" ? value + 1000 : value === null ? "x" : `${value}x`;
          await change(intruder, row, column, changed);
          if ((await verify()).faults.length === 0) missed.push(`${kind}.${column}`);
          await restore(intruder, rows);
        }
      }
      expect(missed).toEqual([]);
      expect((await verify()).faults).toEqual([]);
    });

    it("shows every row that is missing, and names its place", async () => {
      const { intruder, verify } = await start();
      const rows = await rowsOf(intruder);
      const missed: string[] = [];
      for (const row of rows) {
        await remove(intruder, row);
        const { faults } = await verify();
        const named = faults.some(({ chain, position }) => chain === row["chain"] && position === row["position"]);
        if (!named) missed.push(`${row["chain"]}/${row["position"]}: ${JSON.stringify(faults)}`);
        await restore(intruder, rows);
      }
      expect(missed).toEqual([]);
    });

    it("shows rows that were swapped, added, or moved to another chain", async () => {
      const { intruder, verify } = await start();
      const rows = await rowsOf(intruder);
      const [first, second] = rows;
      const last = rows.at(-1);
      if (first === undefined || second === undefined || last === undefined) throw new Error("there are no rows");
      const { chain = 0, position = 0 } = first;
      const attempts: Record<string, Row[]> = {
        swapped: rows.map((row) =>
          row === first
            ? { ...second, chain, position }
            : row === second
              ? { ...first, position: second["position"] ?? 0 }
              : row,
        ),
        "put at the end": [...rows, { ...last, position: Number(last["position"]) + 1 }],
        "put before the first": [...rows, { ...first, position: 0 }],
        "put into a chain of its own": [...rows, { ...first, chain: 99 }],
        "put between": [
          ...rows.slice(0, 1),
          ...rows
            .slice(1)
            .map((row) => (row["chain"] === chain ? { ...row, position: Number(row["position"]) + 1 } : row)),
          { ...second },
        ],
        truncated: [],
      };
      for (const [attempt, changed] of Object.entries(attempts)) {
        await sql`delete from audit_entries`.execute(intruder);
        if (changed.length > 0)
          await intruder
            .insertInto("audit_entries")
            .values(changed as Schema["audit_entries"][])
            .execute();
        expect((await verify()).faults, attempt).not.toEqual([]);
      }
      await restore(intruder, rows);
      expect((await verify()).faults).toEqual([]);
    });

    it("shows every change of a head, and heads that are missing", async () => {
      const { intruder, verify } = await start();
      const heads = await intruder.selectFrom("audit_chains").selectAll().orderBy("chain").execute();
      const write = async (rows: readonly Row[]): Promise<void> => {
        await sql`delete from audit_chains`.execute(intruder);
        if (rows.length > 0)
          await intruder
            .insertInto("audit_chains")
            .values(rows as Schema["audit_chains"][])
            .execute();
      };
      // Those that have rows, and one that has none.
      const empty = heads.find(({ count }) => count === 0);
      for (const head of heads.filter((each) => each.count > 0 || each === empty)) {
        for (const [column, value] of Object.entries(head)) {
          const changed = typeof value === "number" ? value + 1000 : `${value}x`;
          await write(heads.map((each) => (each === head ? { ...each, [column]: changed } : each)));
          expect((await verify()).faults, `${head.chain}.${column}`).not.toEqual([]);
        }
        await write(heads.filter((each) => each !== head));
        expect((await verify()).faults, `${head.chain}`).not.toEqual([]);
      }
      await write([]);
      expect((await verify()).faults).not.toEqual([]);
      await write(heads);
      expect((await verify()).faults).toEqual([]);
    });

    it("shows by a checkpoint that was kept elsewhere that everything after was cut off and computed anew", async () => {
      const { store, intruder, verify } = await start();
      const before = { rows: await rowsOf(intruder), heads: await headsOf(intruder) };
      await live(store, "Zoë");
      const kept = (await store.writeCheckpoint()) ?? "";
      expect((await verify(kept)).faults).toEqual([]);
      await restore(intruder, before.rows);
      await sql`delete from audit_chains`.execute(intruder);
      await intruder.insertInto("audit_chains").values(before.heads).execute();
      // In itself what is left is sound: it is what was there before.
      expect((await verify()).faults).toEqual([]);
      expect((await verify(kept)).faults).toEqual([expect.objectContaining({ chain: CHECKPOINT_CHAIN })]);
      expect((await verify("1:nonsense")).faults).not.toEqual([]);
    });

    it("cannot be computed anew without its key", async () => {
      const { location, intruder, verify } = await start([KEY]);
      expect((await verify()).faults).toEqual([]);
      expect((await verify(undefined, new AuditKeys())).faults).not.toEqual([]);
      expect((await verify(undefined, new AuditKeys(["another key"]))).faults).not.toEqual([]);
      // Everything is taken away and told differently, as a server without the key would tell it.
      await sql`delete from audit_entries`.execute(intruder);
      for (let chain = 0; chain <= CHECKPOINT_CHAIN; chain += 1) {
        const first = { chain, count: 0, hash: NO_HASH, keyId: null };
        const seal = headSeal(first, new AuditKeys()) ?? "";
        const head = { count: 0, hash: NO_HASH, key_id: null, seal };
        await intruder.updateTable("audit_chains").set(head).where("chain", "=", chain).execute();
      }
      const forger = await openStore(location, () => undefined);
      onTestFinished(() => forger.close());
      await live(forger, "Zoë");
      expect((await verify(undefined, new AuditKeys())).faults).toEqual([]);
      expect((await verify()).faults).not.toEqual([]);
    });

    it("goes on under a new key, and under the first one where there was none", async () => {
      const { location, verify } = await start();
      for (const keys of [[KEY], ["the next key", KEY]]) {
        const store = await openStore(location, () => undefined, new AuditKeys(keys));
        onTestFinished(() => store.close());
        await live(store, "Zoë");
        expect((await verify(undefined, new AuditKeys(keys))).faults).toEqual([]);
      }
      expect((await verify(undefined, new AuditKeys([KEY, "the next key"]))).faults).not.toEqual([]);
    });

    it("is sound at every moment while others write to it", async () => {
      const { location, store, verify } = await start([KEY]);
      const second =
        location.type === "sqlite" ? store : await openStore(location, () => undefined, new AuditKeys([KEY]));
      if (second !== store) onTestFinished(() => second.close());
      const written = Promise.all(
        Array.from({ length: 12 }, (_, index) => live(index % 2 === 0 ? store : second, `user-${index % 5}-${index}`)),
      );
      const over = new AbortController();
      const ended = written.finally(() => over.abort());
      do {
        expect((await verify()).faults).toEqual([]);
      } while (!over.signal.aborted);
      await ended;
      const { faults, rows } = await verify();
      expect(faults).toEqual([]);
      expect(rows).toBeGreaterThan(12 * 12);
    });

    it("takes no change of its rows from anybody who does not change the tables", async () => {
      const location = await newLocation();
      const store = await openStore(location, () => undefined);
      onTestFinished(() => store.close());
      await live(store, "Zoë");
      const visitor =
        location.type === "sqlite"
          ? openSqlite(location.path)
          : openPostgres(location.url, { limits: "unbounded", onLost: () => undefined });
      onTestFinished(() => visitor.destroy());
      const statements = ["update audit_entries set kind = 'x'", "delete from audit_entries"];
      for (const statement of isSqlite(visitor) ? statements : [...statements, "truncate audit_entries"]) {
        await expect(sql.raw(statement).execute(visitor), statement).rejects.toThrow();
      }
    });
  });
}

async function change(intruder: Kysely<Schema>, row: Row, column: string, value: string | number): Promise<void> {
  await sql`update audit_entries set ${sql.ref(column)} = ${value} where chain = ${row["chain"]} and position = ${row["position"]}`.execute(
    intruder,
  );
}

async function remove(intruder: Kysely<Schema>, row: Row): Promise<void> {
  await sql`delete from audit_entries where chain = ${row["chain"]} and position = ${row["position"]}`.execute(
    intruder,
  );
}

function headsOf(intruder: Kysely<Schema>): Promise<Schema["audit_chains"][]> {
  return intruder.selectFrom("audit_chains").selectAll().execute();
}

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

describeAudit("The audit trail in a SQLite file", KINDS, async () => {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-audit-"));
  directories.push(directory);
  return { type: "sqlite", path: join(directory, "chatbot.db") };
});

whereInstalled([POSTGRES], () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());
  describeAudit("The audit trail in PostgreSQL", ["approval_decided"], async () => ({
    type: "postgres",
    url: await server.createDatabase(),
  }));
});
