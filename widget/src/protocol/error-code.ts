/** Codes of refusals, in the body of an answer with an HTTP status of 400 or more. */
export type RequestErrorCode =
  | "invalid_json"
  | "invalid_payload"
  | "invalid_token"
  | "token_expired"
  | "forbidden"
  | "origin_not_allowed"
  | "not_found"
  | "method_not_allowed"
  | "payload_too_large"
  | "unsupported_media_type"
  | "concurrent_request"
  | "already_decided"
  | "approval_expired"
  | "approval_superseded"
  | "input_changed"
  | "idempotency_mismatch"
  | "limit_exceeded"
  | "too_many_requests"
  | "chatbot_disabled"
  | "draining"
  | "store_unavailable";

/** Codes of faults on the way to the model, in an `error` event. */
export type ProviderErrorCode =
  | "provider_unauthorized"
  | "provider_billing"
  | "provider_rate_limited"
  | "provider_overloaded"
  | "provider_unavailable"
  | "provider_rejected"
  | "context_too_long"
  | "stalled";

/** Every code this server may use. Readers compare codes, never messages. */
export type ErrorCode = RequestErrorCode | ProviderErrorCode | "internal";

/** Body of a refusal. `message` is localised and safe to show; further members depend on the code. */
export interface ErrorBody {
  error: ErrorCode;
  message: string;
  request_id: string;
  /** `invalid_payload`: what is wrong, and where. */
  issues?: { path: string; message: string }[];
  /** `forbidden`: the permission that is missing. */
  permission?: string;
  /** `concurrent_request`: the turn that is running. */
  conversation_id?: string;
  turn_id?: string;
  /** `already_decided`: the decision that stands. */
  decision?: ApprovalDecision;
  /** `limit_exceeded`: whose daily limit, in tokens; `resets_at` is an ISO 8601 time. */
  limit_type?: LimitType;
  limit?: number;
  used?: number;
  resets_at?: string;
}

/** Whose daily token limit. */
export type LimitType = "user" | "organization" | "global";

/** What a person decided. */
export type ApprovalDecision = "approved" | "denied";
