import type { Claims } from "./read-token.ts";

const MAX_LIFETIME_SECONDS = 3600;
const TOLERANCE_SECONDS = 10;

/** Whether a token's time has come and not gone. Clocks may differ by ten seconds; a life over an hour is refused. */
export function checkTimes(
  { exp, iat, nbf = iat }: Pick<Claims, "exp" | "iat" | "nbf">,
  nowMs: number,
): "valid" | "invalid" | "expired" {
  const now = nowMs / 1000;
  if (exp <= iat || exp - iat > MAX_LIFETIME_SECONDS) return "invalid";
  if (iat > now + TOLERANCE_SECONDS || nbf > now + TOLERANCE_SECONDS) return "invalid";
  return now < exp + TOLERANCE_SECONDS ? "valid" : "expired";
}
