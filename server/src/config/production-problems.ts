import { isLoopbackUrl } from "../authenticate/load-json.ts";
import type { IssuerConfig } from "./issuer-config.ts";

const MIN_DIFFERENT_CHARACTERS = 8;
/** What people write where a secret is asked for, and what stands in examples. */
const WELL_KNOWN =
  /change.?me|change.?this|secret|passw(?:or)?d|example|placeholder|insecure|default|qwerty|12345678|abcdefgh|letmein|replace.?me|^demo/i;

/**
 * What must not be in production, where `NODE_ENV` says that this is it: the demo's issuer and whatever else is signed or
 * published on this machine, and secrets that can be guessed. No problem shows the secret.
 */
export function productionProblems(issuers: readonly IssuerConfig[], revocationsUrl: string | null): string[] {
  const problems = issuers.flatMap(({ issuer, key }) => {
    const found: string[] = [];
    if (isLoopbackUrl(issuer)) found.push("is on this machine, as the demo's is");
    if (key.type === "jwks" && isLoopbackUrl(key.url)) found.push("has its keys on this machine, as the demo has");
    if (key.type === "secret" && isGuessable(key.secret)) found.push("has a secret that can be guessed");
    return found.map((problem) => `NODE_ENV is production, but the issuer ${issuer} ${problem}`);
  });
  if (revocationsUrl !== null && isLoopbackUrl(revocationsUrl)) {
    problems.push("NODE_ENV is production, but revocations.url is on this machine");
  }
  return problems;
}

/** Random bytes in hexadecimal or base64 are not, whatever they happen to be. */
function isGuessable(secret: string): boolean {
  // A text is a repetition of a shorter one exactly when it is found within itself, written twice.
  const isRepetition = `${secret}${secret}`.indexOf(secret, 1) < secret.length;
  return isRepetition || new Set(secret).size < MIN_DIFFERENT_CHARACTERS || WELL_KNOWN.test(secret);
}
