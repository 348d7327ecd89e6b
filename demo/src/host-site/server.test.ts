import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostSite, type HostSite } from "./server.ts";

const BOT = "http://127.0.0.1:4000";
let site: HostSite;

beforeAll(async () => {
  site = await createHostSite({
    port: 0,
    botOrigin: BOT,
    issuer: "https://harbour.example",
    audience: "bot",
    isScripted: true,
  });
});
afterAll(() => site.stop());

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

async function get(path: string, cookie?: string): Promise<Answer> {
  return await read(
    await fetch(`${site.url}${path}`, { redirect: "manual", headers: cookie === undefined ? {} : { cookie } }),
  );
}

async function post(
  path: string,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = new URLSearchParams(form);
  return await read(await fetch(`${site.url}${path}`, { method: "POST", body, headers, redirect: "manual" }));
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function signIn(role: string): Promise<string> {
  const { headers } = await post("/sign-in", { role });
  return headers.get("set-cookie")?.split(";")[0] ?? "";
}

describe("The host site", () => {
  it("sends a visitor to the sign-in page", async () => {
    const home = await get("/");
    expect([home.status, home.headers.get("location")]).toEqual([303, "/sign-in"]);
    const page = await get("/sign-in");
    expect(page.text).toContain("Sign in as admin");
    expect(page.text).toContain("Sign in as member");
  });

  it("keeps the session in a cookie that scripts and other sites do not get", async () => {
    const { status, headers } = await post("/sign-in", { role: "admin" });
    expect([status, headers.get("location")]).toEqual([303, "/"]);
    expect(headers.get("set-cookie")).toMatch(/^harbour_session=[\w-]{43}; path=\/; samesite=lax; httponly$/);
  });

  it.each<[string, Record<string, string>]>([
    ["an unknown role", { role: "owner" }],
    ["no role", {}],
    ["a long form", { role: "admin", more: "x".repeat(2000) }],
  ])("does not sign in %s", async (_, form) => {
    const { status, headers } = await post("/sign-in", form);
    expect([status, headers.get("set-cookie")]).toEqual([400, null]);
  });

  it.each(["/sign-in", "/sign-out"])("refuses a form for %s from another site", async (path) => {
    const { status } = await post(path, { role: "admin" }, { "sec-fetch-site": "cross-site" });
    expect(status).toBe(403);
  });

  it("embeds the element with one script tag of the chat-bot server", async () => {
    const { text } = await get("/", await signIn("member"));
    expect(text.match(/<script src="[^"]*"[^>]*>/g)).toEqual([`<script src="${BOT}/widget/chat-bot.js" async>`]);
    expect(text).toContain(`endpoint="${BOT}/api/chatbot"`);
    expect(text).toContain('token-url="/chat-token"');
    expect(text).toContain("The scripted Claude answers here.");
  });

  it("shows names as text", async () => {
    const { text } = await get("/", await signIn("admin"));
    expect(text).toContain("Remove George O&#39;Brien");
  });

  it("lets its page run only the chat-bot server's script and its own, by nonce", async () => {
    const cookie = await signIn("member");
    const [first, second] = [await get("/", cookie), await get("/", cookie)];
    const policy = first.headers.get("content-security-policy") ?? "";
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    expect(policy).toContain(
      `default-src 'none'; script-src ${BOT} 'nonce-${nonce}'; style-src 'self'; img-src 'self'; connect-src 'self' ${BOT};`,
    );
    expect(policy).not.toContain("unsafe");
    expect(first.text).toContain(`<script nonce="${nonce}">`);
    expect(second.headers.get("content-security-policy")).not.toBe(policy);
  });

  it.each(["/site.css", "/crest.svg"])("serves %s", async (path) => {
    const { status, headers } = await get(path);
    expect([status, headers.get("x-content-type-options")]).toEqual([200, "nosniff"]);
  });

  it("issues a token for ten minutes that its key set verifies", async () => {
    const { text, headers } = await get("/chat-token", await signIn("admin"));
    const { token, expires_at: expiresAt } = JSON.parse(text) as { token: string; expires_at: string };
    const keys = createRemoteJWKSet(new URL(`${site.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: "https://harbour.example",
      audience: "bot",
    });
    expect(protectedHeader).toMatchObject({ alg: "ES256", typ: "JWT" });
    expect(payload).toMatchObject({
      sub: "amara.okafor",
      org: "harbour-rowing-club",
      roles: ["admin"],
      name: "Amara Okafor",
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
    expect(Date.parse(expiresAt)).toBe((payload.exp ?? 0) * 1000);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("shows only the public half of its key", async () => {
    const { text } = await get("/.well-known/jwks.json");
    expect(JSON.parse(text)).toEqual({ keys: [expect.not.objectContaining({ d: expect.anything() })] });
  });

  it("issues nothing to a visitor, to a made-up session or after signing out", async () => {
    const cookie = await signIn("member");
    expect((await get("/chat-token", cookie)).status).toBe(200);
    await post("/sign-out", {}, { cookie });
    expect((await get("/chat-token", cookie)).status).toBe(401);
    expect((await get("/chat-token")).status).toBe(401);
    expect((await get("/chat-token", "harbour_session=made-up")).status).toBe(401);
  });
});
