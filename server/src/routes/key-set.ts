import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";

/** Short enough for the next key, which is published before it is used. */
const CACHE_SECONDS = 600;

/** `GET /.well-known/jwks.json`: the keys with which tool servers verify the tokens that this server signs for them. */
export function keySet(keys: object | null): Middleware {
  return async function answerKeySet(ctx) {
    if (keys === null) throw new ChatError("not_found");
    ctx.set("Cache-Control", `public, max-age=${CACHE_SECONDS}`);
    ctx.type = "application/jwk-set+json";
    ctx.body = JSON.stringify(keys);
  };
}
