import type { Middleware } from "koa";
import type { z } from "zod";
import { ChatError } from "../errors.ts";
import { readJson } from "./read-json.ts";
import { idempotencyKeySchema } from "./request-schemas.ts";

/** Reads the body and leaves it, checked, in `ctx.state.body`. */
export function body<Body>(schema: z.ZodType<Body>): Middleware<{ body: Body }> {
  return async function checkBody(ctx, next) {
    ctx.state.body = check(schema, await readJson(ctx));
    await next();
  };
}

/** Leaves the query, checked, in `ctx.state.query`. */
export function query<Query>(schema: z.ZodType<Query>): Middleware<{ query: Query }> {
  return async function checkQuery(ctx, next) {
    ctx.state.query = check(schema, { ...ctx.query });
    await next();
  };
}

/** Leaves the `Idempotency-Key`, or null, in `ctx.state.idempotencyKey`. */
export function idempotencyKey(): Middleware<{ idempotencyKey: string | null }> {
  return async function checkIdempotencyKey(ctx, next) {
    const key = ctx.headers["idempotency-key"];
    ctx.state.idempotencyKey = key === undefined ? null : check(idempotencyKeySchema, key, "Idempotency-Key");
    await next();
  };
}

const MAX_ISSUES = 20;
/** Messages quote the names of unknown members, which may be long. */
const MAX_ISSUE_LENGTH = 200;

/** @throws ChatError `invalid_payload` that tells what is wrong and where. */
function check<Value>(schema: z.ZodType<Value>, value: unknown, name?: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: name ?? issue.path.map(String).join("."),
    message: issue.message.slice(0, MAX_ISSUE_LENGTH),
  }));
  throw new ChatError("invalid_payload", { details: { issues } });
}
