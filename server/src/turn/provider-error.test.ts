import { APIConnectionError, APIConnectionTimeoutError, APIError } from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { providerFailure } from "./provider-error.ts";
import { TurnFailure } from "./turn-failure.ts";
import { StalledError } from "./watch-bytes.ts";

/** An error as the SDK makes it of an answer. */
function answered(
  status: number | undefined,
  type: string | null,
  more: { message?: string; code?: string; headers?: Record<string, string> } = {},
): APIError {
  const { message = "the prompt said: secret", code, headers = {} } = more;
  const details = code === undefined ? {} : { details: { error_code: code } };
  const body = type === null ? undefined : { type: "error", error: { type, message, ...details } };
  if (status === undefined) return new APIError(undefined, body, undefined, new Headers(headers), typeOf(type));
  return APIError.generate(status, body, undefined, new Headers(headers));
}

function typeOf(type: string | null): APIError["type"] {
  return type as APIError["type"];
}

describe("providerFailure", () => {
  it.each<[string, APIError, string, boolean]>([
    ["400", answered(400, "invalid_request_error"), "provider_rejected", false],
    ["401", answered(401, "authentication_error"), "provider_unauthorized", false],
    ["401 without a body", answered(401, null), "provider_unauthorized", false],
    ["402", answered(402, "billing_error"), "provider_billing", false],
    ["402 without a body", answered(402, null), "provider_billing", false],
    ["403", answered(403, "permission_error"), "provider_unauthorized", false],
    ["404, an unknown model", answered(404, "not_found_error"), "provider_rejected", false],
    ["408", answered(408, null), "provider_rejected", false],
    ["413", answered(413, "request_too_large"), "context_too_long", false],
    ["429", answered(429, "rate_limit_error"), "provider_rate_limited", true],
    ["429 without a body", answered(429, null), "provider_rate_limited", true],
    ["500", answered(500, "api_error"), "provider_unavailable", true],
    ["502 from a proxy", answered(502, null), "provider_unavailable", true],
    ["503", answered(503, null), "provider_unavailable", true],
    ["504", answered(504, "timeout_error"), "provider_unavailable", true],
    ["529", answered(529, "overloaded_error"), "provider_overloaded", true],
    ["529 without a body", answered(529, null), "provider_overloaded", true],
    [
      "an empty balance",
      answered(400, "invalid_request_error", { message: "Your credit balance is too low to access the API." }),
      "provider_billing",
      false,
    ],
    [
      "a limit that the customer set",
      answered(400, "invalid_request_error", { message: "You have reached your specified API usage limits." }),
      "provider_billing",
      false,
    ],
    [
      "an enforced spend limit",
      answered(429, "rate_limit_error", { code: "enforced_spend_limit_reached", headers: { "retry-after": "1" } }),
      "provider_billing",
      false,
    ],
    [
      "a contract's spend limit",
      answered(429, "rate_limit_error", { code: "contract_spend_limit_reached" }),
      "provider_billing",
      false,
    ],
    [
      "a prompt that is too long",
      answered(400, "invalid_request_error", { message: "prompt is too long: 210000 tokens > 200000 maximum" }),
      "context_too_long",
      false,
    ],
    ["an error event: overloaded", answered(undefined, "overloaded_error"), "provider_overloaded", true],
    ["an error event: api_error", answered(undefined, "api_error"), "provider_unavailable", true],
    ["an error event: rate limit", answered(undefined, "rate_limit_error"), "provider_rate_limited", true],
    ["an error event: invalid request", answered(undefined, "invalid_request_error"), "provider_rejected", false],
    ["an error event of the future", answered(undefined, "new_error"), "provider_unavailable", true],
  ])("%s", (_title, error, code, retryable) => {
    expect(providerFailure(error)).toMatchObject({ code, retryable });
  });

  it.each<[string, unknown, string]>([
    ["a refused connection", new APIConnectionError({ cause: new Error("ECONNREFUSED") }), "provider_unavailable"],
    ["a timeout of the SDK", new APIConnectionTimeoutError(), "provider_unavailable"],
    ["a cut socket", new TypeError("terminated"), "provider_unavailable"],
    ["a stream that fell silent", new StalledError("idle"), "stalled"],
    ["a silence before the headers", new APIConnectionError({ cause: new StalledError("idle") }), "stalled"],
    [
      "a silence two causes deep",
      new Error("a", { cause: new TypeError("b", { cause: new StalledError("total") }) }),
      "stalled",
    ],
    ["something that is no error", "broken", "provider_unavailable"],
    ["nothing", undefined, "provider_unavailable"],
  ])("%s can be tried again", (_title, error, code) => {
    expect(providerFailure(error)).toMatchObject({ code, retryable: true });
  });

  it("leaves a failure that has a name already", () => {
    const failure = new TurnFailure("internal", { retryable: false });
    expect(providerFailure(failure)).toBe(failure);
  });

  it("shows nothing of the provider's words", () => {
    expect(providerFailure(answered(400, "invalid_request_error")).message).toBe("provider_rejected");
  });

  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ["0", 0],
    ["7", 7000],
    ["0.5", 500],
    ["-3", 0],
    ["soon", undefined],
    ["1.0001", 1001],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ])("retry-after %s means %s ms", (value, expected) => {
    const headers: Record<string, string> = value === undefined ? {} : { "retry-after": value };
    expect(providerFailure(answered(529, "overloaded_error", { headers })).retryAfterMs).toBe(expected);
  });

  it("reads a retry-after that is a date", () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs = 0 } = providerFailure(
      answered(429, "rate_limit_error", { headers: { "retry-after": date } }),
    );
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});
