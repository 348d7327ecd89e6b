import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { aNewTurn, anOwner } from "../../test/records.ts";
import { AuditKeys } from "../audit/audit-keys.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import type { Store } from "../store/store.ts";
import type { CommandResult } from "./command.ts";
import { runCommand } from "./run-command.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const ADA = ["--issuer", anOwner().issuer, "--organization", "example", "--user", "ada"];

async function start(): Promise<{ path: string; store: Store; run(...words: string[]): Promise<CommandResult> }> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-cli-"));
  const path = join(directory, "chatbot.db");
  const store = await createSqlStore(openSqlite(path), new AuditKeys([KEY]));
  onTestFinished(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  const env = { DATABASE_URL: "file:chatbot.db", CHATBOT_AUDIT_KEY: KEY };
  return { path, store, run: (...words) => runCommand(words, env, directory) };
}

describe("chat-bot-server audit", () => {
  it("verifies a trail beside the server, and tells where it stands", async () => {
    const { store, run } = await start();
    await store.createTurn(aNewTurn());
    const checkpoint = (await store.writeCheckpoint()) ?? "";
    const { exitCode, output } = await run("audit", "verify", "--checkpoint", checkpoint);
    expect(output).toBe(`19 rows in 17 chains, signed\nnewest checkpoint: ${checkpoint}\nsound\n`);
    expect(exitCode).toBe(0);
  });

  it("names the chain and the row that is not as it was written", async () => {
    const { path, store, run } = await start();
    await store.createTurn(aNewTurn());
    const intruder = openSqlite(path);
    await sql`drop trigger audit_entries_stay_at_update`.execute(intruder);
    await sql`update audit_entries set turn_id = 'turn_x' where kind = 'turn_admitted'`.execute(intruder);
    const [changed] = await intruder
      .selectFrom("audit_entries")
      .select("chain")
      .where("turn_id", "=", "turn_x")
      .execute();
    await intruder.destroy();
    const { exitCode, output } = await run("audit", "verify");
    expect(output).toContain(`chain ${changed?.chain}, row 2: it was changed\nNOT SOUND\n`);
    expect(exitCode).toBe(1);
  });

  it("misses a checkpoint that is not in the trail", async () => {
    const { run } = await start();
    expect(await run("audit", "verify", "--checkpoint", `3:${"a".repeat(64)}`)).toMatchObject({ exitCode: 1 });
  });

  it("gives out the trail line by line", async () => {
    const { store, run } = await start();
    const created = aNewTurn();
    await store.createTurn(created);
    const { output } = await run("audit", "export");
    const rows = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(18);
    expect(rows.filter(({ kind }) => kind === "turn_admitted")).toMatchObject([
      { turnId: created.turn.id, details: {} },
    ]);
  });
});

describe("chat-bot-server export and erase", () => {
  it("give out what is stored of a user, and erase it", async () => {
    const { store, run } = await start();
    const created = aNewTurn();
    await store.createTurn(created);
    const { output } = await run("export", ...ADA);
    expect(JSON.parse(output)).toMatchObject({ owner: anOwner(), conversations: [{ id: created.conversation.id }] });
    expect(await run("erase", ...ADA)).toEqual({ exitCode: 0, output: "erased 1 conversations\n" });
    expect(JSON.parse((await run("export", ...ADA)).output)).toMatchObject({ conversations: [], messages: [] });
    expect(await run("audit", "verify")).toMatchObject({ exitCode: 0 });
  });
});

describe("chat-bot-server", () => {
  it.each([
    ["an unknown command", ["nonsense"]],
    ["half a command", ["audit"]],
    ["an unknown option", ["audit", "verify", "--nonsense"]],
    ["an option of another command", ["audit", "verify", "--user", "ada"]],
    ["a user who is not named in full", ["erase", "--user", "ada"]],
  ])("answers %s with what there is", async (_title, words) => {
    const { run } = await start();
    const { exitCode, output } = await run(...words);
    expect([exitCode, output.includes("audit verify")]).toEqual([2, true]);
  });

  it("makes no database where there is none", async () => {
    const none = { DATABASE_URL: "file:/nowhere/chatbot.db" };
    const output = "there is no database at /nowhere/chatbot.db\n";
    expect(await runCommand(["audit", "verify"], none, "/")).toEqual({ exitCode: 2, output });
  });
});
