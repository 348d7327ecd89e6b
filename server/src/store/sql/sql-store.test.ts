import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aNewTurn } from "../../../test/records.ts";
import { POSTGRES, whereInstalled } from "../../../test/services/installed.ts";
import { type PostgresServer, startPostgres } from "../../../test/services/postgres-server.ts";
import { describeConcurrentStore } from "../concurrent-store.contract.ts";
import { describeStore } from "../store.contract.ts";
import type { Store } from "../store.ts";
import { openSqlite } from "./open-sqlite.ts";
import { openStore } from "./open-store.ts";
import { createSqlStore } from "./sql-store.ts";

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

async function newPath(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-store-"));
  directories.push(directory);
  return join(directory, "data", "chatbot.db");
}

const openFile = async (path?: string): Promise<Store> => createSqlStore(openSqlite(path ?? (await newPath())));

describeStore("SqlStore in memory", () => createSqlStore(openSqlite(":memory:")));
describeStore("SqlStore in a SQLite file", () => openFile());
describeConcurrentStore("SqlStore in a SQLite file, at the same moment", async () => [await openFile()]);

describe("SqlStore on a file that was there before", () => {
  it("finds what was stored, and migrates nothing twice", async () => {
    const path = await newPath();
    const first = await openFile(path);
    const created = aNewTurn();
    await first.createTurn(created);
    await first.close();
    const second = await openFile(path);
    expect(await second.findTurn(created.turn.id)).toEqual(created.turn);
    await second.close();
  });
});

whereInstalled([POSTGRES], () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
  });
  afterAll(() => server.remove());

  const open = (): Promise<Store> => openStore({ type: "postgres", url }, () => undefined);

  describeStore("SqlStore in PostgreSQL", async () => {
    await server.emptyDatabase(url);
    return open();
  });
  describeConcurrentStore("SqlStores of three processes in PostgreSQL, at the same moment", async () => {
    await server.emptyDatabase(url);
    return Promise.all([open(), open(), open()]);
  });
});
