import type { ApprovalDecision, ErrorBody, LimitType } from "../protocol/index.ts";
import { toErrorCode } from "./error-codes.ts";
import { type Guard, hasShape, isListOf, isNumber, isOneOf, isString, optional } from "./shape.ts";
import { TransportError } from "./transport-error.ts";

const isDecision: Guard<ApprovalDecision> = isOneOf("approved", "denied");
const isLimitType: Guard<LimitType> = isOneOf("user", "organization", "global");

const isErrorBody = hasShape<Omit<ErrorBody, "error"> & { error: string }>({
  error: isString,
  message: isString,
  request_id: isString,
  issues: optional(isListOf(hasShape<{ path: string; message: string }>({ path: isString, message: isString }))),
  permission: optional(isString),
  conversation_id: optional(isString),
  turn_id: optional(isString),
  decision: optional(isDecision),
  limit_type: optional(isLimitType),
  limit: optional(isNumber),
  used: optional(isNumber),
  resets_at: optional(isString),
});

/**
 * What an answer with an HTTP status of 400 or more means. An answer that is not in our server's form comes from
 * something between, such as a proxy whose upstream is gone, and counts as `network`.
 */
export async function readErrorBody(response: Response, nowMs: number): Promise<TransportError> {
  const details = {
    status: response.status,
    retryAfterMs: parseRetryAfter(response.headers.get("Retry-After"), nowMs),
  };
  const value: unknown = await response.json().catch(() => null);
  if (!isErrorBody(value)) return new TransportError("network", details);
  const body: ErrorBody = { ...value, error: toErrorCode(value.error) };
  return new TransportError(body.error, { ...details, body });
}

/** Seconds or an HTTP date, as milliseconds from now. */
function parseRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const delayMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(delayMs) ? Math.max(0, delayMs) : null;
}
