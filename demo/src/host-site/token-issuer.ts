import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { CLUB_ID, type Person } from "./person.ts";

const LIFETIME_SECONDS = 10 * 60;
const ALGORITHM = "ES256";

/** What the element gets from its `token-url`. */
interface IssuedToken {
  token: string;
  expires_at: string;
}

/** Signs the tokens by which the chat-bot server knows the host site's people. */
export interface TokenIssuer {
  /** The public key, for the chat-bot server. */
  keySet: JSONWebKeySet;
  issue(person: Person): Promise<IssuedToken>;
}

/** An issuer with a key made now: it lives as long as the process and is written nowhere. */
export async function createTokenIssuer(options: { issuer: string; audience: string }): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  return {
    keySet: { keys: [{ ...publicJwk, kid, alg: ALGORITHM, use: "sig" }] },
    async issue(person) {
      const issuedAt = Math.floor(Date.now() / 1000);
      const expiresAt = issuedAt + LIFETIME_SECONDS;
      const token = await new SignJWT({ org: CLUB_ID, roles: [person.role], name: person.name })
        .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid })
        .setIssuer(options.issuer)
        .setAudience(options.audience)
        .setSubject(person.id)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(privateKey);
      return { token, expires_at: new Date(expiresAt * 1000).toISOString() };
    },
  };
}
