import type { ErrorCode } from "@chat-bot/widget/protocol";

/** What else is known of a failure. */
export interface TurnFailureOptions {
  /** Sending the same message again may help. */
  retryable: boolean;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** A turn cannot go on. Ends as an `error` event with this code, then `done`. */
export class TurnFailure extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: TurnFailureOptions) {
    super(code, { cause: options.cause });
    this.name = "TurnFailure";
    this.code = code;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}
