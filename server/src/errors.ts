import type { ErrorBody, ErrorCode, RequestErrorCode } from "@chat-bot/widget/protocol";

/** HTTP status of every refusal (README, "Errors"). */
const STATUS: Record<RequestErrorCode, number> = {
  invalid_json: 400,
  invalid_payload: 400,
  invalid_token: 401,
  token_expired: 401,
  forbidden: 403,
  origin_not_allowed: 403,
  not_found: 404,
  method_not_allowed: 405,
  concurrent_request: 409,
  already_decided: 409,
  approval_expired: 410,
  approval_superseded: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  input_changed: 422,
  idempotency_mismatch: 422,
  limit_exceeded: 429,
  too_many_requests: 429,
  chatbot_disabled: 503,
  draining: 503,
  store_unavailable: 503,
};

/** What a refusal tells besides its code; the shapes are those of `ErrorBody`. */
export type ErrorDetails = Omit<ErrorBody, "error" | "message" | "request_id">;

/** More about a `ChatError` than its code. */
export interface ChatErrorOptions {
  details?: ErrorDetails;
  /** Sent as `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A refusal with a stable code. Callers compare `code`; the wording for people is chosen where it is sent. */
export class ChatError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetails;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RequestErrorCode | "internal", options: ChatErrorOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ChatError";
    this.code = code;
    this.status = code === "internal" ? 500 : STATUS[code];
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** This user has a turn running already: which one. */
export function concurrentRequest(conversationId: string, turnId: string): ChatError {
  return new ChatError("concurrent_request", { details: { conversation_id: conversationId, turn_id: turnId } });
}
