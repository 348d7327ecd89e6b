import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { ConversationSnapshot, ToolRequestEvent, ToolResultEvent } from "@chat-bot/widget/protocol";
import { SignJWT } from "jose";
import { createScriptedClaude, type ScriptedClaude } from "../../../demo/src/scripted-claude/server.ts";
import { type EventFrame, endOf, eventsOf, readFrames } from "./event-frames.ts";
import { type ServerProcess, startProcess } from "./server-process.ts";
import { until } from "./until.ts";

const ISSUER = "https://host.example";
const OTHER_ISSUER = "https://other.example";
const AUDIENCE = "chat-bot";
const KEEPER = ["chatbot:use", "safe:open", "safe:close"];

/** A tool as the tool server defines it. */
export interface SafeTool {
  name: string;
  description: string;
  inputSchema: { type: "object"; properties?: Record<string, object>; [keyword: string]: unknown };
  annotations?: Record<string, boolean>;
}

const REF = { ref: { type: "string" }, amount: { type: "integer" } };
const inputSchema: SafeTool["inputSchema"] = { type: "object", properties: REF };

/** What the tool server offers at first. `wait` runs unasked until it is cancelled. */
export const TOOLS: readonly SafeTool[] = ["open", "close", "lock", "move", "show", "sell", "wait"].map((name) => ({
  name,
  description: `Does it: ${name}.`,
  inputSchema,
}));

/** What a test may change of the server's configuration. */
export interface SafeConfig {
  /** Permissions that `safe__close` needs. */
  closeNeeds?: string[];
  /** Permissions of the role `keeper`. */
  keeper?: string[];
  /** Another tool server stands under the same name, and keeps a book of its own. */
  isReplaced?: boolean;
}

/** What a token says. */
export interface SafeClaims {
  user?: string;
  organization?: string;
  permissions?: string[];
  roles?: string[];
  otherIssuer?: boolean;
}

/** A turn that waits for a person. */
export interface Asked {
  conversationId: string;
  requests: ToolRequestEvent[];
  frames: EventFrame[];
}

/** A server process with a tool server whose tools, and a database whose rows, change between asking and running. */
export class BoundRig implements AsyncDisposable {
  readonly #directory: string;
  readonly #claude: ScriptedClaude;
  readonly #secrets: { own: string; other: string };
  readonly #prompts: string[];
  readonly #env: Record<string, string>;
  #server: ServerProcess | null = null;
  #version = 0;

  static async start(env: Record<string, string> = {}): Promise<BoundRig> {
    const directory = await mkdtemp(join(tmpdir(), "chat-bot-bound-"));
    const prompts: string[] = [];
    const claude = await createScriptedClaude({
      delayMs: 0,
      onExchange: ({ path, body }) => {
        if (path === "/v1/messages") prompts.push(JSON.stringify(body));
      },
    });
    const rig = new BoundRig(directory, claude, prompts, env);
    for (const book of ["book.jsonl", "other-book.jsonl"]) writeFileSync(rig.#file(book), "");
    rig.defineTools(TOOLS);
    await rig.startServer();
    return rig;
  }

  private constructor(directory: string, claude: ScriptedClaude, prompts: string[], env: Record<string, string>) {
    this.#directory = directory;
    this.#claude = claude;
    this.#prompts = prompts;
    this.#secrets = { own: randomBytes(32).toString("hex"), other: randomBytes(32).toString("hex") };
    this.#env = env;
  }

  /** What the server wrote that is no mere information. */
  get output(): string {
    return this.#server?.output() ?? "";
  }

  /** Starts the server with this configuration; it listens and knows its tools when this resolves. */
  async startServer(config: SafeConfig = {}): Promise<void> {
    writeFileSync(this.#file("chatbot.config.json"), JSON.stringify(this.#config(config)));
    this.#server = await startProcess(new URL("../../src/main.ts", import.meta.url), {
      PORT: "0",
      ANTHROPIC_API_KEY: "key",
      ANTHROPIC_BASE_URL: this.#claude.url,
      CHATBOT_JWT_ISSUER: ISSUER,
      CHATBOT_JWT_AUDIENCE: AUDIENCE,
      CHATBOT_JWT_SECRET: this.#secrets.own,
      CHATBOT_CONFIG: this.#file("chatbot.config.json"),
      DATABASE_URL: `file:${this.#file("chatbot.db")}`,
      WORKSPACE_DIR: this.#file("workspace"),
      CHATBOT_LEASE_SECONDS: "1",
      CHATBOT_REQUESTS_PER_MINUTE: "1000000",
      CHATBOT_DAILY_TOKEN_LIMIT_USER: "1000000000",
      CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION: "1000000000",
      CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: "1000000000000",
      ...this.#env,
    });
    const user = await this.signIn();
    await until(async () => (await (await user.request("GET", "/session")).text()).includes('"safe__'));
  }

  /** `kill -9`. */
  async killServer(): Promise<void> {
    await this.#server?.kill();
    this.#server = null;
  }

  /** Changes what the tool server offers; it tells its clients, unless it is one of those that do not. Names the list. */
  defineTools(tools: readonly SafeTool[], announced = true): string {
    this.#version += 1;
    const version = `list ${this.#version}`;
    const draft = this.#file("tools.draft.json");
    writeFileSync(draft, JSON.stringify({ version, tools, announced }));
    // In one step: nobody reads half of it.
    renameSync(draft, this.#file("tools.json"));
    return version;
  }

  /** A person with a token that says so; a person of an organization of their own unless told otherwise. */
  async signIn(claims: SafeClaims = {}): Promise<SafeUser> {
    const { user = randomUUID(), organization = randomUUID(), otherIssuer = false } = claims;
    const { permissions = claims.roles === undefined ? KEEPER : [], roles = [] } = claims;
    const token = await new SignJWT({ org: organization, permissions, roles })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(otherIssuer ? OTHER_ISSUER : ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime("55m")
      .sign(new TextEncoder().encode(otherIssuer ? this.#secrets.other : this.#secrets.own));
    return new SafeUser(() => this.#server?.url ?? "", token, { user, organization });
  }

  /** Inputs that the tool server was called with under this reference. */
  ranWith(ref: string): Record<string, unknown>[] {
    return this.#book().flatMap((line) => (line.what === "ran" && line.ref === ref ? [line.input] : []));
  }

  /** Resolves when the server has read this list of tools. */
  async knows(version: string, user: SafeUser): Promise<void> {
    await until(async () => {
      await user.request("GET", "/session");
      return this.#book().some(({ what, ref }) => what === "listed" && ref === version);
    });
  }

  /** What the model was told of a call, in the prompt that answers it first; null when it was told nothing. */
  toldModel(toolUseId: string): { isError: boolean; text: string } | null {
    for (const prompt of this.#prompts) {
      const { messages }: { messages: { content: ResultBlock[] }[] } = JSON.parse(prompt);
      const results = messages.flatMap(({ content }) => content);
      const result = results.find((block) => block.type === "tool_result" && block.tool_use_id === toolUseId);
      if (result !== undefined) return { isError: result.is_error === true, text: result.content[0]?.text ?? "" };
    }
    return null;
  }

  /** Changes rows behind the server's back. */
  tamper(sql: string, ...parameters: (string | number)[]): void {
    const database = new DatabaseSync(this.#file("chatbot.db"));
    try {
      database.exec("pragma busy_timeout = 5000");
      const { changes } = database.prepare(sql).run(...parameters);
      if (Number(changes) === 0) throw new Error("there was nothing to tamper with");
    } finally {
      database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killServer();
    await this.#claude.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  #book(): { what: string; ref: string; input: Record<string, unknown> }[] {
    const books = ["book.jsonl", "other-book.jsonl"].map((name) => readFileSync(this.#file(name), "utf8"));
    const lines = books.join("").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  #config({ closeNeeds = ["safe:close"], keeper = KEEPER, isReplaced = false }: SafeConfig): object {
    const book = this.#file(isReplaced ? "other-book.jsonl" : "book.jsonl");
    return {
      mcpServers: {
        safe: {
          command: process.execPath,
          args: [fileURLToPath(new URL("safe-server.ts", import.meta.url))],
          env: { SAFE_TOOLS: this.#file("tools.json"), SAFE_BOOK: book },
        },
      },
      tools: {
        safe__close: { permissions: closeNeeds, approval: "always" },
        safe__wait: { permissions: [], approval: "never" },
        "safe__*": { permissions: ["safe:open"], approval: "always" },
      },
      roles: { keeper },
      issuers: [{ issuer: OTHER_ISSUER, audience: AUDIENCE, secret: this.#secrets.other, origins: [] }],
    };
  }
}

interface ResultBlock {
  type: string;
  tool_use_id?: string;
  is_error?: boolean;
  content: { text: string }[];
}

/** Somebody with a token, who asks, leaves, and comes back to see what has become of it. */
export class SafeUser {
  readonly #url: () => string;
  readonly #token: string;
  /** For other tokens of the same person. */
  readonly same: { user: string; organization: string };

  constructor(url: () => string, token: string, same: { user: string; organization: string }) {
    this.#url = url;
    this.#token = token;
    this.same = same;
  }

  request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.#url()}/api/chatbot${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Has the model make these steps, and reads until it says so. By default: until a person is asked. */
  async ask(steps: readonly object[], options: AskOptions = {}): Promise<Asked> {
    const { conversationId, isEnough = isParked } = options;
    const leave = new AbortController();
    const message = `script:${JSON.stringify(steps)}`;
    const to = conversationId === undefined ? {} : { conversation_id: conversationId };
    const response = await this.request("POST", "/message", { message, ...to }, leave.signal);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const frames: EventFrame[] = [];
    for await (const frame of readFrames(response)) {
      frames.push(frame);
      if (isEnough(frame) || frame.data.type === "done") break;
    }
    leave.abort();
    const created = eventsOf(frames, "session_created")[0]?.conversation_id;
    return { conversationId: conversationId ?? created ?? "", requests: eventsOf(frames, "tool_request"), frames };
  }

  /** Answers a question. Resolves with the status and the code or the decision. */
  async decide(
    call: { conversationId: string; toolUseId: string },
    approved: boolean,
    more: { input_sha256?: string } = {},
  ): Promise<string> {
    const { conversationId, toolUseId } = call;
    const body = { conversation_id: conversationId, tool_use_id: toolUseId, approved, ...more };
    const response = await this.request("POST", "/approval", body);
    const { error, decision }: { error?: string; decision?: string } = JSON.parse(await response.text());
    return `${response.status} ${error ?? decision}`;
  }

  /** Waits for the outcome of a call, whatever its turn does then. */
  async outcomeOf({ conversationId, toolUseId }: { conversationId: string; toolUseId: string }): Promise<string> {
    const leave = new AbortController();
    const response = await this.request("GET", `/conversations/${conversationId}/events`, undefined, leave.signal);
    for await (const { data } of readFrames(response)) {
      if (data.type !== "tool_result" || data.tool_use_id !== toolUseId) continue;
      leave.abort();
      return data.outcome;
    }
    throw new Error("the turn ended without it");
  }

  /** Reads the conversation from its first event until no turn is in progress. */
  async finished(conversationId: string): Promise<EventFrame[]> {
    const response = await this.request("GET", `/conversations/${conversationId}/events`);
    const frames: EventFrame[] = [];
    for await (const frame of readFrames(response)) frames.push(frame);
    if (endOf(frames) === null) throw new Error("the turn has not ended");
    return frames;
  }

  async conversation(id: string): Promise<ConversationSnapshot> {
    return JSON.parse(await (await this.request("GET", `/conversations/${id}`)).text());
  }
}

export interface AskOptions {
  conversationId?: string;
  isEnough?: (frame: EventFrame) => boolean;
}

function isParked({ data }: EventFrame): boolean {
  return data.type === "status_update" && data.state === "awaiting_approval";
}

/** What the user was told of a call in the end. */
export function resultOf(frames: readonly EventFrame[], toolUseId: string): ToolResultEvent | undefined {
  return eventsOf(frames, "tool_result").find((event) => event.tool_use_id === toolUseId);
}
