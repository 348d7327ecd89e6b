import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerEvent } from "@chat-bot/widget/protocol";
import { createRemoteJWKSet, jwtVerify, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScriptedClaude, type ScriptedClaude } from "../../demo/src/scripted-claude/server.ts";
import { loadConfig } from "../src/config.ts";
import { type RunningServer, startServer } from "../src/main.ts";
import { createLogger } from "../src/observe/logger.ts";
import { type EventFrame, eventsOf, faultsIn, framesIn } from "./faults/event-frames.ts";
import { until } from "./faults/until.ts";
import { type HttpFixture, startHttpServer1, startHttpServer2 } from "./fixtures/http-server.ts";
import { publicServer } from "./fixtures/public-servers.ts";

const ISSUER = "https://host.example";
const OTHER_ISSUER = "https://other.example";
const METRICS_TOKEN = "metrics";
const OWN_CREDENTIAL = "Bearer of-this-server-alone";
const secret = randomBytes(32).toString("hex");

/** A whole server, with every kind of tool server behind it, one of which is away. */
describe("A server with tool servers of every kind", () => {
  let directory: string;
  let claude: ScriptedClaude;
  let fixture1: HttpFixture;
  let fixture2: HttpFixture;
  let server: RunningServer;
  /** As the host signed it. */
  let hostToken: string;

  const signIn = (user: string, issuer = ISSUER): Promise<string> =>
    new SignJWT({ org: "acme", permissions: ["chatbot:use", "demo:use"] })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(issuer)
      .setAudience("chat-bot")
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(new TextEncoder().encode(secret));

  const get = (path: string, token = hostToken): Promise<Response> =>
    fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });

  beforeAll(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), "chat-bot-tool-servers-")));
    [claude, fixture1, fixture2] = await Promise.all([
      createScriptedClaude({ delayMs: 0 }),
      startHttpServer1(),
      startHttpServer2(),
    ]);
    const away = await startHttpServer2();
    await away.stop();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const free = { permissions: ["demo:use"], approval: "never" };
    const config = {
      mcpServers: {
        everything: publicServer("everything"),
        files: publicServer("filesystem", directory),
        headers: { type: "http", url: fixture1.url, headers: { Authorization: OWN_CREDENTIAL } },
        tokens: { type: "http", url: fixture2.url, auth: { type: "signed-token", audience: "urn:tools" } },
        stdio: {
          command: process.execPath,
          args: [fileURLToPath(new URL("fixtures/stdio-server-1.ts", import.meta.url))],
        },
        away: { type: "http", url: away.url },
      },
      tools: { "*": free, "stdio__w*": { ...free, streamInput: true }, stdio__echo: { ...free, streamInput: true } },
      issuers: [
        {
          issuer: OTHER_ISSUER,
          audience: "chat-bot",
          secret,
          origins: [],
          tools: { "*": { permissions: ["other:use"], approval: "never" }, headers__echo: free },
        },
      ],
      toolTokens: { issuer: "https://assistant.example", privateKey: pem },
    };
    const env = {
      PORT: "0",
      ANTHROPIC_API_KEY: "key",
      ANTHROPIC_BASE_URL: claude.url,
      CHATBOT_JWT_ISSUER: ISSUER,
      CHATBOT_JWT_AUDIENCE: "chat-bot",
      CHATBOT_JWT_SECRET: secret,
      METRICS_TOKEN,
    };
    server = await startServer(
      loadConfig(env, () => JSON.stringify(config), directory),
      createLogger("silent"),
    );
    hostToken = await signIn("ann");
    const isMet = async (): Promise<boolean> => {
      const session = await (await get("/api/chatbot/session")).text();
      return ["everything", "files", "headers", "tokens", "stdio"].every((name) => session.includes(`"${name}__`));
    };
    await until(isMet);
  });

  afterAll(async () => {
    await server?.stop();
    await Promise.all([claude?.stop(), fixture1?.stop(), fixture2?.stop()]);
    await rm(directory, { recursive: true, force: true });
  });

  /** A turn in which the model makes these calls, read to its end. */
  async function turn(
    calls: { name: string; input?: Record<string, unknown> }[],
    token = hostToken,
  ): Promise<EventFrame[]> {
    const tool_use = calls.map(({ name, input = {} }) => ({ name, input }));
    const response = await fetch(`${server.url}/api/chatbot/message`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ message: `script:${JSON.stringify([{ tool_use }, { text: "Done." }])}` }),
    });
    const frames = framesIn(await response.text());
    expect(faultsIn(frames)).toEqual([]);
    expect(eventsOf(frames, "done").map(({ reason }) => reason)).toEqual(["end_turn"]);
    return frames;
  }

  function resultsOf(frames: readonly EventFrame[]): Record<string, Extract<ServerEvent, { type: "tool_result" }>> {
    return Object.fromEntries(eventsOf(frames, "tool_result").map((result) => [result.name, result]));
  }

  function outcomesOf(frames: readonly EventFrame[]): Record<string, string> {
    return Object.fromEntries(eventsOf(frames, "tool_result").map(({ name, outcome }) => [name, outcome]));
  }

  it("runs a turn over all of them, while one is away", async () => {
    const frames = await turn([
      { name: "everything__echo", input: { message: "hi" } },
      { name: "everything__get-tiny-image" },
      { name: "everything__get-resource-links", input: { count: 1 } },
      { name: "everything__get-structured-content", input: { location: "Chicago" } },
      { name: "files__read_text_file", input: { path: "/etc/passwd" } },
      { name: "files__write_file", input: { path: join(directory, "a.txt"), content: "a" } },
      { name: "headers__echo", input: { text: "one" } },
      { name: "tokens__big", input: { characters: 300_000 } },
      { name: "stdio__fail" },
      { name: "away__echo" },
    ]);
    expect(outcomesOf(frames)).toEqual({
      everything__echo: "ok",
      "everything__get-tiny-image": "ok",
      "everything__get-resource-links": "ok",
      "everything__get-structured-content": "ok",
      files__read_text_file: "error",
      files__write_file: "ok",
      headers__echo: "ok",
      tokens__big: "ok",
      stdio__fail: "error",
      away__echo: "error",
    });
    const results = resultsOf(frames);
    expect(results["everything__get-tiny-image"]?.content.map(({ type }) => type)).toContain("image");
    expect(results["everything__get-resource-links"]?.content.map(({ type }) => type)).toContain("resource_link");
    expect(results["everything__get-structured-content"]?.structured_content).toMatchObject({ humidity: 82 });
    expect(results["tokens__big"]).toMatchObject({ truncated: true });
    expect(JSON.stringify(results["tokens__big"]).length).toBeLessThan(260 * 1024);
  });

  it.each(["everything__trigger-long-running-operation", "headers__progress", "tokens__progress", "stdio__progress"])(
    "tells all of the progress of %s, in few events and at the right offsets",
    async (name) => {
      const input = name.startsWith("everything") ? { duration: 0.2, steps: 40 } : { count: 400 };
      const frames = await turn([{ name, input }]);
      const chunks = eventsOf(frames, "tool_chunk");
      const parts = Array.from({ length: 400 }, (_, index) => `part ${index + 1}\n`);
      expect(chunks.map(({ chunk }) => chunk).join("")).toBe(name.startsWith("everything") ? "" : parts.join(""));
      expect(chunks.at(-1)).toMatchObject({ channel: "progress", progress: name.startsWith("everything") ? 40 : 400 });
      let offset = 0;
      for (const chunk of chunks) {
        expect(chunk.offset).toBe(offset);
        offset += Buffer.byteLength(chunk.chunk);
      }
      const [{ duration_ms: durationMs } = { duration_ms: 0 }] = eventsOf(frames, "tool_result");
      expect(chunks.length).toBeLessThanOrEqual(20 * (1 + Math.ceil(durationMs / 1000)));
    },
  );

  it("streams the model's input of a tool whose rule says so, to the last byte, and of no other", async () => {
    const text = "Grüße 😀";
    const frames = await turn([
      { name: "stdio__echo", input: { text } },
      { name: "headers__echo", input: { text } },
    ]);
    const used = new Map(eventsOf(frames, "tool_use").map((event) => [event.tool_use_id, event.name]));
    const told = eventsOf(frames, "tool_chunk").filter(({ channel }) => channel === "input");
    expect(new Set(told.map((event) => used.get(event.tool_use_id)))).toEqual(new Set(["stdio__echo"]));
    expect(JSON.parse(told.map(({ chunk }) => chunk).join(""))).toEqual({ text });
    expect(told.at(-1)?.offset).toBe(
      Buffer.byteLength(
        told
          .slice(0, -1)
          .map(({ chunk }) => chunk)
          .join(""),
      ),
    );
  });

  it("never shows the host's token to a tool server", async () => {
    const frames = await turn([
      { name: "headers__echo", input: { text: "a" } },
      { name: "tokens__echo", input: { text: "b" } },
      { name: "stdio__echo", input: { text: "c" } },
      { name: "stdio__environment" },
      { name: "everything__get-env" },
    ]);
    expect(Object.values(outcomesOf(frames))).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    // What they were sent: by headers, by `_meta`, which echo answers with, by the environment.
    const seen = JSON.stringify([fixture1.headers, fixture2.headers, frames]);
    for (const part of [hostToken, ...hostToken.split(".").slice(1), secret, METRICS_TOKEN])
      expect(seen).not.toContain(part);
    expect(new Set(fixture1.headers.map(({ authorization }) => authorization))).toEqual(new Set([OWN_CREDENTIAL]));
  });

  it("signs tokens that the tool server verifies with the published key set, and that name who asked", async () => {
    const before = fixture2.headers.length;
    await turn([{ name: "tokens__echo", input: { text: "a" } }], await signIn("bob"));
    const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", server.url));
    const users = await Promise.all(
      fixture2.headers.slice(before).map(async ({ authorization = "" }) => {
        const options = { issuer: "https://assistant.example", audience: "urn:tools", maxTokenAge: "5m" };
        const { payload } = await jwtVerify(authorization.replace("Bearer ", ""), keys, options);
        return [payload.sub, payload["org"], payload["user_iss"]].join(" ");
      }),
    );
    expect(users).toContain("bob acme https://host.example");
    expect(users.some((user) => user.startsWith("ann"))).toBe(false);
    const answer = await fetch(`${server.url}/.well-known/jwks.json`);
    expect(await answer.text()).not.toContain('"d"');
  });

  it("goes by the rules of the token's issuer", async () => {
    const token = await signIn("eve", OTHER_ISSUER);
    const frames = await turn(
      [
        { name: "headers__echo", input: { text: "a" } },
        { name: "tokens__echo", input: { text: "b" } },
      ],
      token,
    );
    expect(outcomesOf(frames)).toEqual({ headers__echo: "ok", tokens__echo: "error" });
  });

  it("is ready, and says of each tool server how it is", async () => {
    const ready = await fetch(`${server.url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      tool_servers: {
        everything: "connected",
        files: "connected",
        headers: "connected",
        tokens: "connected",
        stdio: "connected",
        away: "failed",
      },
    });
    const metrics = await (await get("/metrics", METRICS_TOKEN)).text();
    expect(metrics).toContain('chatbot_tool_server_up{server="everything"} 1');
    expect(metrics).toContain('chatbot_tool_server_up{server="away"} 0');
  });
});
