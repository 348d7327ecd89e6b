import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Router } from "@koa/router";
import Koa from "koa";
import { frameworkPages } from "./framework-pages.ts";
import { membersPage } from "./members-page.ts";
import { contentSecurityPolicy, sameOriginForms, securityHeaders } from "./security-headers.ts";
import { SessionStore } from "./session-store.ts";
import { signInPage } from "./sign-in-page.ts";
import type { TokenIssuer } from "./token-issuer.ts";

const COOKIE = "harbour_session";
const FORM_LIMIT_BYTES = 1024;
const PUBLIC_DIRECTORY = new URL("../../public/", import.meta.url);

export interface HostSiteServices {
  tokens: TokenIssuer;
  /** Origin of the chat-bot server. */
  botOrigin: string;
  /** The page says so when Claude is the scripted one. */
  isScripted: boolean;
}

/** The host site: sign in, one page with the assistant, and the token by which the assistant knows who is there. */
export function createHostApp({ tokens, botOrigin, isScripted }: HostSiteServices): Koa {
  const sessions = new SessionStore();
  const router = new Router();

  router.get("/", (ctx) => {
    const person = sessions.find(ctx.cookies.get(COOKIE));
    if (person === null) {
      seeOther(ctx, "/sign-in");
      return;
    }
    const nonce = randomBytes(16).toString("base64");
    sendPage(ctx, membersPage({ person, botOrigin, isScripted, nonce }), contentSecurityPolicy(botOrigin, nonce));
  });

  router.get("/sign-in", (ctx) => {
    sendPage(
      ctx,
      signInPage(),
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
    );
  });

  router.post("/sign-in", async (ctx) => {
    const isSmall = Number(ctx.get("Content-Length") || Number.NaN) <= FORM_LIMIT_BYTES;
    const form = new URLSearchParams(isSmall ? await text(ctx.req) : "");
    const id = sessions.begin(form.get("role") ?? "");
    if (id === null) {
      ctx.status = 400;
      return;
    }
    ctx.cookies.set(COOKIE, id, { httpOnly: true, sameSite: "lax", path: "/" });
    seeOther(ctx, "/");
  });

  router.post("/sign-out", (ctx) => {
    sessions.end(ctx.cookies.get(COOKIE));
    ctx.cookies.set(COOKIE, null);
    seeOther(ctx, "/sign-in");
  });

  router.get("/chat-token", async (ctx) => {
    const person = sessions.find(ctx.cookies.get(COOKIE));
    if (person === null) {
      ctx.status = 401;
      ctx.body = { error: "signed_out" };
      return;
    }
    ctx.body = await tokens.issue(person);
  });

  router.get("/.well-known/jwks.json", (ctx) => {
    ctx.body = tokens.keySet;
  });

  for (const [name, type] of [
    ["site.css", "text/css"],
    ["crest.svg", "image/svg+xml"],
  ] as const) {
    router.get(`/${name}`, async (ctx) => {
      ctx.type = type;
      ctx.body = await readFile(new URL(name, PUBLIC_DIRECTORY), "utf8");
    });
  }

  const app = new Koa();
  app.use(securityHeaders()).use(sameOriginForms());
  app.use(router.routes()).use(router.allowedMethods());
  app.use(frameworkPages({ botOrigin }).routes());
  return app;
}

function sendPage(ctx: Koa.Context, page: string, policy: string): void {
  ctx.set("Content-Security-Policy", policy);
  ctx.type = "text/html";
  ctx.body = page;
}

/** After a form a browser has to come with GET. */
function seeOther(ctx: Koa.Context, path: string): void {
  ctx.redirect(path);
  ctx.status = 303;
}
