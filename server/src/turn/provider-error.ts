import { APIConnectionError, APIError } from "@anthropic-ai/sdk";
import { TurnFailure } from "./turn-failure.ts";
import { StalledError } from "./watch-bytes.ts";

/** A spend limit does not pass by itself within a turn: repeating would only cost time. */
const SPEND_LIMITS = new Set(["enforced_spend_limit_reached", "contract_spend_limit_reached"]);

/** What a failed call to the provider means to the turn. Its wording is never shown: it may quote the request. */
export function providerFailure(error: unknown): TurnFailure {
  if (error instanceof TurnFailure) return error;
  if (isStalled(error)) return new TurnFailure("stalled", { retryable: true, cause: error });
  if (error instanceof APIError && !(error instanceof APIConnectionError)) return fromAnswer(error);
  return new TurnFailure("provider_unavailable", { retryable: true, cause: error });
}

function fromAnswer(error: APIError): TurnFailure {
  const cause = error;
  if (error.errorCode !== null && SPEND_LIMITS.has(error.errorCode)) {
    return new TurnFailure("provider_billing", { retryable: false, cause });
  }
  const { status, type } = error;
  if (type === "billing_error" || status === 402 || isBilling(error)) {
    return new TurnFailure("provider_billing", { retryable: false, cause });
  }
  if (type === "authentication_error" || type === "permission_error" || status === 401 || status === 403) {
    return new TurnFailure("provider_unauthorized", { retryable: false, cause });
  }
  if (type === "rate_limit_error" || status === 429) {
    return new TurnFailure("provider_rate_limited", { retryable: true, retryAfterMs: retryAfterMs(error), cause });
  }
  if (type === "overloaded_error" || status === 529) {
    return new TurnFailure("provider_overloaded", { retryable: true, retryAfterMs: retryAfterMs(error), cause });
  }
  if (status === 413 || isTooLong(error)) return new TurnFailure("context_too_long", { retryable: false, cause });
  if (type === "invalid_request_error" || type === "not_found_error" || (status !== undefined && status < 500)) {
    return new TurnFailure("provider_rejected", { retryable: false, cause });
  }
  return new TurnFailure("provider_unavailable", { retryable: true, retryAfterMs: retryAfterMs(error), cause });
}

/** `retry-after` in whole milliseconds; it may be seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(error: APIError): number | undefined {
  const value = error.headers?.get("retry-after");
  if (value === null || value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : undefined;
}

/** These two come as plain `invalid_request_error`; only the wording tells them apart. */
function isBilling(error: APIError): boolean {
  return error.status === 400 && /credit balance|usage limits|spend limit/i.test(error.apiMessage ?? "");
}

function isTooLong(error: APIError): boolean {
  return (
    error.status === 400 && /prompt is too long|context (window|limit)|too many tokens/i.test(error.apiMessage ?? "")
  );
}

function isStalled(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof StalledError) return true;
  }
  return false;
}
