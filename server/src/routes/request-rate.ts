import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";
import { type Identity, ownerKey } from "../store/identity.ts";

/** More users than this at once are not told apart any longer than a minute anyway. */
const MAX_BUCKETS = 100_000;

/** At most so many requests of one user in a minute, evenly refilled (a token bucket). `now` is in milliseconds. */
export function requestRate(
  requestsPerMinute: number,
  now: () => number = Date.now,
): Middleware<{ identity: Identity }> {
  const refillMs = 60_000 / requestsPerMinute;
  /** When each user's bucket is full again. */
  const fullAt = new Map<string, number>();
  return async function limitRequestRate(ctx, next) {
    const nowMs = now();
    const key = ownerKey(ctx.state.identity.owner);
    const fullAtMs = Math.max(nowMs, fullAt.get(key) ?? 0) + refillMs;
    const excessMs = fullAtMs - nowMs - 60_000;
    if (excessMs > 0) throw new ChatError("too_many_requests", { retryAfterSeconds: Math.ceil(excessMs / 1000) });
    // Moved to the end: the first entries are those that were idle longest.
    fullAt.delete(key);
    fullAt.set(key, fullAtMs);
    for (const [oldest, at] of fullAt) {
      if (at > nowMs && fullAt.size <= MAX_BUCKETS) break;
      fullAt.delete(oldest);
    }
    await next();
  };
}
