import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createScriptedClaude, type Exchange, type ScriptedClaude } from "../../../demo/src/scripted-claude/server.ts";
import type { ConfigFile, IssuerEntry } from "../../src/config/config-file-schema.ts";
import { BankBook, type BankEntry } from "./bank-book.ts";
import { AUDIENCE, FaultUser, ISSUER, type Member } from "./fault-user.ts";
import { launchProcess, type ServerProcess, startProcess } from "./server-process.ts";
import { until } from "./until.ts";

/** Lease and idle limit of the server under test, as short as the configuration allows. */
export const LEASE_MS = 1000;

const SERVER = new URL("../../src/main.ts", import.meta.url);

function configOf(bankUrl: string, issuers: IssuerEntry[] = []): ConfigFile {
  return {
    issuers,
    mcpServers: { bank: { type: "http", url: bankUrl, trusted: true, timeoutSeconds: 120 } },
    tools: {
      bank__pay: { permissions: ["bank:use"], approval: "always" },
      "bank__*": { permissions: ["bank:use"], approval: "never" },
      workspace__write_file: { permissions: ["workspace:write"], approval: "always", streamInput: true },
    },
  };
}

/** A model call, as the scripted Claude received it. */
export interface ModelCall extends Exchange {
  at: number;
  /** null: it has not ended. */
  endedAt: number | null;
  text: string;
}

interface Parts {
  directory: string;
  secret: string;
  claude: ScriptedClaude;
  bank: ServerProcess;
  book: BankBook;
  env: Record<string, string>;
  modelCalls: ModelCall[];
}

/** The server as a process that may be killed, its database, a scripted Claude, and a tool server that keeps book. */
export class FaultRig implements AsyncDisposable {
  readonly modelCalls: readonly ModelCall[];
  readonly #parts: Parts;
  readonly #others: ServerProcess[] = [];
  #server: ServerProcess;
  /** Where it listens, as soon as it does. */
  #listening = Promise.withResolvers<string>();

  private constructor(parts: Parts, server: ServerProcess) {
    this.#parts = parts;
    this.#server = server;
    this.#listening.resolve(server.url);
    this.modelCalls = parts.modelCalls;
  }

  static async start(options: { env?: Record<string, string>; issuers?: IssuerEntry[] } = {}): Promise<FaultRig> {
    const directory = await mkdtemp(join(tmpdir(), "chat-bot-faults-"));
    const secret = options.env?.["CHATBOT_JWT_SECRET"] ?? randomBytes(32).toString("hex");
    const modelCalls: ModelCall[] = [];
    const claude = await createScriptedClaude({
      delayMs: 0,
      onExchange: (exchange) => {
        if (exchange.path !== "/v1/messages") return;
        const call: ModelCall = { ...exchange, at: Date.now(), endedAt: null, text: JSON.stringify(exchange.body) };
        modelCalls.push(call);
        void exchange.ended.then(() => (call.endedAt = Date.now()));
      },
    });
    const bankFile = join(directory, "bank.jsonl");
    const bank = await startProcess(new URL("bank-server.ts", import.meta.url), { BANK_FILE: bankFile });
    await writeFile(join(directory, "chatbot.config.json"), JSON.stringify(configOf(bank.url, options.issuers)));
    const env = {
      PORT: "0",
      ANTHROPIC_API_KEY: "key",
      ANTHROPIC_BASE_URL: claude.url,
      CHATBOT_JWT_ISSUER: ISSUER,
      CHATBOT_JWT_AUDIENCE: AUDIENCE,
      CHATBOT_JWT_SECRET: secret,
      CHATBOT_CONFIG: join(directory, "chatbot.config.json"),
      DATABASE_URL: `file:${join(directory, "chatbot.db")}`,
      WORKSPACE_DIR: join(directory, "workspace"),
      CHATBOT_LEASE_SECONDS: String(LEASE_MS / 1000),
      CHATBOT_REQUESTS_PER_MINUTE: "1000000",
      CHATBOT_DAILY_TOKEN_LIMIT_USER: "1000000000",
      CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION: "1000000000",
      CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: "1000000000000",
      CHATBOT_MAX_OUTPUT_TOKENS: "64000",
      ...options.env,
    };
    const parts = { directory, secret, claude, bank, book: new BankBook(bankFile), env, modelCalls };
    return new FaultRig(parts, await startServer(env, secret));
  }

  /** Of the database that all processes share. */
  get databaseUrl(): string {
    return this.#parts.env["DATABASE_URL"] ?? "";
  }

  get url(): string {
    return this.#server.url;
  }

  /** The last lines of the server's log. */
  get output(): string {
    return this.#server.output();
  }

  /** A user who knows when the server is down, and waits for it. */
  signIn(member?: Member): Promise<FaultUser> {
    return FaultUser.signIn(() => this.#listening.promise, this.#parts.secret, member);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#listening = Promise.withResolvers();
    await this.#server.kill();
  }

  /** A new process on the same database. It listens and knows its tools when this resolves. */
  async restart(): Promise<void> {
    this.#server = await startServer(this.#parts.env, this.#parts.secret);
    this.#listening.resolve(this.#server.url);
  }

  /** A new process on the same database that is killed after so many milliseconds, wherever it is then. */
  async killWhileStarting(afterMs: number): Promise<void> {
    const launched = await launchProcess(SERVER, this.#parts.env);
    await pause(afterMs);
    await launched.kill();
  }

  /** One more process on the same database; gone with the rig. Resolves with its URL. */
  async addProcess(): Promise<string> {
    return (await this.addReplica()).url;
  }

  /** One more process on the same database, perhaps with settings of its own; gone with the rig. */
  async addReplica(env: Record<string, string> = {}): Promise<ServerProcess> {
    const server = await startServer({ ...this.#parts.env, ...env }, this.#parts.secret);
    this.#others.push(server);
    return server;
  }

  /** What the bank wrote down of the calls with this reference. */
  bookOf(ref: string): BankEntry[] {
    return this.#parts.book.entriesOf(ref);
  }

  /** The model calls whose prompt holds these words. */
  modelCallsWith(words: string): ModelCall[] {
    return this.modelCalls.filter(({ text }) => text.includes(words));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#server, ...this.#others].map((server) => server.kill()));
    await this.#parts.bank.kill();
    this.#parts.book[Symbol.dispose]();
    await this.#parts.claude.stop();
    await rm(this.#parts.directory, { recursive: true, force: true });
  }
}

/** Resolves when it offers the bank's tools: a conversation that began before would have to do without. */
async function startServer(env: Record<string, string>, secret: string): Promise<ServerProcess> {
  const server = await startProcess(SERVER, env);
  const user = await FaultUser.signIn(() => server.url, secret);
  await until(() => user.isOffered("bank"));
  return server;
}
