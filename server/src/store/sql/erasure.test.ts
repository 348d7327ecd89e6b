import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  aConversation,
  aNewTurn,
  anAnswer,
  anOwner,
  aPendingCall,
  aTurn,
  aUserMessage,
  finishedState,
} from "../../../test/records.ts";
import { POSTGRES, whereInstalled } from "../../../test/services/installed.ts";
import { type PostgresServer, startPostgres } from "../../../test/services/postgres-server.ts";
import { AuditKeys } from "../../audit/audit-keys.ts";
import { verifyAudit } from "../../audit/verify-audit.ts";
import { ownerKey } from "../identity.ts";
import type { NewTurn, Store } from "../store.ts";
import { advanceToolCall, type ToolCallRecord } from "../tool-call-record.ts";
import { tidyStore } from "../upkeep.ts";
import { openPostgres } from "./open-postgres.ts";
import { openRecords, type Records } from "./open-records.ts";
import { openSqlite } from "./open-sqlite.ts";
import { type DatabaseLocation, openStore } from "./open-store.ts";
import type { Schema } from "./schema.ts";

const NONE = new AuditKeys();
const DAY_MS = 24 * 60 * 60_000;
const SCOPE = { type: "user", id: ownerKey(anOwner()) } as const;

interface Scene {
  store: Store;
  records: Records;
  /** The names of all tables that hold this text in some row. */
  tablesWith(text: string): Promise<string[]>;
}

/** A conversation that says the same word wherever words are stored. */
async function say(store: Store, word: string, owner = anOwner(), updatedAt?: string): Promise<NewTurn> {
  const conversation = aConversation({
    owner,
    title: word,
    tools: [{ name: word, server: word, description: word, inputSchema: {}, fingerprint: "f", streamInput: false }],
    ...(updatedAt === undefined ? {} : { updatedAt }),
  });
  const turn = aTurn(conversation);
  const created = aNewTurn({
    conversation,
    turn,
    // Longer than a page of the database: what does not fit in a row is stored elsewhere.
    message: aUserMessage(turn, { content: [{ type: "text", text: `${word} `.repeat(2000) }], page: { title: word } }),
    events: [{ type: "text", block: 0, offset: 0, text: word }],
    idempotency: { key: word, bodySha256: `hash of ${word}` },
  });
  await store.createTurn(created);
  const call: ToolCallRecord = {
    ...aPendingCall(turn, turn.createdAt),
    title: word,
    input: { text: word },
  };
  await commit(store, created, { toolCalls: [{ from: null, call }], messages: [anAnswer(turn)] });
  const approved: ToolCallRecord = {
    ...advanceToolCall(call, { status: "approved" }),
    approval: call.approval && {
      ...call.approval,
      description: word,
      decision: { decision: "approved", decidedAt: turn.createdAt, reason: word },
    },
  };
  await store.decide({ call: approved, identity: { ...turn.identity, name: word }, remembered: true });
  const dispatched = advanceToolCall(approved, { status: "dispatched", attempt: 1, dispatchedAt: turn.createdAt });
  await commit(store, created, { toolCalls: [{ from: "approved", call: dispatched }] });
  const finished = advanceToolCall(dispatched, finishedState(word));
  await commit(store, created, { toolCalls: [{ from: "dispatched", call: finished }] });
  return created;
}

function commit(store: Store, { conversation, turn }: NewTurn, more: object): Promise<void> {
  return store.commit({ conversationId: conversation.id, turnId: turn.id, fence: 1, events: [], ...more });
}

async function end(store: Store, created: NewTurn): Promise<void> {
  const { turn } = created;
  await commit(store, created, {
    events: [{ type: "done", turn_id: turn.id, reason: "end_turn" }],
    turn: { ...turn, state: { status: "done", reason: "end_turn" } },
  });
}

async function use(store: Store, tokens: number): Promise<void> {
  const reservation = await store.reserve("2026-11-05", [SCOPE], { turnId: "turn_x", fence: null }, () => ({
    id: "res_1",
    turnId: "turn_x",
    day: "2026-11-05",
    scopes: [SCOPE],
    tokens,
    inputTokens: null,
    estimatedInputTokens: 1,
    streamedBytes: 0,
  }));
  await store.settle(reservation?.id ?? "", tokens);
}

function describeErasure(name: string, newLocation: () => Promise<DatabaseLocation>): void {
  describe(name, () => {
    async function start(): Promise<Scene & { location: DatabaseLocation }> {
      const location = await newLocation();
      const store = await openStore(location, () => undefined);
      const records = await openRecords(location, NONE);
      const reader = openReader(location);
      onTestFinished(async () => {
        await Promise.all([store.close(), records.close(), reader.destroy()]);
      });
      return { location, store, records, tablesWith: (text) => findTables(reader, text) };
    }

    it("leaves not a word of a conversation in any table, and every word of others", async () => {
      const { store, records, tablesWith } = await start();
      const erased = await say(store, "CANARY");
      const kept = await say(store, "PARROT", anOwner({ user: "eve" }));
      await use(store, 5);
      const holding = ["conversations", "events", "messages", "remembered_approvals", "tool_calls", "turns"];
      expect(await tablesWith("CANARY")).toEqual([...holding, "idempotency_keys"].toSorted(compare));
      expect(await store.deleteConversation(anOwner(), erased.conversation.id)).toBe(true);
      expect(await tablesWith("CANARY")).toEqual([]);
      expect(await tablesWith(erased.conversation.id)).toEqual(["audit_entries"]);
      expect(await tablesWith("PARROT")).toEqual([...holding, "idempotency_keys"].toSorted(compare));
      expect(await store.loadTurn(kept.turn.id)).not.toBeNull();
      expect(await store.balances("2026-11-05", [SCOPE])).toEqual([{ scope: SCOPE, used: 5, reserved: 0 }]);
      expect((await verifyAudit(records.audit, NONE, null)).faults).toEqual([]);
    });

    it("erases what nobody has used for longer than it is kept", async () => {
      const { store, tablesWith } = await start();
      const old = await say(store, "CANARY");
      await end(store, old);
      const running = await say(store, "PARROT", anOwner({ user: "eve" }));
      const { updatedAt } = (await store.findConversation(anOwner(), old.conversation.id)) ?? old.conversation;
      const lastUsedMs = Date.parse(updatedAt);
      await tidyStore(store, 30, lastUsedMs + 30 * DAY_MS);
      expect(await tablesWith("CANARY")).toContain("messages");
      await tidyStore(store, 30, lastUsedMs + 30 * DAY_MS + 1);
      expect(await tablesWith("CANARY")).toEqual([]);
      expect(await store.loadTurn(running.turn.id)).not.toBeNull();
    });

    it("gives out everything that is stored of a user, and erases it", async () => {
      const { store, records, tablesWith } = await start();
      const owner = anOwner();
      const first = await say(store, "CANARY");
      await end(store, first);
      await say(store, "CANARY 2");
      await say(store, "PARROT", anOwner({ user: "eve" }));
      await use(store, 5);
      const stored = await exported(records);
      for (const table of ["conversations", "turns", "messages", "tool_calls", "remembered_approvals", "events"]) {
        expect(JSON.stringify(stored.get(table)), table).toContain("CANARY 2");
      }
      expect(stored.get("usage_daily")).toEqual([expect.objectContaining({ used: 5 })]);
      const audit = stored.get("audit_entries") ?? [];
      expect(audit.map(({ kind }) => kind)).toContain("tool_dispatched");
      expect(JSON.stringify([...stored])).not.toContain("PARROT");
      expect(stored.get("tool_calls")?.[0]).toMatchObject({ record: { input: { text: expect.any(String) } } });

      expect(await records.eraseUser(owner)).toBe(2);
      expect(await tablesWith("CANARY")).toEqual([]);
      expect(await tablesWith("PARROT")).toContain("messages");
      const left = await exported(records);
      const kept = [...left].filter(([, rows]) => rows.length > 0).map(([table, rows]) => [table, rows.length]);
      expect(kept).toEqual([
        ["usage_daily", 1],
        ["audit_entries", audit.length + 2],
      ]);
      expect((await verifyAudit(records.audit, NONE, null)).faults).toEqual([]);
    });

    it("gives out every row, in order, however many there are", async () => {
      const { store, records } = await start();
      const created: NewTurn[] = [];
      for (let count = 0; count < 40; count += 1) {
        for (const last of created.slice(-1)) await end(store, last);
        created.push(await say(store, `CANARY ${count}`));
      }
      const { conversation, turn } = created.at(-1) ?? aNewTurn();
      const texts = Array.from(
        { length: 100 },
        (_, offset) => ({ type: "text", block: 0, offset, text: "." }) as const,
      );
      await store.commit({ conversationId: conversation.id, turnId: turn.id, fence: 1, events: texts });
      const stored = await exported(records);
      const ids = created.map((each) => each.conversation.id).toSorted(compare);
      expect(stored.get("conversations")?.map(({ id }) => id)).toEqual(ids);
      expect(stored.get("turns")).toHaveLength(40);
      const events = stored.get("events")?.filter((row) => row["conversation_id"] === conversation.id) ?? [];
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events).toHaveLength((await store.readEvents(conversation.id, 0, 1000)).length);
    });

    it("gives it out as of one moment, and lets servers write meanwhile", async () => {
      const { store, records } = await start();
      const first = await say(store, "CANARY");
      await end(store, first);
      const conversations = new Set<unknown>();
      let written = 0;
      await records.exportUser(anOwner(), async (_table, rows) => {
        for await (const row of rows) conversations.add(row["conversation_id"] ?? row["conversationId"] ?? row["id"]);
        await end(store, await say(store, `CANARY ${written}`));
        written += 1;
      });
      expect(written).toBeGreaterThan(5);
      expect(conversations.has(first.conversation.id)).toBe(true);
      for (const { id } of await store.listConversations(anOwner(), { limit: 100, before: null })) {
        expect(conversations.has(id)).toBe(id === first.conversation.id);
      }
    });

    it("leaves nothing in the files either, where the database lets it", async () => {
      const { location, store } = await start();
      if (location.type !== "sqlite") return;
      const files = ["", "-wal", "-shm"].map((suffix) => `${location.path}${suffix}`);
      const holding = (word: string): string[] =>
        files.filter((file) => existsSync(file) && readFileSync(file).includes(word));
      const erased = await say(store, "CANARY");
      await say(store, "PARROT", anOwner({ user: "eve" }));
      await store.overwriteErased();
      expect(holding("CANARY")).toEqual([location.path]);
      await store.deleteConversation(anOwner(), erased.conversation.id);
      expect(await store.overwriteErased()).toBe(true);
      expect(holding("CANARY")).toEqual([]);
      expect(holding("PARROT")).toEqual([location.path]);
    });
  });
}

function openReader(location: DatabaseLocation): Kysely<Schema> {
  if (location.type === "sqlite") return openSqlite(location.path);
  return openPostgres(location.url, { limits: "unbounded", onLost: () => undefined });
}

/** What is given out of Ada, by table. */
async function exported(records: Records): Promise<Map<string, Record<string, unknown>[]>> {
  const tables = new Map<string, Record<string, unknown>[]>();
  await records.exportUser(anOwner(), async (table, rows) => {
    const all: Record<string, unknown>[] = [];
    for await (const row of rows) all.push(row);
    tables.set(table, all);
  });
  return tables;
}

async function findTables(reader: Kysely<Schema>, text: string): Promise<string[]> {
  const tables = (await reader.introspection.getTables()).filter((table) => !table.name.startsWith("kysely"));
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<object>`select * from ${sql.table(name)}`.execute(reader);
    if (JSON.stringify(rows).includes(text)) found.push(name);
  }
  return found.toSorted(compare);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

describeErasure("Erasing in a SQLite file", async () => {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-erasure-"));
  directories.push(directory);
  return { type: "sqlite", path: join(directory, "chatbot.db") };
});

whereInstalled([POSTGRES], () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());
  describeErasure("Erasing in PostgreSQL", async () => ({ type: "postgres", url: await server.createDatabase() }));
});
