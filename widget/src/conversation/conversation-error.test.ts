import { expect } from "@open-wc/testing";
import type { ErrorEvent } from "../protocol/index.ts";
import { englishStrings } from "../strings/en.ts";
import { TransportError } from "../transport/transport-error.ts";
import { errorFromEvent, errorFromTransport } from "./conversation-error.ts";

const strings = englishStrings("en");
const body = { message: "In the server's words", request_id: "r" };

describe("errorFromTransport", () => {
  const cases: { title: string; error: TransportError; expected: object }[] = [
    {
      title: "a lost connection",
      error: new TransportError("network"),
      expected: { remedy: "retry", message: strings.errorNetwork },
    },
    {
      title: "an expired token",
      error: new TransportError("token_expired", { status: 401 }),
      expected: { remedy: "sign_in", message: strings.errorSignIn },
    },
    {
      title: "a host that knows no user",
      error: new TransportError("token_unavailable", { status: 403 }),
      expected: { remedy: "sign_in", message: strings.errorSignIn },
    },
    {
      title: "a host that does not answer",
      error: new TransportError("token_unavailable"),
      expected: { remedy: "retry", message: strings.errorTokenUnavailable },
    },
    {
      title: "a used-up limit",
      error: new TransportError("limit_exceeded", {
        status: 429,
        retryAfterMs: 5000,
        body: { ...body, error: "limit_exceeded", limit_type: "user", resets_at: "2026-11-22T00:00:00Z" },
      }),
      expected: {
        remedy: "wait",
        message: "You have used up your daily limit.",
        limitType: "user",
        resetsAt: "2026-11-22T00:00:00Z",
        retryAfterMs: 5000,
      },
    },
    {
      title: "a refusal in the server's words",
      error: new TransportError("forbidden", { body: { ...body, error: "forbidden" } }),
      expected: { remedy: "none", message: body.message },
    },
    {
      title: "no time for what only the operator can mend",
      error: new TransportError("chatbot_disabled", { status: 503, retryAfterMs: 10_000 }),
      expected: { remedy: "none", retryAfterMs: null },
    },
    {
      title: "a fault without words",
      error: new TransportError("internal"),
      expected: { remedy: "retry", message: strings.errorInternal },
    },
  ];
  for (const { title, error, expected } of cases) {
    it(`tells ${title} and the way out`, () => {
      expect(errorFromTransport(error, strings)).to.include({ code: error.code, ...expected });
    });
  }
});

describe("errorFromEvent", () => {
  const event: ErrorEvent = {
    type: "error",
    error: "provider_overloaded",
    message: "Busy",
    retryable: true,
    request_id: "r",
  };
  const cases: { title: string; event: ErrorEvent; remedy: string }[] = [
    { title: "offers to retry what may work", event, remedy: "retry" },
    { title: "offers nothing for what will not", event: { ...event, retryable: false }, remedy: "none" },
    {
      title: "offers to wait for a limit",
      event: { ...event, error: "limit_exceeded", retryable: false },
      remedy: "wait",
    },
  ];
  for (const { title, event: fault, remedy } of cases) {
    it(title, () => {
      expect(errorFromEvent(fault)).to.include({ message: "Busy", remedy });
    });
  }
});
