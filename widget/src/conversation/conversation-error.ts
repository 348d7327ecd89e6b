import type { ErrorEvent } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import type { TransportError } from "../transport/transport-error.ts";
import type { ConversationError } from "./conversation.ts";

/** What a person can do about each code when nothing more is known. */
const REMEDIES: Record<ConversationError["code"], ConversationError["remedy"]> = {
  invalid_json: "none",
  invalid_payload: "none",
  invalid_token: "sign_in",
  token_expired: "sign_in",
  forbidden: "none",
  origin_not_allowed: "none",
  not_found: "none",
  method_not_allowed: "none",
  payload_too_large: "none",
  unsupported_media_type: "none",
  concurrent_request: "wait",
  already_decided: "none",
  approval_expired: "none",
  approval_superseded: "none",
  input_changed: "none",
  idempotency_mismatch: "retry",
  limit_exceeded: "wait",
  too_many_requests: "wait",
  chatbot_disabled: "none",
  draining: "retry",
  store_unavailable: "retry",
  provider_unauthorized: "none",
  provider_billing: "none",
  provider_rate_limited: "retry",
  provider_overloaded: "retry",
  provider_unavailable: "retry",
  provider_rejected: "none",
  context_too_long: "none",
  stalled: "retry",
  internal: "retry",
  network: "retry",
  token_unavailable: "retry",
  stream_gap: "retry",
};

/** A turn's fault, in the server's words. */
export function errorFromEvent(event: ErrorEvent): ConversationError {
  const remedy = REMEDIES[event.error];
  return {
    code: event.error,
    message: event.message,
    remedy: event.retryable ? "retry" : remedy === "retry" ? "none" : remedy,
    resetsAt: null,
    limitType: null,
    retryAfterMs: event.retry_after_ms ?? null,
  };
}

/** A refusal in the server's words, or in ours where the server said nothing or we can say it more kindly. */
export function errorFromTransport(error: TransportError, strings: Strings): ConversationError {
  const { code, body, status } = error;
  const isSignedOut = code === "token_unavailable" && (status === 401 || status === 403);
  const remedy = isSignedOut ? "sign_in" : REMEDIES[code];
  return {
    code,
    message: isSignedOut ? strings.errorSignIn : messageOf(error, strings),
    remedy,
    resetsAt: body?.resets_at ?? null,
    limitType: body?.limit_type ?? null,
    // Proxies are told when to ask again; a person is not where only the operator can help.
    retryAfterMs: remedy === "none" ? null : error.retryAfterMs,
  };
}

/** An error the element finds by itself. */
export function localError(code: "concurrent_request" | "stream_gap", strings: Strings): ConversationError {
  const message = code === "stream_gap" ? strings.errorStreamGap : strings.errorConcurrent;
  return { code, message, remedy: REMEDIES[code], resetsAt: null, limitType: null, retryAfterMs: null };
}

function messageOf({ code, body }: TransportError, strings: Strings): string {
  switch (code) {
    case "network":
      return strings.errorNetwork;
    case "token_unavailable":
      return strings.errorTokenUnavailable;
    case "invalid_token":
    case "token_expired":
      return strings.errorSignIn;
    case "concurrent_request":
      return strings.errorConcurrent;
    case "limit_exceeded":
      return strings.errorLimit[body?.limit_type ?? "user"];
    default:
      return body?.message ?? strings.errorInternal;
  }
}
