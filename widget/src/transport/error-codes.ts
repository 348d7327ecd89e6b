import type { ErrorCode } from "../protocol/index.ts";

/** Every code of the contract: one that is added there does not compile until it is listed here. */
const CODES: Record<ErrorCode, true> = {
  invalid_json: true,
  invalid_payload: true,
  invalid_token: true,
  token_expired: true,
  forbidden: true,
  origin_not_allowed: true,
  not_found: true,
  method_not_allowed: true,
  payload_too_large: true,
  unsupported_media_type: true,
  concurrent_request: true,
  already_decided: true,
  approval_expired: true,
  approval_superseded: true,
  input_changed: true,
  idempotency_mismatch: true,
  limit_exceeded: true,
  too_many_requests: true,
  chatbot_disabled: true,
  draining: true,
  store_unavailable: true,
  provider_unauthorized: true,
  provider_billing: true,
  provider_rate_limited: true,
  provider_overloaded: true,
  provider_unavailable: true,
  provider_rejected: true,
  context_too_long: true,
  stalled: true,
  internal: true,
};

/** The code, or `internal` for one that a newer server may have. */
export function toErrorCode(code: string): ErrorCode {
  return isErrorCode(code) ? code : "internal";
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CODES, code);
}
