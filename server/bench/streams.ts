// npm run bench -w server: what one process of the server carries, in under a minute. Turns stream text from a scripted
// Claude, which writes as fast as a real one; readers and Claude run in this process, the server alone in its own. The
// store is SQLite in a temporary folder, or what DATABASE_URL and REDIS_URL name.

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createScriptedClaude } from "../../demo/src/scripted-claude/server.ts";
import { readFrames } from "../test/faults/event-frames.ts";
import { AUDIENCE, FaultUser, ISSUER } from "../test/faults/fault-user.ts";
import { startProcess } from "../test/faults/server-process.ts";

/** So many people are answered at the same time. */
const CROWDS = [1, 10, 50, 100];
/** An answer of about 170 words, in pieces of a few characters. */
const PIECES = 100;
const PIECE_EVERY_MS = 20;
const ANSWER = "The river carries every boat, whoever rows it. ";
const ANSWER_REPEATS = 20;
const WAITING_TURNS = 100;
/** As many as the server allows one person. */
const STREAMS_PER_TURN = 3;
const METRICS_TOKEN = "bench";

interface Cost {
  cpuSeconds: number;
  residentBytes: number;
}

type Row = readonly (string | number)[];

const directory = await mkdtemp(join(tmpdir(), "chat-bot-bench-"));
const secret = randomBytes(32).toString("hex");
const claude = await createScriptedClaude({ delayMs: PIECE_EVERY_MS });
const { DATABASE_URL = `file:${join(directory, "chatbot.db")}`, REDIS_URL = "" } = process.env;
const server = await startProcess(new URL("../src/main.ts", import.meta.url), {
  PORT: "0",
  ANTHROPIC_API_KEY: "key",
  ANTHROPIC_BASE_URL: claude.url,
  CHATBOT_JWT_ISSUER: ISSUER,
  CHATBOT_JWT_AUDIENCE: AUDIENCE,
  CHATBOT_JWT_SECRET: secret,
  CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: "1000000000",
  DATABASE_URL,
  REDIS_URL,
  WORKSPACE_DIR: join(directory, "workspace"),
  LOG_LEVEL: "info",
  METRICS_TOKEN,
});

try {
  await runCrowd(20);
  const rows: Row[] = [];
  for (const people of CROWDS) rows.push(await runCrowd(people));
  const openStream = await measureOpenStream();
  const store = `${new URL(DATABASE_URL).protocol.slice(0, -1)}${REDIS_URL === "" ? "" : " and redis"}`;
  process.stdout.write(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model}, store: ${store}\n\n`);
  process.stdout.write(
    table(["Turns at once", "Events per second", "CPU per turn (ms)", "Turns at once per core", "Late (×)"], rows),
  );
  process.stdout.write(`\n${openStream}\n`);
} finally {
  await server.kill();
  await claude.stop();
  await rm(directory, { recursive: true, force: true });
}

/** Everybody sends a message at the same time and reads the whole answer. */
async function runCrowd(people: number): Promise<Row> {
  const message = scriptOf({ text: ANSWER, repeat: ANSWER_REPEATS, chunks: PIECES });
  const users = await Promise.all(Array.from({ length: people }, signIn));
  const before = await cost();
  const startedAt = performance.now();
  const streams = await Promise.all(users.map(async (user) => (await post(user, message)).text()));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuSeconds = (await cost()).cpuSeconds - before.cpuSeconds;
  const events = streams.reduce((sum, text) => sum + text.split("\nevent: ").length - 1, 0);
  if (streams.some((text) => !text.includes('"reason":"end_turn"'))) throw new Error(`a turn failed: ${streams[0]}`);
  const written = (PIECES * PIECE_EVERY_MS) / 1000;
  return [
    people,
    Math.round(events / seconds),
    round((cpuSeconds / people) * 1000, 0),
    Math.round((people * written) / cpuSeconds),
    round(seconds / written, 2),
  ];
}

/** Turns that wait for a person, and streams that wait with them. */
async function measureOpenStream(): Promise<string> {
  const call = { name: "workspace__write_file", input: { path: "a.txt", content: "a" } };
  const waiting = await Promise.all(
    Array.from({ length: WAITING_TURNS }, async () => {
      const user = await signIn();
      let conversation = "";
      for await (const { id, data } of readFrames(await post(user, scriptOf({ tool_use: [call] })))) {
        if (data.type === "session_created") conversation = data.conversation_id;
        if (data.type === "tool_request") return { user, conversation, lastId: id };
      }
      throw new Error("a turn did not ask");
    }),
  );
  const before = await settled();
  const leave = new AbortController();
  const streams = await Promise.all(
    waiting.flatMap(({ user, conversation, lastId }) =>
      Array.from({ length: STREAMS_PER_TURN }, () =>
        user.request("GET", `/conversations/${conversation}/events`, {
          headers: { "Last-Event-ID": lastId },
          signal: leave.signal,
        }),
      ),
    ),
  );
  const refused = streams.find(({ status }) => status !== 200);
  if (refused !== undefined) throw new Error(`a stream was refused: ${refused.status}`);
  const after = await settled();
  leave.abort();
  const perStream = (after.residentBytes - before.residentBytes) / streams.length;
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return `${streams.length} open streams: ${round(perStream / 1024, 0)} KB each; the process before: ${megabytes(before.residentBytes)} MB`;
}

/** Once no more streams come or go, and memory has stopped growing. */
async function settled(): Promise<Cost> {
  let last = await cost();
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await cost();
    if (now.residentBytes <= last.residentBytes * 1.005) return now;
    last = now;
  }
}

async function cost(): Promise<Cost> {
  const response = await fetch(`${server.url}/metrics`, { headers: { Authorization: `Bearer ${METRICS_TOKEN}` } });
  const page = await response.text();
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, "m").exec(page)?.[1]);
  return {
    cpuSeconds: value("process_cpu_seconds_total"),
    residentBytes: value("process_resident_memory_bytes"),
  };
}

function signIn(): Promise<FaultUser> {
  return FaultUser.signIn(() => server.url, secret);
}

async function post(user: FaultUser, message: string): Promise<Response> {
  const response = await user.request("POST", "/message", { body: { message } });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

function scriptOf(step: object): string {
  return `script:${JSON.stringify(step)}`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function table(titles: readonly string[], rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(" | ")} |\n`;
  return line(titles) + line(titles.map(() => "---:")) + rows.map(line).join("");
}
