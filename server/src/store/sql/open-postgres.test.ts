import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aNewTurn, NOW_MS } from "../../../test/records.ts";
import { POSTGRES, whereInstalled } from "../../../test/services/installed.ts";
import { type PostgresServer, startPostgres } from "../../../test/services/postgres-server.ts";
import { ChatError } from "../../errors.ts";
import type { Store } from "../store.ts";
import { openPostgres } from "./open-postgres.ts";
import { openStore } from "./open-store.ts";

const UNAVAILABLE = { name: "ChatError", code: "store_unavailable", status: 503, retryAfterSeconds: 5 };
/** What an answer may take at the most: some seconds, and a busy machine. */
const BOUNDED_MS = 10_000;

whereInstalled([POSTGRES], () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  const open = (url: string, onLost: (error: unknown) => void = () => undefined): Promise<Store> =>
    openStore({ type: "postgres", url }, onLost);

  describe("an empty database", () => {
    it("is migrated once, however many processes open it at the same moment", async () => {
      const url = await server.createDatabase();
      const stores = await Promise.all(Array.from({ length: 8 }, () => open(url)));
      const created = aNewTurn();
      await stores[0]?.createTurn(created);
      for (const store of stores) expect(await store.findTurn(created.turn.id)).toEqual(created.turn);
      await Promise.all(stores.map((store) => store.close()));
      const database = openPostgres(url, { limits: "bounded", onLost: () => undefined });
      const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(database);
      expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
      await database.destroy();
    });
  });

  describe("a database that cannot be used", () => {
    it("ends the start with an error that does not tell the password", async () => {
      const url = new URL(await server.createDatabase());
      url.password = "hunter2";
      const failing = open(url.href);
      await expect(failing).rejects.toMatchObject({ ...UNAVAILABLE, cause: { code: "28P01" } });
      await expect(failing.catch(wholeText)).resolves.not.toContain("hunter2");
    });

    it("is told as unavailable while it is down, and is used again when it is back", async () => {
      const lost: unknown[] = [];
      const store = await open(await server.createDatabase(), (error) => lost.push(error));
      const created = aNewTurn();
      await store.createTurn(created);
      await server.stop();
      await until(() => lost.length > 0);
      await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
      await expect(store.findTurn(created.turn.id)).rejects.toMatchObject(UNAVAILABLE);
      await expect(store.claimTurn(created.turn.id, "run", NOW_MS, NOW_MS)).rejects.toMatchObject(UNAVAILABLE);
      await server.restart();
      expect(await store.findTurn(created.turn.id)).toEqual(created.turn);
      await store.close();
    });

    it("is told as unavailable when it goes down in the middle of a transaction", async () => {
      const store = await open(await server.createDatabase());
      const scopes = [{ type: "global", id: "" } as const];
      const stopped = Promise.withResolvers<void>();
      const failing = store.reserve("2026-11-05", scopes, { turnId: "turn_1", fence: null }, () => {
        void server.stop().then(stopped.resolve, stopped.reject);
        return {
          id: "res_1",
          turnId: "turn_1",
          day: "2026-11-05",
          scopes,
          tokens: 1,
          inputTokens: null,
          estimatedInputTokens: 1,
          streamedBytes: 0,
        };
      });
      const outcome = failing.then(
        () => "booked",
        (error: unknown) => error,
      );
      await stopped.promise;
      const result = await outcome;
      await server.restart();
      const [balance] = await store.balances("2026-11-05", scopes);
      // Whichever of the two was faster: what was told is what is stored.
      if (result === "booked") expect(balance?.reserved).toBe(1);
      else expect(result).toMatchObject(UNAVAILABLE);
      await store.close();
    });
  });

  describe("rows that somebody else does not give back", () => {
    it("are waited for a bounded time, and are free when their transaction has been silent for too long", async () => {
      const url = await server.createDatabase();
      const store = await open(url);
      const created = aNewTurn();
      await store.createTurn(created);
      // A process that was stopped between two statements.
      const stopped = openPostgres(url, { limits: "bounded", onLost: () => undefined });
      const transaction = await stopped.startTransaction().execute();
      await transaction.updateTable("turns").set({ fence: 7 }).execute();
      const startedAt = performance.now();
      await until(() =>
        store.renewLease(created.turn.id, created.fence, NOW_MS + 120_000).then(
          (lease) => lease !== null,
          (error: unknown) => {
            if (error instanceof ChatError && error.code === "store_unavailable") return false;
            throw error;
          },
        ),
      );
      expect(performance.now() - startedAt).toBeLessThan(BOUNDED_MS);
      await expect(transaction.commit().execute()).rejects.toMatchObject(UNAVAILABLE);
      await expect(transaction.rollback().execute()).rejects.toMatchObject(UNAVAILABLE);
      expect(await store.findTurn(created.turn.id)).toEqual(created.turn);
      await stopped.destroy();
      await store.close();
    });

    it("make whoever waits too long give up", async () => {
      const url = await server.createDatabase();
      const store = await open(url);
      const created = aNewTurn();
      await store.createTurn(created);
      // This one may be silent for as long as it likes.
      const patient = openPostgres(url, { limits: "unbounded", onLost: () => undefined });
      const transaction = await patient.startTransaction().execute();
      await transaction.updateTable("turns").set({ fence: 7 }).execute();
      const startedAt = performance.now();
      const renewal = store.renewLease(created.turn.id, created.fence, NOW_MS + 120_000);
      await expect(renewal).rejects.toMatchObject(UNAVAILABLE);
      expect(performance.now() - startedAt).toBeLessThan(BOUNDED_MS);
      await transaction.rollback().execute();
      expect(await store.renewLease(created.turn.id, created.fence, NOW_MS + 120_000)).not.toBeNull();
      await patient.destroy();
      await store.close();
    });
  });

  describe("what is stored", () => {
    it.each([
      ["a NUL", "before\u0000after"],
      ["half of a surrogate pair", "before\ud83dafter"],
      ["everything else", "Ünïcödé 🚣 ‮ \\ ' \" \n"],
    ])("may hold %s", async (_title, text) => {
      const url = await server.createDatabase();
      const store = await open(url);
      const created = aNewTurn();
      const message = { ...created.message, content: [{ type: "text" as const, text }] };
      await store.createTurn({ ...created, message });
      expect((await store.loadHistory(created.conversation.id)).messages).toEqual([message]);
      await store.close();
    });
  });
});

/** Everything that a log could show of an error. */
function wholeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${JSON.stringify(error)} ${wholeText(error.cause)}`;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(5);
}
