import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, Server as McpServer } from "@modelcontextprotocol/server";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../demo/src/listen-on-loopback.ts";
import { createScriptedClaude, type ScriptedClaude } from "../../demo/src/scripted-claude/server.ts";
import { loadConfig } from "../src/config.ts";
import { type RunningServer, startServer } from "../src/main.ts";
import { createLogger } from "../src/observe/logger.ts";
import { eventsOf, framesIn } from "./faults/event-frames.ts";
import { until } from "./faults/until.ts";

/** In everything that people, the model, tools and the provider say. In no case two spellings of it. */
const CANARY = "Kanarienvogel";
const METRICS_TOKEN = "metrics";
const ISSUER = "https://host.example";
const inputSchema = { type: "object" as const, properties: { text: { type: "string" } }, required: ["text"] };
const TOOLS = ["echo", "fail", "throw", "ask"].map((name) => ({ name, description: `Does ${name}.`, inputSchema }));

/** Answers `fail` and `throw` with errors, and everything else with its input; all of them say the word. */
function toolServer(): RequestListener {
  const handle = toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name: "tools", version: "1" }, { capabilities: { tools: {} } });
      server.setRequestHandler("tools/list", () => ({ tools: TOOLS }));
      server.setRequestHandler("tools/call", ({ params }) => {
        if (params.name === "throw") throw new Error(`${CANARY} thrown`);
        const text = `${CANARY} ${JSON.stringify(params.arguments)}`;
        return { content: [{ type: "text", text }], isError: params.name === "fail" };
      });
      return server;
    }),
  );
  return (request, response) => {
    const { method = "GET", url = "/" } = request;
    handle(Object.assign(request, { method, url }), response).catch(() => response.destroy());
  };
}

/** Passes model calls on, but for those whose message asks for a fault: its words quote the message, as real ones may. */
function faultyProvider(claude: ScriptedClaude): RequestListener {
  return (request, response) => void answer(request, response, claude).catch(() => response.destroy());
}

async function answer(request: IncomingMessage, response: ServerResponse, claude: ScriptedClaude): Promise<void> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const fault = /PROVIDER (\w+)/.exec(body)?.[1];
  const error = { type: "error", error: { type: "invalid_request_error", message: `messages.0: ${CANARY}` } };
  if (fault === "rejects") return json(response, 400, error);
  if (fault === "garbles")
    return void response
      .writeHead(200, { "Content-Type": "text/event-stream" })
      .end(`event: message_start\ndata: {${CANARY}\n\n`);
  if (fault === "breaks") {
    const event = `event: error\ndata: ${JSON.stringify(error)}\n\n`;
    return void response.writeHead(200, { "Content-Type": "text/event-stream" }).end(event);
  }
  if (fault === "talks") return void response.writeHead(500, { "Content-Type": "text/html" }).end(`<h1>${CANARY}</h1>`);
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => !["host", "connection", "content-length", "transfer-encoding"].includes(name),
    ),
  ) as Record<string, string>;
  const passed = await fetch(`${claude.url}${request.url}`, { method: request.method ?? "POST", headers, body });
  response.writeHead(passed.status, { "Content-Type": passed.headers.get("content-type") ?? "" });
  if (passed.body !== null) for await (const chunk of passed.body) response.write(chunk);
  response.end();
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

async function listen(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  return { server, url: await listenOnLoopback(server, 0) };
}

describe("A run in which everybody says the same word", () => {
  const secret = randomBytes(32).toString("hex");
  let directory: string;
  let claude: ScriptedClaude;
  let provider: Awaited<ReturnType<typeof listen>>;
  let tools: Awaited<ReturnType<typeof listen>>;
  let server: RunningServer;
  const lines: string[] = [];
  const streams: string[] = [];
  let metrics = "";

  const sign = (claims: Record<string, unknown>, key = secret): Promise<string> =>
    new SignJWT({ org: `org ${CANARY}`, name: CANARY, permissions: ["chatbot:use", "workspace:write"], ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(ISSUER)
      .setAudience("chat-bot")
      .setSubject(`user ${CANARY}`)
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(new TextEncoder().encode(key));

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${server.url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${await sign({})}`,
        "User-Agent": CANARY,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** Sends a message that names the word, and reads until its turn is over; approves or denies what is asked. */
  async function turn(text: string, approved = true): Promise<string> {
    const body = { message: text, page: { title: CANARY, url: `https://host.example/${CANARY}` } };
    const response = await call("POST", "/api/chatbot/message", body, {
      "Idempotency-Key": `${CANARY}-${randomBytes(4).toString("hex")}`,
    });
    let received = "";
    let decided = 0;
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      received += chunk;
      const frames = framesIn(received);
      const conversationId = eventsOf(frames, "session_created")[0]?.conversation_id;
      for (const asked of eventsOf(frames, "tool_request").slice(decided)) {
        decided += 1;
        const answered = await call("POST", "/api/chatbot/approval", {
          conversation_id: conversationId,
          tool_use_id: asked.tool_use_id,
          approved,
          ...(approved ? {} : { reason: CANARY }),
        });
        expect(answered.status).toBe(200);
      }
    }
    streams.push(received);
    return received;
  }

  const script = (...tool_use: { name: string; input: Record<string, unknown> }[]): string =>
    `script:${JSON.stringify([{ text: `${CANARY} first`, tool_use }, { text: `${CANARY} last` }])}`;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "chat-bot-words-"));
    claude = await createScriptedClaude({ delayMs: 0 });
    [provider, tools] = await Promise.all([listen(faultyProvider(claude)), listen(toolServer())]);
    const configFile = {
      mcpServers: { tools: { type: "http", url: tools.url, trusted: true } },
      tools: {
        tools__ask: { permissions: [], approval: "always" },
        "tools__*": { permissions: [], approval: "never" },
      },
    };
    await writeFile(join(directory, "chatbot.config.json"), JSON.stringify(configFile));
    const env = {
      PORT: "0",
      ANTHROPIC_API_KEY: `key-${CANARY}`,
      ANTHROPIC_BASE_URL: provider.url,
      CHATBOT_JWT_ISSUER: ISSUER,
      CHATBOT_JWT_AUDIENCE: "chat-bot",
      CHATBOT_JWT_SECRET: secret,
      CHATBOT_AUDIT_KEY: `${CANARY}${"x".repeat(32)}`,
      METRICS_TOKEN,
    };
    const config = loadConfig(env, () => JSON.stringify(configFile), directory);
    const logger = createLogger("trace", { write: (line) => void lines.push(line) });
    server = await startServer(config, logger);
    await until(async () => (await (await call("GET", "/api/chatbot/session")).text()).includes("tools__ask"));

    await turn(`${CANARY}, who are you?`);
    await turn(
      script({ name: "tools__echo", input: { text: CANARY } }, { name: "tools__fail", input: { text: CANARY } }),
    );
    await turn(
      script({ name: "tools__throw", input: { text: CANARY } }, { name: "tools__echo", input: { [CANARY]: 1 } }),
    );
    await turn(script({ name: `tools__${CANARY}`, input: {} }));
    await turn(script({ name: "tools__ask", input: { text: CANARY } }));
    await turn(script({ name: "tools__ask", input: { text: CANARY } }), false);
    await turn(script({ name: "workspace__write_file", input: { path: `${CANARY}.txt`, content: CANARY } }));
    await turn(script({ name: "workspace__write_file", input: { path: `../${CANARY}.txt`, content: CANARY } }));
    for (const fault of ["rejects", "garbles", "breaks", "talks"]) await turn(`PROVIDER ${fault}, says ${CANARY}`);
    tools.server.closeAllConnections();
    tools.server.close();
    await turn(script({ name: "tools__echo", input: { text: CANARY } }));

    // What is refused says it, too.
    const { conversations } = JSON.parse(await (await call("GET", "/api/chatbot/conversations")).text()) as {
      conversations: { id: string }[];
    };
    await call("DELETE", `/api/chatbot/conversations/${conversations[0]?.id}`);
    await call("GET", `/${CANARY}`);
    await call("GET", `/api/chatbot/conversations/${CANARY}?after=${CANARY}`);
    await call("PATCH", `/api/chatbot/conversations/${CANARY}`);
    await call("POST", "/api/chatbot/message", `{"message": ${CANARY}`);
    await call("POST", "/api/chatbot/message", { message: CANARY, [CANARY]: CANARY });
    await call("POST", "/api/chatbot/message", { message: CANARY }, { Origin: `https://${CANARY}.example` });
    await call("POST", "/api/chatbot/message", { message: CANARY }, { "Idempotency-Key": `${CANARY}\t${CANARY}` });
    for (const token of [
      CANARY,
      `eyJ${CANARY}`,
      await sign({ [CANARY]: 1 }, "another secret of thirty-two bytes!"),
      await sign({ org: 1 }),
    ]) {
      const refused = await call("GET", "/api/chatbot/session", undefined, { Authorization: `Bearer ${token}` });
      expect(refused.status).toBe(401);
    }
    metrics = await (await call("GET", "/metrics", undefined, { Authorization: `Bearer ${METRICS_TOKEN}` })).text();
    await server.stop();
  });
  afterAll(async () => {
    provider.server.closeAllConnections();
    provider.server.close();
    await claude.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("was what it was meant to be", () => {
    const told = streams.flatMap((stream) => eventsOf(framesIn(stream), "tool_result").map(({ outcome }) => outcome));
    expect(told).toContain("ok");
    expect(told).toContain("error");
    expect(told).toContain("denied");
    const ended = streams.flatMap((stream) => eventsOf(framesIn(stream), "done").map(({ reason }) => reason));
    expect(ended.filter((reason) => reason === "error")).toHaveLength(4);
    expect(ended).toHaveLength(streams.length);
    expect(streams.filter((stream) => !stream.includes(CANARY))).toEqual([]);
    expect(lines.length).toBeGreaterThan(50);
  });

  it("leaves it in the database, and in no line of the log", async () => {
    const data = await Promise.all(
      (await readdir(join(directory, "data"))).map((name) => readFile(join(directory, "data", name))),
    );
    expect(data.some((file) => file.includes(CANARY))).toBe(true);
    const telling = lines.filter((line) => line.toLowerCase().includes(CANARY.toLowerCase()));
    expect(telling).toEqual([]);
  });

  it("is counted, and leaves it in no metric", () => {
    expect(metrics).toContain("chatbot_tool_calls_total");
    expect(metrics.toLowerCase()).not.toContain(CANARY.toLowerCase());
  });
});
