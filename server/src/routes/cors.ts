import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";

const METHODS = "GET, POST, DELETE";
const HEADERS = "Authorization, Content-Type, Last-Event-ID, Idempotency-Key, Accept-Language";
const EXPOSED = "Retry-After, X-Request-Id";
const PREFLIGHT_SECONDS = 600;

/**
 * Cross-origin access for the listed origins, echoed exactly; never credentials, because there are no cookies.
 * A request without `Origin` comes from a server. `["*"]` allows any origin, when the operator wrote it out.
 */
export function cors(origins: readonly string[]): Middleware {
  const allowed = new Set(origins);
  return async function checkOrigin(ctx, next) {
    ctx.vary("Origin");
    const origin = ctx.get("Origin");
    if (origin === "") return next();
    if (!allowed.has(origin) && !allowed.has("*")) throw new ChatError("origin_not_allowed");
    ctx.set("Access-Control-Allow-Origin", origin);
    ctx.set("Access-Control-Expose-Headers", EXPOSED);
    if (ctx.method !== "OPTIONS") return next();
    ctx.set("Access-Control-Allow-Methods", METHODS);
    ctx.set("Access-Control-Allow-Headers", HEADERS);
    ctx.set("Access-Control-Max-Age", String(PREFLIGHT_SECONDS));
    ctx.status = 204;
  };
}
