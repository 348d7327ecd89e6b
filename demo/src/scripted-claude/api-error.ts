/** Statuses and types of the Messages API's refusals, as its documentation pairs them. */
const STATUS = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
} as const;

/** Types of errors as the Messages API names them. */
export type ApiErrorType = keyof typeof STATUS;

/** The body of a refusal, and the data of an `error` event in mid-stream. */
export interface ApiErrorBody {
  type: "error";
  error: { type: ApiErrorType; message: string };
  request_id: string;
}

/** A refusal in the shape of the Messages API. */
export class ApiError extends Error {
  readonly type: ApiErrorType;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(type: ApiErrorType, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "ApiError";
    this.type = type;
    this.status = STATUS[type];
    this.headers = headers;
  }

  body(requestId: string): ApiErrorBody {
    return { type: "error", error: { type: this.type, message: this.message }, request_id: requestId };
  }
}

/** The refusal of a request that the caller got wrong. */
export function invalid(message: string): ApiError {
  return new ApiError("invalid_request_error", message);
}
