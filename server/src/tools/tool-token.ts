import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID, sign } from "node:crypto";
import type { Owner } from "../store/identity.ts";

/** Used at once, so a tool server needs little patience; every request has a token of its own. */
const LIFETIME_SECONDS = 120;

/** With what tokens for tool servers are signed. */
export interface ToolTokenConfig {
  /** `iss` of the tokens: this server's own address. */
  issuer: string;
  /** Ed25519 or P-256, in PEM. */
  privateKey: string;
  /** Further public keys to publish, in PEM: those of the next key before it is used, and of the last one after. */
  publicKeys?: readonly string[] | undefined;
}

/** A key as tool servers read it. */
export interface PublishedKey {
  kty: string;
  crv: string;
  x: string;
  /** P-256 only. */
  y?: string;
  kid: string;
  alg: string;
  use: "sig";
}

/** Signs tokens that say to one tool server, and to no other, on whose behalf it is called. */
export interface ToolTokens {
  /** A new token for the server with this audience. null: on behalf of nobody, to ask what its tools are. */
  sign(audience: string, owner: Owner | null): string;
  /** The key set that tool servers verify them with. */
  readonly keySet: { keys: readonly PublishedKey[] };
}

/**
 * Tokens for tool servers: `iss`, `aud`, `sub` (the user), `org`, `user_iss` (the host that signed the user in), `iat`,
 * `exp`, `jti`. On behalf of nobody `sub` is the issuer itself, and there is neither `org` nor `user_iss`.
 * @throws Error when a key cannot be used; see `toolKeyProblem`
 */
export function createToolTokens(config: ToolTokenConfig, now: () => number = Date.now): ToolTokens {
  const key = createPrivateKey(config.privateKey);
  const [published, ...others] = [key, ...(config.publicKeys ?? [])].map((each) => publish(createPublicKey(each)));
  if (published === undefined) throw new Error("there is no key");
  const { kid, alg } = published;
  const header = encode({ alg, kid, typ: "JWT" });
  return {
    sign(audience, owner) {
      const iat = Math.floor(now() / 1000);
      const who =
        owner === null ? { sub: config.issuer } : { sub: owner.user, org: owner.organization, user_iss: owner.issuer };
      const claims = { iss: config.issuer, aud: audience, ...who, iat, exp: iat + LIFETIME_SECONDS, jti: randomUUID() };
      const input = `${header}.${encode(claims)}`;
      const hash = alg === "EdDSA" ? null : "sha256";
      const signature = sign(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
      return `${input}.${signature.toString("base64url")}`;
    },
    keySet: { keys: [published, ...others.filter((other) => other.kid !== kid)] },
  };
}

/** Why a PEM cannot be used here; null when it can. What it says is never shown. */
export function toolKeyProblem(pem: string, kind: "private" | "public"): string | null {
  const wanted = `must be an Ed25519 or P-256 ${kind} key in PEM`;
  try {
    const key = kind === "private" ? createPrivateKey(pem) : createPublicKey(pem);
    if (kind === "public" && pem.includes("PRIVATE KEY")) return "must be a public key";
    return algorithmOf(key) === null ? wanted : null;
  } catch {
    return wanted;
  }
}

function algorithmOf(key: KeyObject): "EdDSA" | "ES256" | null {
  if (key.asymmetricKeyType === "ed25519") return "EdDSA";
  return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? "ES256" : null;
}

/** Named by its thumbprint (RFC 7638), so that the same key has the same name in every process. */
function publish(key: KeyObject): PublishedKey {
  const alg = algorithmOf(key);
  if (alg === null) throw new Error("neither Ed25519 nor P-256");
  const { crv = "", kty = "", x = "", y } = key.export({ format: "jwk" });
  const named = { crv, kty, x, ...(y === undefined ? {} : { y }) };
  const kid = createHash("sha256").update(JSON.stringify(named)).digest("base64url");
  return { ...named, kid, alg, use: "sig" };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
