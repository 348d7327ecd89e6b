import type { ErrorBody, ErrorCode } from "../protocol/index.ts";

/** The server's code, or why it could not be asked. */
export type TransportErrorCode = ErrorCode | "network" | "token_unavailable";

/** What is known about a failure besides its code. */
export interface TransportErrorDetails {
  /** HTTP status; 0 when there was no answer. */
  status?: number;
  body?: ErrorBody | null;
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** The server refused, or could not be reached. Callers compare `code`. */
export class TransportError extends Error {
  readonly code: TransportErrorCode;
  readonly status: number;
  /** The refusal as sent; null when the answer was not one of ours. */
  readonly body: ErrorBody | null;
  readonly retryAfterMs: number | null;

  constructor(code: TransportErrorCode, details: TransportErrorDetails = {}) {
    super(code, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TransportError";
    this.code = code;
    this.status = details.status ?? 0;
    this.body = details.body ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}
