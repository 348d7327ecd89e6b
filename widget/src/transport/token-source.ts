import { nullPrototype } from "./null-prototype.ts";
import { hasShape, isNumber, isString } from "./shape.ts";
import { expiryOf } from "./token-claims.ts";
import { TransportError } from "./transport-error.ts";

/** Where bearer tokens come from. The token stays in memory: not in storage, URLs, the DOM or messages of errors. */
export interface TokenSource {
  /** A token that is good for a while; a new one is fetched when the one at hand is about to expire. */
  current(signal?: AbortSignal): Promise<string>;
  /** A token other than the refused one; null when there is no way to get one. */
  renew(refused: string, signal?: AbortSignal): Promise<string | null>;
}

/** What the host offers: a provider before a URL before a fixed token. */
export interface TokenSourceOptions {
  /** Used until it expires; after that only with one of the others. */
  token?: string | null;
  /** The host's own address: fetched with the user's cookies, answers `{token, expires_at?}`. */
  tokenUrl?: string | null;
  tokenProvider?: (() => Promise<string>) | null;
  fetch?: typeof fetch;
  now?: () => number;
}

interface HeldToken {
  value: string;
  /** When to ask for another one, in milliseconds since the epoch; null when only a refusal can tell. */
  renewAtMs: number | null;
}

const RENEW_AHEAD_MS = 60_000;
const FETCH_TIMEOUT_MS = 15_000;

/** A source over what the host offers. However many ask at once, one token is fetched. */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const now = options.now ?? Date.now;
  const fetchToken = tokenFetcher(options);
  let held: HeldToken | null = options.token ? hold(options.token, null, now()) : null;
  let fetching: Promise<HeldToken> | null = null;

  const renewed = (fetchOne: () => Promise<HeldToken>, signal: AbortSignal | undefined): Promise<string> => {
    fetching ??= fetchOne()
      .then((token) => {
        held = token;
        return token;
      })
      .finally(() => {
        fetching = null;
      });
    return withAbort(fetching, signal).then((token) => token.value);
  };

  return {
    async current(signal) {
      if (held !== null && (held.renewAtMs === null || now() < held.renewAtMs)) return held.value;
      if (fetchToken === null) {
        // Whether a fixed token has really expired is for the server to say: this clock may be wrong.
        if (held !== null) return held.value;
        throw new TransportError("token_unavailable", { status: 401 });
      }
      return await renewed(fetchToken, signal);
    },
    async renew(refused, signal) {
      if (held !== null && held.value !== refused) return held.value;
      return fetchToken === null ? null : await renewed(fetchToken, signal);
    },
  };
}

/** How to get a new token; null when there is only a fixed one. */
function tokenFetcher({
  tokenProvider,
  tokenUrl,
  fetch,
  now = Date.now,
}: TokenSourceOptions): (() => Promise<HeldToken>) | null {
  if (tokenProvider) return async () => hold(await provide(tokenProvider), null, now());
  if (!tokenUrl) return null;
  return async () => {
    const { token, expires_at } = await fetchFrom(tokenUrl, fetch ?? globalThis.fetch);
    return hold(token, expires_at, now());
  };
}

/** Only a failed request speaks of a lost connection; a provider that rejects otherwise has nobody signed in. */
async function provide(tokenProvider: () => Promise<string>): Promise<string> {
  try {
    return await tokenProvider();
  } catch (error) {
    throw new TransportError("token_unavailable", { status: error instanceof TypeError ? 0 : 401, cause: error });
  }
}

const hasToken = hasShape<{ token: string }>({ token: isString });

/** Status 0 when the host could not be reached, else the host's: 401 and 403 mean that the user must sign in. */
async function fetchFrom(
  tokenUrl: string,
  fetch: typeof globalThis.fetch,
): Promise<{ token: string; expires_at: unknown }> {
  const response = await fetch(
    tokenUrl,
    nullPrototype({
      method: "GET",
      headers: nullPrototype({ Accept: "application/json" }),
      credentials: "include" as const,
      cache: "no-store" as const,
      body: null,
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    }),
  ).catch((error: unknown) => {
    throw new TransportError("token_unavailable", { cause: error });
  });
  const value: unknown = response.ok ? await response.json().catch(() => null) : null;
  if (!hasToken(value)) throw new TransportError("token_unavailable", { status: response.status });
  return { token: value.token, expires_at: "expires_at" in value ? value.expires_at : null };
}

function hold(token: string, expiresAt: unknown, nowMs: number): HeldToken {
  // Anything else could not stand in a header, and is no token.
  if (!isString(token) || !/^[\x21-\x7e]+$/.test(token)) throw new TransportError("token_unavailable", { status: 200 });
  return { value: token, renewAtMs: renewalTime(toMs(expiresAt) ?? expiryOf(token), nowMs) };
}

/** A minute ahead of the expiry, later for short-lived tokens. A token that seems expired already shows a wrong clock. */
function renewalTime(expiresAtMs: number | null, nowMs: number): number | null {
  if (expiresAtMs === null || expiresAtMs <= nowMs) return null;
  return expiresAtMs - Math.min(RENEW_AHEAD_MS, (expiresAtMs - nowMs) / 5);
}

/** ISO 8601, or seconds since the epoch as in `exp`. */
function toMs(time: unknown): number | null {
  if (isNumber(time)) return time * 1000;
  const parsed = isString(time) ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

/** Gives up waiting, but not the fetch: others may be waiting for the same token. */
function withAbort<Type>(promise: Promise<Type>, signal: AbortSignal | undefined): Promise<Type> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
