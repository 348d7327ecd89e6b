import type { Turn } from "./turn.ts";
import type { TurnServices } from "./turn-services.ts";

/** The clock of whoever signed the token may be a little ahead of ours. */
const TOLERANCE_MS = 10_000;
/** An answer that is being written when the token expires may be finished for so long. */
const LAST_WORDS_MS = 30_000;
const WATCH_EVERY_MS = 500;

type Clock = Pick<TurnServices, "isRevoked" | "now">;

/** Whether the token that a turn goes by still allows something new: a step, or a tool call. */
export function isTokenGood(turn: Turn, services: Clock): boolean {
  return allows(turn, services, TOLERANCE_MS);
}

/**
 * Aborted when an answer that is being written must stop: a while after its token has expired, and at once when it is
 * revoked. Looked at now and then, because a revocation comes at any time. `stop` ends the looking.
 */
export function watchToken(turn: Turn, services: Clock): { signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const look = (): void => {
    if (!allows(turn, services, TOLERANCE_MS + LAST_WORDS_MS)) over.abort();
  };
  const watch = setInterval(look, WATCH_EVERY_MS).unref();
  look();
  return { signal: over.signal, stop: () => clearInterval(watch) };
}

function allows({ record: { identity } }: Turn, { isRevoked, now }: Clock, longerMs: number): boolean {
  return now() <= identity.expiresAtMs + longerMs && !isRevoked(identity);
}
