import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";

const TYPES: ReadonlyMap<string, string> = new Map([
  [".js", "text/javascript; charset=utf-8"],
  [".json", "application/json; charset=utf-8"],
  [".map", "application/json; charset=utf-8"],
]);

/** `chat-bot-panel-hr705eaj.js`: a name that changes with its content. */
const HASHED = /-[a-z0-9]{8}\.js(\.map)?$/;
const STABLE_ENTRY = "chat-bot.js";
const YEAR_SECONDS = 31_536_000;

/**
 * `GET /widget/:file`: the built widget. Any site may load it, so any origin may read it; only plain file names are
 * looked up. The stable entry is asked for again each time, and mostly answered with 304.
 */
export function widgetFiles(directory: string): Middleware {
  return async function serveWidgetFile(ctx) {
    const name = ctx.path.slice("/widget/".length);
    const extension = /^[A-Za-z0-9][A-Za-z0-9._-]*(\.[a-z]+)$/.exec(name)?.[1] ?? "";
    const type = TYPES.get(extension);
    if (type === undefined) throw new ChatError("not_found");
    const content = await readFile(join(directory, name)).catch(() => null);
    if (content === null && name === STABLE_ENTRY) {
      // For whoever set this up and looks at the script's address in a browser.
      ctx.status = 503;
      ctx.body = "The widget is not built yet: npm run build -w widget";
      return;
    }
    if (content === null) throw new ChatError("not_found");
    ctx.set({
      "Access-Control-Allow-Origin": "*",
      "Cache-Control": HASHED.test(name) ? `public, max-age=${YEAR_SECONDS}, immutable` : "public, no-cache",
      "Cross-Origin-Resource-Policy": "cross-origin",
      "Content-Security-Policy": "default-src 'none'",
      "X-Content-Type-Options": "nosniff",
      "Content-Type": type,
      ETag: `"${createHash("sha256").update(content).digest("base64url").slice(0, 27)}"`,
    });
    ctx.status = 200;
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    ctx.body = content;
  };
}
