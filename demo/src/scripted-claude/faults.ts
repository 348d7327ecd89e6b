import { createHash } from "node:crypto";
import { ApiError, invalid } from "./api-error.ts";
import type { MessagesRequest } from "./messages-request.ts";
import type { Fault, FaultKind } from "./reply.ts";

/** The refusal that a fault stands for; null for faults of the stream itself. */
export function refusalOf(fault: Fault): ApiError | null {
  const headers: Record<string, string> =
    fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  switch (fault.kind) {
    case "overloaded":
      return new ApiError("overloaded_error", "Overloaded", headers);
    case "rate_limited": {
      const message = "This request would exceed your organization's rate limit.";
      return new ApiError("rate_limit_error", message, { "retry-after": "1", ...headers });
    }
    case "server_error":
      return new ApiError("api_error", "Internal server error");
    case "unauthorized":
      return new ApiError("authentication_error", "invalid x-api-key");
    case "billing":
      return invalid("Your credit balance is too low to access the Anthropic API.");
    case "rejected":
      return invalid("messages: rejected as the message asked for");
    case "too_long":
      return invalid("prompt is too long: 210000 tokens > 200000 maximum");
    default:
      return null;
  }
}

/** Counts how often a fault has happened to the same messages, so that it heals when it should. */
export class FaultMemory {
  readonly #happened = new Map<string, number>();

  /** The fault, if it still happens to this request. */
  next(fault: Fault | undefined, request: MessagesRequest): Fault | null {
    if (fault?.times === undefined) return fault ?? null;
    const key = faultKey(fault.kind, request);
    const count = this.#happened.get(key) ?? 0;
    if (count < fault.times) {
      this.#happened.set(key, count + 1);
      return fault;
    }
    // Healed, and done with: the same words in another conversation fail anew.
    this.#happened.delete(key);
    return null;
  }
}

function faultKey(kind: FaultKind, request: MessagesRequest): string {
  return createHash("sha256").update(kind).update(JSON.stringify(request.messages)).digest("hex");
}
