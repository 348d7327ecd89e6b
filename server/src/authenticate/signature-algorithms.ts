import { createPublicKey, type KeyObject } from "node:crypto";
import { isTrustedUrl } from "./load-json.ts";
import type { IssuerKey } from "./token-issuer.ts";

/** Algorithms that may be configured for a shared secret, with the bytes a secret must have (RFC 7518, section 3.2). */
const SECRET_ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ["HS256", 32],
  ["HS384", 48],
  ["HS512", 64],
]);
const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const CURVE_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "ES256"],
  ["secp384r1", "ES384"],
  ["secp521r1", "ES512"],
]);
const EDWARDS_ALGORITHMS = ["EdDSA", "Ed25519"];
const PUBLIC_KEY_ALGORITHMS = [...RSA_ALGORITHMS, ...CURVE_ALGORITHMS.values(), ...EDWARDS_ALGORITHMS];
const MIN_RSA_BITS = 2048;

/** What is accepted unless the operator says otherwise. */
export function defaultAlgorithms(key: IssuerKey): readonly string[] {
  return key.type === "secret" ? ["HS256"] : ["RS256", "ES256", "EdDSA"];
}

/** Signature algorithms this public key can be used with; none for a weak key or one of another kind. */
export function algorithmsOfKey(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      return modulusLength >= MIN_RSA_BITS ? RSA_ALGORITHMS : [];
    case "ec": {
      const algorithm = CURVE_ALGORITHMS.get(namedCurve);
      return algorithm === undefined ? [] : [algorithm];
    }
    case "ed25519":
      return EDWARDS_ALGORITHMS;
    default:
      return [];
  }
}

/** A public key or certificate in PEM; null when it is neither. A private key is not taken for its public half. */
export function readPublicKey(pem: string): KeyObject | null {
  if (pem.includes("PRIVATE KEY")) return null;
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
}

/** Why an issuer's key cannot be used with its algorithms, in words that do not show the key; null when it can. */
export function keyProblem(key: IssuerKey, algorithms: readonly string[] | null): string | null {
  const wanted = algorithms ?? defaultAlgorithms(key);
  const known = key.type === "secret" ? [...SECRET_ALGORITHMS.keys()] : PUBLIC_KEY_ALGORITHMS;
  const unknown = wanted.filter((algorithm) => !known.includes(algorithm));
  if (wanted.length === 0) return "names no algorithm";
  if (unknown.length > 0) return `has a key that allows only ${known.join(", ")}, not ${unknown.join(", ")}`;
  switch (key.type) {
    case "jwks":
      return isTrustedUrl(key.url)
        ? null
        : "must load its keys over https, or http on this machine, without credentials";
    case "pem":
      return pemProblem(key.pem, wanted);
    case "secret": {
      const bytes = Math.max(...wanted.map((algorithm) => SECRET_ALGORITHMS.get(algorithm) ?? 0));
      return Buffer.byteLength(key.secret) >= bytes ? null : `must have a secret of at least ${bytes} bytes`;
    }
  }
}

function pemProblem(pem: string, wanted: readonly string[]): string | null {
  const key = readPublicKey(pem);
  if (key === null) return "must have a public key or a certificate in PEM";
  const usable = algorithmsOfKey(key);
  if (usable.some((algorithm) => wanted.includes(algorithm))) return null;
  return usable.length === 0
    ? "has a public key that is too weak or of an unknown kind"
    : `has a public key for ${usable.join(", ")}, none of them allowed`;
}
