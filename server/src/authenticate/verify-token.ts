import { createSecretKey, type KeyObject } from "node:crypto";
import { compactVerify } from "jose";
import { ChatError } from "../errors.ts";
import type { Identity } from "../store/identity.ts";
import { checkTimes } from "./check-times.ts";
import { identityFromClaims } from "./identity-from-claims.ts";
import { createKeySet, type KeySet, type KeySetOptions } from "./key-set.ts";
import { readToken } from "./read-token.ts";
import { algorithmsOfKey, defaultAlgorithms, keyProblem, readPublicKey } from "./signature-algorithms.ts";
import type { TokenIssuer } from "./token-issuer.ts";

/**
 * Derives who is asking from a bearer token.
 * @throws ChatError `token_expired` for a token that was good, `invalid_token` for any other, all of them alike.
 */
export type TokenVerifier = (token: string) => Promise<Identity>;

/** Seams of a verifier. */
export interface TokenVerifierOptions extends KeySetOptions {
  /** Whether a token counts no longer although its time has not come. Default: none. */
  isRevoked?: ((identity: Identity) => boolean) | undefined;
}

interface TrustedIssuer {
  audience: string;
  algorithms: readonly string[];
  keys: KeySet;
}

/**
 * A verifier for the tokens of these issuers; `roles` says what each role permits. The token names its issuer, and
 * that issuer's own keys, algorithms and audience must then fit. Keys are looked up only for tokens whose every claim
 * is in order: a refusal costs no request that its sender could cause at will.
 */
export function createTokenVerifier(
  issuers: readonly TokenIssuer[],
  roles: ReadonlyMap<string, readonly string[]>,
  options: TokenVerifierOptions = {},
): TokenVerifier {
  const { now = Date.now, isRevoked = () => false } = options;
  const trusted = new Map(issuers.map((issuer) => [issuer.issuer, trustIssuer(issuer, options)]));
  return async function verifyToken(token) {
    const { header, claims } = readToken(token) ?? refuse();
    const issuer = trusted.get(claims.iss) ?? refuse();
    if (!issuer.algorithms.includes(header.alg)) refuse();
    if (![claims.aud].flat().includes(issuer.audience)) refuse();
    if (checkTimes(claims, now()) === "invalid") refuse();
    const keys = await issuer.keys.find(header);
    if (!(await isSignedByOneOf(keys, token, header.alg))) refuse();
    // Only the issuer's own expired token is told apart. The look-up of its key may have taken a while.
    if (checkTimes(claims, now()) === "expired") throw new ChatError("token_expired");
    const identity = identityFromClaims(claims, roles);
    if (isRevoked(identity)) refuse();
    return identity;
  };
}

function refuse(): never {
  throw new ChatError("invalid_token");
}

function trustIssuer(issuer: TokenIssuer, options: TokenVerifierOptions): TrustedIssuer {
  const problem = keyProblem(issuer.key, issuer.algorithms);
  if (problem !== null) throw new TypeError(`The issuer ${issuer.issuer} ${problem}.`);
  return {
    audience: issuer.audience,
    algorithms: issuer.algorithms ?? defaultAlgorithms(issuer.key),
    keys: createIssuerKeys(issuer, options),
  };
}

function createIssuerKeys({ key }: TokenIssuer, options: TokenVerifierOptions): KeySet {
  switch (key.type) {
    case "jwks":
      return createKeySet(key.url, options);
    case "pem": {
      const publicKey = readPublicKey(key.pem);
      const algorithms = publicKey === null ? [] : algorithmsOfKey(publicKey);
      return { find: async ({ alg }) => (publicKey !== null && algorithms.includes(alg) ? [publicKey] : []) };
    }
    case "secret": {
      const secret = createSecretKey(Buffer.from(key.secret));
      return { find: async () => [secret] };
    }
  }
}

async function isSignedByOneOf(keys: readonly KeyObject[], token: string, algorithm: string): Promise<boolean> {
  for (const key of keys) {
    try {
      await compactVerify(token, key, { algorithms: [algorithm] });
      return true;
    } catch {
      // Not with this key: whatever the reason, the token proves nothing.
    }
  }
  return false;
}
