// Every hostile token over HTTP, at a whole server with an issuer of each kind: all refused with the same answer, nobody
// asked for keys, nothing spent and nothing stored. Good tokens of the same issuers pass before and after.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../demo/src/listen-on-loopback.ts";
import { createScriptedClaude, type ScriptedClaude } from "../../../demo/src/scripted-claude/server.ts";
import { loadConfig } from "../../src/config.ts";
import { type RunningServer, startServer } from "../../src/main.ts";
import { createLogger } from "../../src/observe/logger.ts";
import { createTokenTable, environmentOfTokens, type NamedToken, type TokenTable } from "../fixtures/token-table.ts";
import { noteFigures } from "./fault-figures.ts";

/** Whether they are good depends on the very second. */
const MOMENTARY = /ten seconds ago|issued in the future|not valid yet/;
/** Others cannot be said in a header: they get no further than Node. */
const isSayable = ([title, token]: NamedToken): boolean =>
  !MOMENTARY.test(title) && token.length < 15_000 && /^[\x21-\x7e]*$/.test(token);

const ROUTES: readonly [method: string, path: string, body?: object][] = [
  ["POST", "/message", { message: "Hello" }],
  ["POST", "/approval", { conversation_id: "conv_1", tool_use_id: "toolu_1", approved: true }],
  ["POST", "/cancel", { conversation_id: "conv_1" }],
  ["GET", "/conversations"],
  ["GET", "/conversations/conv_1"],
  ["GET", "/conversations/conv_1/events"],
  ["DELETE", "/conversations/conv_1"],
  ["GET", "/session"],
  ["GET", "/usage"],
];

describe("A hostile token", () => {
  let directory: string;
  let claude: ScriptedClaude;
  let modelCalls = 0;
  /** Publishes the keys of one issuer, and what is revoked. */
  let host: Server;
  const asked: string[] = [];
  let table: TokenTable;
  let server: RunningServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "chat-bot-tokens-"));
    claude = await createScriptedClaude({ delayMs: 0, onExchange: () => (modelCalls += 1) });
    host = createServer((request, response) => {
      asked.push(request.url ?? "");
      const keys = [{ ...table.keys.rsa.publicKey.export({ format: "jwk" }), kid: "1" }];
      const revoked = [{ iss: "https://secret.example", jti: "stolen" }];
      response.end(JSON.stringify(request.url === "/keys" ? { keys } : { revoked }));
    });
    const url = await listenOnLoopback(host, 0);
    table = createTokenTable(Math.floor(Date.now() / 1000), `${url}/keys`);
    const [, ...others] = table.issuers;
    const file = {
      revocations: { url: `${url}/revoked` },
      issuers: others.map(({ issuer, audience, algorithms, key }) => ({
        issuer,
        audience,
        origins: [],
        ...(algorithms === null ? {} : { algorithms }),
        ...(key.type === "jwks" ? { jwksUrl: key.url } : key.type === "pem" ? { publicKey: key.pem } : {}),
      })),
    };
    const env = environmentOfTokens(claude.url);
    server = await startServer(
      loadConfig(env, () => JSON.stringify(file), directory),
      createLogger("silent"),
    );
  });

  afterAll(async () => {
    await server.stop();
    host.closeAllConnections();
    host.close();
    await claude.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function send(token: string, [method, path, body]: (typeof ROUTES)[number]): Promise<Response> {
    return fetch(`${server.url}/api/chatbot${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Everything of an answer but what is its own. */
  async function seen(response: Response): Promise<unknown> {
    const own = new Set(["date", "x-request-id"]);
    const { request_id, ...body } = JSON.parse(await response.text()) as Record<string, unknown>;
    expect(request_id).toBe(response.headers.get("x-request-id"));
    return { status: response.status, headers: [...response.headers].filter(([name]) => !own.has(name)), body };
  }

  /** What is left, and what there is, for an administrator who sees the total, too. */
  async function state(): Promise<unknown> {
    const admin = table.token({ roles: ["admin"] });
    const answers = await Promise.all([send(admin, ["GET", "/usage"]), send(admin, ["GET", "/conversations"])]);
    return Promise.all(answers.map((answer) => answer.json()));
  }

  /** A good token is let in; what it may do there is another question. */
  async function expectControls(): Promise<number> {
    const controls = table.good.filter(isSayable);
    for (const [title, token] of controls) {
      const status = (await send(token, ["GET", "/session"])).status;
      expect([title, status]).toEqual([title, /roles/.test(title) ? 403 : 200]);
    }
    return controls.length;
  }

  it("is refused like any other, on every route, asks nobody for keys and changes no budget", async () => {
    const controls = await expectControls();
    expect(controls).toBeGreaterThanOrEqual(10);
    const published = table.from("https://jwks.example", table.keys.rsa.privateKey, "RS256", { kid: "1" });
    const hostile = table.bad.filter(isSayable);
    expect(table.bad.length).toBeGreaterThanOrEqual(150);
    expect(hostile.length).toBeGreaterThanOrEqual(150);

    const before = await state();
    const refusal = await seen(await send("x", ["GET", "/session"]));
    expect(refusal).toMatchObject({ status: 401, body: { error: "invalid_token" } });
    for (const [index, [title, token]] of hostile.entries()) {
      // What is easiest to gain from is tried with all of them, everything else with some.
      for (const route of [ROUTES[0], ROUTES[index % ROUTES.length]]) {
        if (route === undefined) continue;
        expect([title, await seen(await send(token, route))]).toEqual([title, refusal]);
      }
    }
    expect(await state()).toEqual(before);
    expect(modelCalls).toBe(0);
    expect(asked.filter((path) => path === "/keys")).toEqual([]);

    expect((await send(published, ["GET", "/session"])).status).toBe(200);
    expect(asked.filter((path) => path === "/keys")).toHaveLength(1);
    await expectControls();
    noteFigures("Tokens", { "hostile tokens refused alike over HTTP": hostile.length, controls: controls + 1 });
  });

  it("is one that was revoked, too", async () => {
    const refusal = await seen(await send("x", ["GET", "/session"]));
    const stolen = table.token({ jti: "stolen" });
    for (const route of ROUTES) expect(await seen(await send(stolen, route))).toEqual(refusal);
    expect((await send(table.token({ jti: "kept" }), ["GET", "/session"])).status).toBe(200);
  });
});
