import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLocalJWKSet, type JWTPayload, jwtVerify } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { type HttpFixture, startHttpServer1, startHttpServer2 } from "../../test/fixtures/http-server.ts";
import type { Owner } from "../store/identity.ts";
import { CallLost } from "./call-lost.ts";
import { McpConnection } from "./mcp-connection.ts";
import { McpServers } from "./mcp-servers.ts";
import type { ToolOutput } from "./tool.ts";
import { type McpServerConfig, mcpServerConfigSchema } from "./tool-config.ts";
import { createToolTokens, type ToolTokens } from "./tool-token.ts";

const AUDIENCE = "https://tools.example";
const ISSUER = "https://assistant.example";

function user(name: string): Owner {
  return { issuer: "https://host.example", organization: "acme", user: name };
}

async function start(begin: () => Promise<HttpFixture>): Promise<HttpFixture> {
  const server = await begin();
  onTestFinished(() => server.stop());
  return server;
}

function createTokens(): ToolTokens {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return createToolTokens({ issuer: ISSUER, privateKey: pem });
}

/** One tool server, with the call of a tool as a user makes it. */
function connect(config: unknown, tokens: ToolTokens | null = null) {
  const servers = new McpServers({
    servers: { fixture: mcpServerConfigSchema.parse(config) },
    rules: { "*": { permissions: [], approval: "never" } },
    log: { info: () => undefined, warn: () => undefined },
    tokens,
    patienceMs: 20_000,
  });
  onTestFinished(() => servers.close());
  const call = async (who: string, name: string, signal = new AbortController().signal): Promise<ToolOutput> => {
    const tool = (await servers.list()).find((each) => each.name === `fixture__${name}`);
    if (tool === undefined) throw new Error(`${name} is not offered`);
    const owner = user(who);
    return tool.run({}, { signal, toolUseId: "toolu_1", idempotencyKey: "key", owner, onDelta: async () => undefined });
  };
  return { servers, call };
}

function stdio(): McpServerConfig {
  const path = fileURLToPath(new URL("../../test/fixtures/stdio-server-2.ts", import.meta.url));
  return { command: process.execPath, args: [path], connection: "per-user" };
}

describe("A tool server's connections", () => {
  it("are one for all users, unless configured otherwise", async () => {
    const server = await start(startHttpServer1);
    const { call } = connect({ type: "http", url: server.url });
    for (const who of ["ann", "bob", "ann"]) expect(await call(who, "echo")).toMatchObject({ isError: false });
    expect(server.sessions()).toBe(1);
  });

  it("are one for each user, besides that by which the tools are listed", async () => {
    const server = await start(startHttpServer1);
    const { call } = connect({ type: "http", url: server.url, connection: "per-user" });
    for (const who of ["ann", "bob", "ann"]) expect(await call(who, "echo")).toMatchObject({ isError: false });
    expect(server.sessions()).toBe(3);
  });

  it("are no more than configured: the one unused for longest is closed", async () => {
    const server = await start(startHttpServer1);
    const limits = { connections: 2, concurrentCalls: 8 };
    const { call } = connect({ type: "http", url: server.url, connection: "per-user", limits });
    for (const who of ["ann", "bob", "cid", "ann", "dee"]) {
      expect(await call(who, "echo")).toMatchObject({ isError: false });
      expect(server.sessions()).toBeLessThanOrEqual(3);
    }
  });

  it("are no more than configured while all of them are used: further calls wait", async () => {
    const server = await start(startHttpServer1);
    const limits = { connections: 1, concurrentCalls: 8 };
    const { call } = connect({ type: "http", url: server.url, connection: "per-user", limits });
    const cancel = new AbortController();
    const waiting = call("ann", "wait", cancel.signal);
    await expect.poll(() => server.fixture.calls).toEqual(["wait"]);
    const next = call("bob", "echo");
    cancel.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    expect(await next).toMatchObject({ isError: false });
    expect(server.fixture.calls).toEqual(["wait", "echo"]);
    expect(server.sessions()).toBe(2);
  });

  it("are closed when they are idle, and opened again", async () => {
    const server = await start(startHttpServer1);
    const limits = { idleSeconds: 0.05 };
    const { call } = connect({ type: "http", url: server.url, connection: "per-user", limits });
    await call("ann", "echo");
    await expect.poll(() => server.sessions()).toBe(1);
    expect(await call("ann", "echo")).toMatchObject({ isError: false });
  });

  it("end with the server's sessions when this server stops", async () => {
    const server = await start(startHttpServer1);
    const { call, servers } = connect({ type: "http", url: server.url, connection: "per-user" });
    await call("ann", "echo");
    await servers.close();
    expect(server.sessions()).toBe(0);
  });

  it("are processes of their own over stdio: one that dies takes nobody else's call with it", async () => {
    const { call, servers } = connect(stdio());
    const cancel = new AbortController();
    const waiting = call("bob", "wait", cancel.signal);
    await expect(call("ann", "die")).rejects.toThrow(CallLost);
    expect(servers.health().get("fixture")).toBe("connected");
    expect(await call("bob", "echo")).toMatchObject({ isError: false });
    cancel.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  });
});

describe.each(["stdio-server-2.ts", "stdio-server-1.ts"])("A tool server that dies now and then, %s", (script) => {
  it("is started once more each time, and no more than three times a minute", async () => {
    const directory = await mkdtemp(join(tmpdir(), "chat-bot-starts-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "starts");
    const fixture = new URL(`../../test/fixtures/${script}`, import.meta.url);
    const program = `fs.appendFileSync(${JSON.stringify(file)}, "x"); import(${JSON.stringify(fixture.href)})`;
    let nowMs = 0;
    const connection = new McpConnection({
      name: "dying",
      config: { command: process.execPath, args: ["-e", program] },
      log: { info: () => undefined, warn: () => undefined },
      now: () => nowMs,
    });
    onTestFinished(() => connection.close());
    const starts: number[] = [];
    for (; nowMs <= 48_000; nowMs += 12_000) {
      const tools = await connection.tools(true).catch(() => []);
      const die = tools.find(({ name }) => name === "die");
      if (die !== undefined) {
        const call = {
          tool: die,
          input: {},
          meta: {},
          signal: new AbortController().signal,
          onProgress: () => undefined,
        };
        await expect(connection.call(call)).rejects.toThrow(CallLost);
      }
      starts.push((await readFile(file, "utf8")).length);
    }
    expect(starts).toEqual([2, 3, 4, 4, 4]);
  });
});

describe("A tool server that dies as soon as it is started", () => {
  it("is started four times in a minute, not more, however often it is asked for", async () => {
    const directory = await mkdtemp(join(tmpdir(), "chat-bot-starts-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "starts");
    const script = `fs.appendFileSync(${JSON.stringify(file)}, "x")`;
    let nowMs = 0;
    const connection = new McpConnection({
      name: "dying",
      config: { command: process.execPath, args: ["-e", script] },
      log: { info: () => undefined, warn: () => undefined },
      now: () => nowMs,
    });
    onTestFinished(() => connection.close());
    const starts: number[] = [];
    // No pause between two attempts is longer than 30 seconds; these are 12.
    for (; nowMs <= 96_000; nowMs += 12_000) {
      await expect(connection.tools()).rejects.toThrow("cannot be reached");
      starts.push((await readFile(file, "utf8")).length);
    }
    // Each attempt starts it twice: once to find out which protocol it speaks.
    expect(starts).toEqual([2, 4, 4, 4, 4, 6, 8, 8, 8]);
  });
});

describe.each([
  ["current SDK", startHttpServer2],
  ["previous SDK", startHttpServer1],
])("A tool server's signed tokens, %s", (_title, begin) => {
  async function tokensSeen(server: HttpFixture, tokens: ToolTokens): Promise<JWTPayload[]> {
    const keys = createLocalJWKSet({ keys: [...tokens.keySet.keys] });
    const options = { issuer: ISSUER, audience: AUDIENCE };
    const verified = server.headers.map(async ({ authorization = "" }) => {
      expect(authorization).toMatch(/^Bearer /);
      return (await jwtVerify(authorization.slice("Bearer ".length), keys, options)).payload;
    });
    return Promise.all(verified);
  }

  it("come with every request, name the user who calls and nobody else, and are each of their own", async () => {
    const server = await start(begin);
    const tokens = createTokens();
    const { call } = connect(
      { type: "http", url: server.url, auth: { type: "signed-token", audience: AUDIENCE } },
      tokens,
    );
    for (const who of ["ann", "bob"]) expect(await call(who, "echo")).toMatchObject({ isError: false });
    const seen = await tokensSeen(server, tokens);
    expect(new Set(seen.map(({ sub }) => sub))).toEqual(new Set([ISSUER, "ann", "bob"]));
    for (const { sub, ...claims } of seen) expect(claims["org"]).toBe(sub === ISSUER ? undefined : "acme");
    expect(new Set(seen.map(({ jti }) => jti)).size).toBe(seen.length);
  });
});
