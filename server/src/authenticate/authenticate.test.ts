import { createSecretKey } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signToken } from "../../test/fixtures/sign-token.ts";
import { errorBoundary } from "../routes/error-boundary.ts";
import { authenticate } from "./authenticate.ts";
import type { TokenIssuer } from "./token-issuer.ts";
import { createTokenVerifier } from "./verify-token.ts";

const NOW = 1_800_000_000;
const ROLES = new Map([["member", ["chatbot:use"]]]);
const ISSUERS: readonly TokenIssuer[] = [
  issuer("https://club.example", ["https://club.example", "https://www.club.example"]),
  issuer("https://shop.example", ["https://shop.example"]),
  issuer("https://open.example", ["*"]),
  issuer("https://closed.example", []),
];

function issuer(name: string, origins: string[]): TokenIssuer {
  return {
    issuer: name,
    audience: "chatbot",
    algorithms: null,
    key: { type: "secret", secret: secretOf(name) },
    origins,
  };
}

function secretOf(name: string): string {
  return `a secret shared with ${name} only`;
}

function token(changes: Record<string, unknown> = {}, signedBy = "https://club.example"): string {
  const claims = { iss: signedBy, aud: "chatbot", sub: "ada", roles: ["member"], iat: NOW, exp: NOW + 300, ...changes };
  return signToken({ alg: "HS256" }, claims, createSecretKey(Buffer.from(secretOf(signedBy))), "HS256");
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
}

describe("authenticate", () => {
  let server: Server;
  let reached: number;

  beforeAll(async () => {
    const app = new Koa();
    const verifyToken = createTokenVerifier(ISSUERS, ROLES, { now: () => NOW * 1000 });
    app.use(errorBoundary({ onUnexpected: (error) => expect.unreachable(String(error)) }));
    app.use(authenticate({ verifyToken, issuers: ISSUERS }));
    app.use((ctx) => {
      reached += 1;
      ctx.body = { identity: ctx.state["identity"] };
    });
    reached = 0;
    server = createServer(app.callback()).listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  afterAll(() => new Promise((resolve) => void server.close(resolve)));

  /** Headers are given as name, value, name, value: some are sent twice. */
  async function get(headers: string[], path = "/"): Promise<Answer> {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const sent = request({
      host: "127.0.0.1",
      port,
      path,
      headers: ["Host", "127.0.0.1", "Connection", "close", ...headers],
    });
    sent.end();
    const [response] = await once(sent, "response");
    let text = "";
    for await (const piece of response) text += String(piece);
    return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
  }

  const bearer = (value: string): string[] => ["Authorization", `Bearer ${value}`];

  it("puts the identity into the request's state", async () => {
    const { status, body } = await get(bearer(token({ org: "club", name: "Ada" })));
    expect(status).toBe(200);
    expect(body["identity"]).toEqual({
      owner: { issuer: "https://club.example", organization: "club", user: "ada" },
      name: "Ada",
      grants: { permissions: [], roles: ["member"] },
      permissions: ["chatbot:use"],
      expiresAtMs: (NOW + 300) * 1000,
      issuedAtMs: NOW * 1000,
    });
  });

  it.each([
    ["in lower case", ["authorization", `bearer ${token()}`]],
    ["with two spaces", ["Authorization", `Bearer  ${token()}`]],
    ["that names the permission itself", bearer(token({ roles: [], permissions: ["chatbot:use"] }))],
  ])("takes a token %s", async (_title, headers) => {
    expect((await get(headers)).status).toBe(200);
  });

  it.each<[title: string, headers: string[], path?: string]>([
    ["without any token", []],
    ["with a token in the URL", [], `/?access_token=${token()}`],
    ["with a token in the URL by another name", [], `/?token=${token()}`],
    ["with a token in a cookie", ["Cookie", `token=${token()}; access_token=${token()}`]],
    ["with a token in another header", ["X-Authorization", `Bearer ${token()}`]],
    ["with a token for a proxy", ["Proxy-Authorization", `Bearer ${token()}`]],
    ["with an empty header", ["Authorization", ""]],
    ["with a scheme alone", ["Authorization", "Bearer"]],
    ["with a scheme and a space", ["Authorization", "Bearer "]],
    ["with a token alone", ["Authorization", token()]],
    ["with a password", ["Authorization", `Basic ${Buffer.from("ada:secret").toString("base64")}`]],
    ["with a token in another scheme", ["Authorization", `Token ${token()}`]],
    ["with two tokens in one header", ["Authorization", `Bearer ${token()} ${token()}`]],
    ["with two tokens in a list", ["Authorization", `Bearer ${token()}, Bearer ${token()}`]],
    ["with two headers", [...bearer(token()), ...bearer(token())]],
    ["with a good header before a bad one", [...bearer(token()), ...bearer("x")]],
    ["with a token in quotes", ["Authorization", `Bearer "${token()}"`]],
    ["with a token that is none", bearer("x")],
    ["with an issuer's token signed by another", bearer(token({ iss: "https://shop.example" }))],
    ["with a token for another audience", bearer(token({ aud: "shop" }))],
    ["with a wildcard in its token", bearer(token({ permissions: ["*"] }))],
  ])("refuses a request %s like any other", async (_title, headers, path) => {
    const before = reached;
    const answer = await get(headers, path);
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="chatbot", error="invalid_token"');
    expect(answer.body).toEqual({
      error: "invalid_token",
      message: expect.any(String),
      request_id: answer.headers["x-request-id"],
    });
    expect(reached).toBe(before);
  });

  it("says so when a good token has expired", async () => {
    const answer = await get(bearer(token({ iat: NOW - 900, exp: NOW - 600 })));
    expect([answer.status, answer.body["error"]]).toEqual([401, "token_expired"]);
  });

  it.each([
    ["no permission at all", { roles: [] }],
    ["an unknown role", { roles: ["guest"] }],
    ["another permission", { roles: [], permissions: ["chatbot:admin"] }],
    ["a permission that only starts alike", { roles: [], permissions: ["chatbot:user"] }],
    ["a permission that only ends alike", { roles: [], scope: "my.chatbot:use" }],
  ])("forbids the chatbot to somebody with %s", async (_title, changes) => {
    const before = reached;
    const answer = await get(bearer(token(changes)));
    expect([answer.status, answer.body["error"]]).toEqual([403, "forbidden"]);
    expect(answer.body["permission"]).toBe("chatbot:use");
    expect(reached).toBe(before);
  });

  it.each<[issuer: string, origin: string | null, status: number]>([
    ["https://club.example", null, 200],
    ["https://club.example", "https://club.example", 200],
    ["https://club.example", "https://www.club.example", 200],
    ["https://club.example", "https://shop.example", 403],
    ["https://club.example", "http://club.example", 403],
    ["https://club.example", "https://club.example:8443", 403],
    ["https://club.example", "https://CLUB.example", 403],
    ["https://club.example", "https://club.example.evil.example", 403],
    ["https://club.example", "null", 403],
    ["https://club.example", "*", 403],
    ["https://shop.example", "https://shop.example", 200],
    ["https://shop.example", "https://club.example", 403],
    ["https://open.example", "https://anything.example", 200],
    ["https://open.example", "null", 200],
    ["https://closed.example", null, 200],
    ["https://closed.example", "https://closed.example", 403],
  ])("answers a token of %s from %s with %i", async (iss, origin, status) => {
    const headers = [...bearer(token({}, iss)), ...(origin === null ? [] : ["Origin", origin])];
    const answer = await get(headers);
    expect(answer.status).toBe(status);
    expect(answer.body["error"]).toBe(status === 403 ? "origin_not_allowed" : undefined);
  });
});
