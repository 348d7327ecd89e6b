import { createPublicKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { loadJson } from "./load-json.ts";
import { algorithmsOfKey, keyProblem } from "./signature-algorithms.ts";

const REFRESH_MS = 10 * 60_000;
const BACK_OFF_MS = 30_000;
const STALE_MS = 60 * 60_000;
const MAX_KEYS = 20;

/** Which key a token says it was signed with. */
interface WantedKey {
  alg: string;
  kid?: string | undefined;
}

/** The public keys an issuer signs with, as far as they are known. */
export interface KeySet {
  /** Keys that may have signed such a token; several only where the issuer gave them no ids. Never rejects. */
  find(wanted: WantedKey): Promise<readonly KeyObject[]>;
}

/** Seams of a key set. */
export interface KeySetOptions {
  fetch?: typeof fetch | undefined;
  /** The clock, in milliseconds. */
  now?: (() => number) | undefined;
  /** Hears why the keys could not be loaded: good tokens may be refused until they can. */
  onFailure?: ((url: string, error: unknown) => void) | undefined;
}

interface PublishedKey {
  key: KeyObject;
  kid: string | undefined;
  algorithms: readonly string[];
}

/** One key of a set (RFC 7517). What else it says about itself does not matter. */
const jwkSchema = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
});
const keySetSchema = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });

/**
 * An issuer's published keys. They are loaded when first needed and again when they are ten minutes old or a token
 * names one that is not known, but never twice within half a minute, whatever tokens come in. While the issuer does
 * not answer, what it published last holds for an hour.
 */
export function createKeySet(url: string, options: KeySetOptions = {}): KeySet {
  const { now = Date.now, fetch: fetchKeys = fetch, onFailure } = options;
  const problem = keyProblem({ type: "jwks", url }, null);
  if (problem !== null) throw new TypeError(`The key set ${problem}.`);

  let keys: readonly PublishedKey[] = [];
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | null = null;

  async function load(): Promise<void> {
    triedAt = now();
    try {
      keys = await loadKeys(url, fetchKeys);
      loadedAt = now();
    } catch (error) {
      onFailure?.(url, error);
    } finally {
      loading = null;
    }
  }

  /** Everybody who needs the keys at the same time waits for the same request. */
  async function refresh(): Promise<void> {
    if (loading === null && now() - triedAt < BACK_OFF_MS) return;
    loading ??= load();
    await loading;
  }

  function known({ alg, kid }: WantedKey): KeyObject[] {
    if (now() - loadedAt >= STALE_MS) return [];
    return keys
      .filter((entry) => entry.algorithms.includes(alg) && (kid === undefined || entry.kid === kid))
      .map((entry) => entry.key);
  }

  return {
    async find(wanted) {
      if (now() - loadedAt >= REFRESH_MS) await refresh();
      const found = known(wanted);
      if (found.length > 0) return found;
      await refresh();
      return known(wanted);
    },
  };
}

async function loadKeys(url: string, fetchKeys: typeof fetch): Promise<PublishedKey[]> {
  const found = await loadJson(url, "application/jwk-set+json, application/json", fetchKeys);
  const published = keySetSchema.parse(found).keys.flatMap(readJwk);
  if (published.length === 0) throw new Error("The key set holds no key that can be used.");
  return published;
}

/** None for a key that is not for checking signatures, or that everybody could sign with. */
function readJwk(value: unknown): PublishedKey[] {
  const parsed = jwkSchema.safeParse(value);
  if (!parsed.success) return [];
  const jwk = parsed.data;
  const isForSignatures = (jwk.use ?? "sig") === "sig" && (jwk.key_ops ?? ["verify"]).includes("verify");
  const isPublic = jwk.kty !== "oct" && !("d" in jwk);
  if (!isForSignatures || !isPublic) return [];
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const algorithms = algorithmsOfKey(key).filter((algorithm) => (jwk.alg ?? algorithm) === algorithm);
    return [{ key, kid: jwk.kid, algorithms }];
  } catch {
    return [];
  }
}
