import { z } from "zod";
import type { Identity } from "../store/identity.ts";
import { isTrustedUrl, loadJson } from "./load-json.ts";

const REFRESH_MS = 15_000;
/** As long as a token may live: by then every token that the last list spoke of has expired, and it says nothing any more. */
const STALE_MS = 60 * 60_000;

/** What is revoked: the tokens that have everything in common with the entry that it names. */
interface Revocation {
  iss: string;
  jti?: string | undefined;
  sub?: string | undefined;
  org?: string | undefined;
  before?: number | undefined;
}

/** Tokens that count no longer although their time has not come. */
export interface Revocations {
  /** Whether whoever goes by this token is to be refused; so is everybody while nothing is known. */
  isRevoked(identity: Identity): boolean;
  /** Asks no more. */
  close(): void;
}

/** Seams of revocations. */
export interface RevocationOptions {
  fetch?: typeof fetch | undefined;
  /** The clock, in milliseconds. */
  now?: (() => number) | undefined;
  /** Hears why the list could not be loaded. */
  onFailure?: ((url: string, error: unknown) => void) | undefined;
}

const nameSchema = z.string().min(1);
// Strict: an entry with a misspelt member would revoke more than was meant, or nothing.
const revocationSchema: z.ZodType<Revocation> = z
  .strictObject({
    iss: nameSchema,
    jti: nameSchema.optional(),
    sub: nameSchema.optional(),
    org: nameSchema.optional(),
    before: z.number().optional(),
  })
  .refine(({ iss: _, ...others }) => Object.keys(others).length > 0, "must name jti, sub, org or before");
const listSchema = z.strictObject({ revoked: z.array(revocationSchema) });

/** Nothing is ever revoked. */
export const NO_REVOCATIONS: Revocations = { isRevoked: () => false, close: () => undefined };

/**
 * Follows the operator's list of revoked tokens, loaded now and every fifteen seconds. While it cannot be loaded, what
 * it said last holds for an hour; then, and before it was ever loaded, every token is refused: a list that a fault
 * could switch off would be none. Resolves when the first attempt is over, however it went.
 */
export async function followRevocations(url: string, options: RevocationOptions = {}): Promise<Revocations> {
  const { now = Date.now, fetch: fetchList = fetch, onFailure } = options;
  if (!isTrustedUrl(url)) throw new TypeError(`The revocations ${REVOCATIONS_URL_RULE}.`);

  let revoked: readonly Revocation[] = [];
  let loadedAt = Number.NEGATIVE_INFINITY;
  async function load(): Promise<void> {
    try {
      revoked = listSchema.parse(await loadJson(url, "application/json", fetchList)).revoked;
      loadedAt = now();
    } catch (error) {
      onFailure?.(url, error);
    }
  }

  await load();
  const refresh = setInterval(() => void load(), REFRESH_MS).unref();
  return {
    isRevoked: (identity) => now() - loadedAt >= STALE_MS || revoked.some((entry) => names(entry, identity)),
    close: () => clearInterval(refresh),
  };
}

/** In words for operators. */
export const REVOCATIONS_URL_RULE = "must be loaded over https, or http on this machine, without credentials";

/** A token without a time counts as issued before any. */
function names({ iss, jti, sub, org, before }: Revocation, { owner, tokenId, issuedAtMs = 0 }: Identity): boolean {
  if (iss !== owner.issuer) return false;
  if (jti !== undefined && jti !== tokenId) return false;
  if (sub !== undefined && sub !== owner.user) return false;
  if (org !== undefined && org !== owner.organization) return false;
  return before === undefined || issuedAtMs < before * 1000;
}
