import type { Middleware } from "koa";

/** Everything that the page may load or do, for browsers that keep to it. */
export function contentSecurityPolicy(botOrigin: string, nonce: string): string {
  return [
    "default-src 'none'",
    `script-src ${botOrigin} 'nonce-${nonce}'`,
    "style-src 'self'",
    "img-src 'self'",
    // 'self' for the token, the chat-bot server for all the rest.
    `connect-src 'self' ${botOrigin}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types chat-bot chat-bot-lit",
  ].join("; ");
}

/** Headers that suit every answer. */
export function securityHeaders(): Middleware {
  return async function setSecurityHeaders(ctx, next) {
    ctx.set("X-Content-Type-Options", "nosniff");
    ctx.set("Referrer-Policy", "same-origin");
    ctx.set("Cache-Control", "no-store");
    await next();
  };
}

/** Refuses forms that another site has sent: the cookie alone does not say who pressed the button. */
export function sameOriginForms(): Middleware {
  return async function refuseForeignForms(ctx, next) {
    const site = ctx.get("Sec-Fetch-Site");
    const isForeign = site !== "" && site !== "same-origin" && site !== "none";
    if (ctx.method === "POST" && isForeign) ctx.status = 403;
    else await next();
  };
}
