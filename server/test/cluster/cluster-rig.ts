import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createScriptedClaude, type ScriptedClaude } from "../../../demo/src/scripted-claude/server.ts";
import { AUDIENCE, FaultUser, ISSUER } from "../faults/fault-user.ts";
import { type ServerProcess, startProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";

const METRICS_TOKEN = "metrics-of-the-cluster";

/** Longer than any tool of these tests is silent. */
const TOOL_TIMEOUT_SECONDS = 900;

function configOf(toolServerUrl: string): object {
  return {
    mcpServers: { tools: { type: "http", url: toolServerUrl, trusted: true, timeoutSeconds: TOOL_TIMEOUT_SECONDS } },
    tools: {
      tools__ask: { permissions: [], approval: "always" },
      "tools__*": { permissions: [], approval: "never" },
    },
  };
}

/** What the tool server has told of its tools. */
export interface ToolLists {
  lists: number;
  orders: number;
}

interface Parts {
  directory: string;
  secret: string;
  claude: ScriptedClaude;
  toolServer: ServerProcess;
  replicas: ServerProcess[];
  prompts: unknown[];
}

export interface ClusterOptions {
  replicas: number;
  env?: Record<string, string>;
}

/** Several processes of the server on one database, a scripted Claude, and a tool server that can be started anew. */
export class ClusterRig implements AsyncDisposable {
  /** The bodies that the model was sent, in order. */
  readonly prompts: readonly unknown[];
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.prompts = parts.prompts;
  }

  static async start(options: ClusterOptions): Promise<ClusterRig> {
    const directory = await mkdtemp(join(tmpdir(), "chat-bot-cluster-"));
    const secret = randomBytes(32).toString("hex");
    const prompts: unknown[] = [];
    const claude = await createScriptedClaude({
      delayMs: 0,
      onExchange: ({ path, body }) => void (path === "/v1/messages" && prompts.push(body)),
    });
    const toolServer = await startToolServer(0);
    await writeFile(join(directory, "chatbot.config.json"), JSON.stringify(configOf(toolServer.url)));
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
      CHATBOT_REQUESTS_PER_MINUTE: "1000000",
      CHATBOT_DAILY_TOKEN_LIMIT_USER: "1000000000",
      CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION: "1000000000",
      CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: "1000000000000",
      METRICS_TOKEN,
      ...options.env,
    };
    const main = new URL("../../src/main.ts", import.meta.url);
    const replicas = await Promise.all(Array.from({ length: options.replicas }, () => startProcess(main, env)));
    return new ClusterRig({ directory, secret, claude, toolServer, replicas, prompts });
  }

  /** Addresses of the replicas. */
  get urls(): readonly string[] {
    return this.#parts.replicas.map(({ url }) => url);
  }

  /** Somebody who talks to the replica with this number until told otherwise. */
  signIn(replica = 0): Promise<FaultUser> {
    return FaultUser.signIn(() => this.urls[replica] ?? "", this.#parts.secret);
  }

  /** SIGTERM for the replica with this number; resolves when it is gone. */
  async stopReplica(replica: number): Promise<void> {
    await this.#parts.replicas[replica]?.stop();
  }

  /** Lets the call of `hold` with this reference end; waits for it to begin. */
  async release(ref: string): Promise<void> {
    const url = new URL(`/release/${encodeURIComponent(ref)}`, this.#parts.toolServer.url);
    await until(async () => (await fetch(url, { method: "POST" })).ok);
  }

  async toolLists(): Promise<ToolLists> {
    const response = await fetch(new URL("/lists", this.#parts.toolServer.url));
    const lists: ToolLists = JSON.parse(await response.text());
    return lists;
  }

  /** Tells every replica that the tools have changed. */
  async announceTools(): Promise<void> {
    await fetch(new URL("/announce", this.#parts.toolServer.url), { method: "POST" });
  }

  /** `kill -9`. */
  async killToolServer(): Promise<void> {
    await this.#parts.toolServer.kill();
  }

  /** `kill -9`, and a new process at the same address, which knows no session. It listens when this resolves. */
  async restartToolServer(): Promise<void> {
    await this.#parts.toolServer.kill();
    this.#parts.toolServer = await startToolServer(Number(new URL(this.#parts.toolServer.url).port));
  }

  /** A counter of `/metrics`, summed up over all replicas, labels as they are written there. */
  async metric(name: string): Promise<number> {
    const pages = await Promise.all(this.urls.map(readMetrics));
    const values = pages.map(
      (page) =>
        page
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")[1],
    );
    return values.reduce((sum, value) => sum + Number(value ?? 0), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#parts.replicas, this.#parts.toolServer].map((server) => server.kill()));
    await this.#parts.claude.stop();
    await rm(this.#parts.directory, { recursive: true, force: true });
  }
}

function startToolServer(port: number): Promise<ServerProcess> {
  return startProcess(new URL("shuffling-tool-server.ts", import.meta.url), { PORT: String(port) });
}

async function readMetrics(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${METRICS_TOKEN}` } });
  return response.text();
}
