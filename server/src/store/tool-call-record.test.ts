import { describe, expect, it } from "vitest";
import { aConversation, aToolCall, aTurn, finishedState } from "../../test/records.ts";
import { advanceToolCall, type ToolCallState } from "./tool-call-record.ts";

const STATES: Record<ToolCallState["status"], ToolCallState> = {
  proposed: { status: "proposed" },
  pending: { status: "pending" },
  approved: { status: "approved" },
  denied: { status: "denied" },
  dispatched: { status: "dispatched", attempt: 1, dispatchedAt: "2026-11-05T12:00:00.000Z" },
  finished: finishedState(),
};

/** Every way there is; whatever is not here is not one. */
const WAYS = new Set([
  "proposed → pending",
  "proposed → dispatched",
  "proposed → finished",
  "pending → approved",
  "pending → denied",
  "pending → finished",
  "approved → dispatched",
  "approved → finished",
  "denied → finished",
  "dispatched → dispatched",
  "dispatched → finished",
]);

const pairs = Object.values(STATES).flatMap((from) => Object.values(STATES).map((to) => ({ from, to })));

describe("advanceToolCall", () => {
  it.each(pairs.map((pair) => ({ ...pair, way: `${pair.from.status} → ${pair.to.status}` })))("$way", (pair) => {
    const call = aToolCall(aTurn(aConversation()), { state: pair.from });
    if (WAYS.has(pair.way)) expect(advanceToolCall(call, pair.to)).toEqual({ ...call, state: pair.to });
    else expect(() => advanceToolCall(call, pair.to)).toThrow(`from ${pair.from.status} to ${pair.to.status}`);
  });
});
