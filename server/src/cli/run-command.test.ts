import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { commandLine, type Said } from "../../test/command-line.ts";
import { aNewTurn, anOwner } from "../../test/records.ts";
import { AuditKeys } from "../audit/audit-keys.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import type { Store } from "../store/store.ts";
import { Workspace } from "../tools/workspace/workspace.ts";
import { runCommand } from "./run-command.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const ENV = { DATABASE_URL: "file:chatbot.db", CHATBOT_AUDIT_KEY: KEY };
const ADA = ["--issuer", anOwner().issuer, "--organization", "example", "--user", "ada"];

interface Scene {
  directory: string;
  path: string;
  store: Store;
  run(...words: string[]): Promise<Said>;
}

async function start(): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-cli-"));
  const path = join(directory, "chatbot.db");
  const store = await createSqlStore(openSqlite(path), new AuditKeys([KEY]));
  onTestFinished(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  return { directory, path, store, run: (...words) => commandLine(words, ENV, directory) };
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
    const { directory, store, run } = await start();
    const created = aNewTurn();
    await store.createTurn(created);
    const { output } = await run("export", ...ADA);
    expect(JSON.parse(output)).toMatchObject({ owner: anOwner(), conversations: [{ id: created.conversation.id }] });
    expect(await run("erase", ...ADA)).toEqual({
      exitCode: 0,
      output: `erased 1 conversations\nthere are no workspaces in ${directory}/workspace: is WORKSPACE_DIR that of the server?\n`,
    });
    expect(JSON.parse((await run("export", ...ADA)).output)).toMatchObject({ conversations: [], messages: [] });
    expect(await run("audit", "verify")).toMatchObject({ exitCode: 0 });
  });
});

describe("chat-bot-server erase", () => {
  it("takes the files of the user's workspace, of which export tells where they are, and of nobody else's", async () => {
    const { directory, run } = await start();
    const workspace = new Workspace({ directory: join(directory, "workspace") });
    for (const user of ["ada", "bob"]) {
      await using path = await workspace.openOrMake(anOwner({ user }), ["notes"]);
      await writeFile(path.last.entry("a.txt"), user);
    }
    const { workspace: home } = JSON.parse((await run("export", ...ADA)).output);
    expect(await readFile(join(home, "notes", "a.txt"), "utf8")).toBe("ada");
    const output = `erased 0 conversations\nerased 1 files in ${home}\n`;
    expect(await run("erase", ...ADA)).toEqual({ exitCode: 0, output });
    expect(existsSync(home)).toBe(false);
    const { workspace: bobs } = JSON.parse((await run("export", ...ADA.slice(0, -1), "bob")).output);
    expect(await readFile(join(bobs, "notes", "a.txt"), "utf8")).toBe("bob");
  });

  it("says when files are left", async () => {
    const { directory, store, run } = await start();
    await store.createTurn(aNewTurn());
    const { workspace: home } = JSON.parse((await run("export", ...ADA)).output);
    await mkdir(dirname(home), { recursive: true });
    await symlink(directory, home);
    const { exitCode, output } = await run("erase", ...ADA);
    expect([exitCode, output.startsWith(`erased 1 conversations\nNOT ERASED: ${home}`)]).toEqual([1, true]);
    expect(existsSync(join(directory, "chatbot.db"))).toBe(true);
  });
});

describe("chat-bot-server export", () => {
  it("says a document that is indented throughout", async () => {
    const { store, run } = await start();
    await store.createTurn(aNewTurn());
    const { output } = await run("export", ...ADA);
    expect(output).toBe(`${JSON.stringify(JSON.parse(output), null, 2)}\n`);
    const nobody = await run("export", ...ADA.slice(0, -1), "nobody");
    expect(nobody.output).toBe(`${JSON.stringify(JSON.parse(nobody.output), null, 2)}\n`);
  });

  it("reads on only when what it said was taken", async () => {
    const { directory, path, store } = await start();
    await talkAtLength(store, path, { events: 1000, bytes: 1000 });
    const said: string[] = [];
    const err = (): Promise<void> => expect.fail("there was nothing wrong");
    const out = async (piece: string): Promise<void> => {
      said.push(piece);
      if (piece.includes('"seq": 100,')) throw new Error("nobody listens any more");
    };
    await expect(runCommand(["export", ...ADA], ENV, directory, { out, err })).rejects.toThrow("nobody listens");
    expect(said.filter((piece) => piece.includes('"seq"'))).toHaveLength(100);
    expect(Math.max(...said.map(({ length }) => length))).toBeLessThan(3000);
  });

  it("has enough of little memory for a conversation of any length", { timeout: 60_000 }, async () => {
    const { directory, path, store } = await start();
    const bytes = 64 * 1024;
    await talkAtLength(store, path, { events: 1000, bytes });
    // Half of it is what the program itself takes: the text alone would not fit, far less the rows and the document.
    const main = fileURLToPath(new URL("../main.ts", import.meta.url));
    const child = spawn(process.execPath, ["--max-old-space-size=80", main, "export", ...ADA], {
      cwd: directory,
      env: { PATH: process.env["PATH"], ...ENV },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = once(child, "exit");
    const complaints = text(child.stderr);
    let length = 0;
    let events = 0;
    let end = "";
    for await (const line of createInterface({ input: child.stdout })) {
      length += line.length;
      if (line.startsWith('      "seq": ')) events += 1;
      end = line;
    }
    expect([await exited, await complaints]).toEqual([[0, null], ""]);
    expect(events).toBe(1000);
    expect(length).toBeGreaterThan(1000 * bytes);
    expect(end).toBe("}");
  });
});

/** A conversation of Ada's with so many events, each with so many bytes of text. */
async function talkAtLength(store: Store, path: string, size: { events: number; bytes: number }): Promise<void> {
  const created = aNewTurn({ events: [] });
  await store.createTurn(created);
  const writer = openSqlite(path);
  await sql`
    with recursive numbers(seq) as (select 1 union all select seq + 1 from numbers where seq < ${size.events})
    insert into events (conversation_id, seq, turn_id, type, data, created_at)
    select ${created.conversation.id}, seq, ${created.turn.id}, 'text', '"' || hex(zeroblob(${size.bytes / 2})) || '"', ''
    from numbers
  `.execute(writer);
  await writer.destroy();
}

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
    expect(await commandLine(["audit", "verify"], none, "/")).toEqual({ exitCode: 2, output });
  });
});
