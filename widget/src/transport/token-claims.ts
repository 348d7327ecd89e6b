import { isNumber, isRecord, isString } from "./shape.ts";

/** `exp` of a JWT in milliseconds, to know when to renew it; null when it does not tell. Trusted for nothing. */
export function expiryOf(token: string): number | null {
  const expiry = claimsOf(token)?.["exp"];
  return isNumber(expiry) ? expiry * 1000 : null;
}

/** Whom a JWT stands for, to keep what two people in one tab wrote apart; null when it does not tell. Trusted for nothing else. */
export function userOf(token: string): string | null {
  const { iss, sub } = claimsOf(token) ?? {};
  return isString(sub) ? JSON.stringify([iss, sub]) : null;
}

function claimsOf(token: string): Record<string, unknown> | null {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const claims: unknown = JSON.parse(atob(payload));
    return isRecord(claims) ? claims : null;
  } catch {
    return null;
  }
}
