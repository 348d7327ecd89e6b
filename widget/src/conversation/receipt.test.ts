import { expect } from "@open-wc/testing";
import type { ToolOutcome } from "../protocol/index.ts";
import type { Message, ToolCall } from "./conversation.ts";
import { type CallDecision, type CallNote, receiptOf } from "./receipt.ts";
import { whyWithdrawn } from "./withdrawn-request.ts";

function finished(id: string, outcome: ToolOutcome): ToolCall {
  const state = { status: "finished", outcome, durationMs: 5, truncated: false } as const;
  return { id, name: "t", title: "T", input: {}, state, output: [], result: [] };
}

function answer(createdAt: string | null, ...calls: ToolCall[]): Message {
  const parts = calls.map((call) => ({ type: "tool_call", key: call.id, call }) as const);
  return { role: "assistant", id: "a", parts, createdAt, streaming: false, stopped: false };
}

describe("receiptOf", () => {
  it("lists the calls of a conversation, the latest first", () => {
    const said: Message = { role: "user", id: "u", text: "", createdAt: null, delivery: "sent" };
    const messages = [
      said,
      answer(null, finished("a", "ok"), finished("b", "error")),
      said,
      answer(null, finished("c", "ok")),
    ];
    expect(receiptOf(messages, new Map()).map(({ call }) => call.id)).to.deep.equal(["c", "b", "a"]);
  });

  it("tells when a call ended here, else when its answer was stored", () => {
    const messages = [
      answer("2026-11-21T10:00:00Z", finished("a", "ok"), finished("b", "ok")),
      answer(null, finished("c", "ok")),
    ];
    const notes = new Map([["b", { endedAt: 5 }]]);
    expect(receiptOf(messages, notes).map(({ at }) => at?.toISOString() ?? null)).to.deep.equal([
      null,
      "1970-01-01T00:00:00.005Z",
      "2026-11-21T10:00:00.000Z",
    ]);
  });

  const approved: CallDecision = { type: "approved", at: 1 };
  const denied: CallDecision = { type: "denied", at: 1 };
  const cases: [title: string, decision: CallDecision, outcome: ToolOutcome, expected: CallDecision | null][] = [
    ["an approval", approved, "ok", approved],
    ["an approval of what failed", approved, "error", approved],
    ["an approval of what was stopped then", approved, "cancelled", approved],
    ["a denial", denied, "denied", denied],
    ["a denial that came after an approval elsewhere", denied, "ok", { type: "approved", at: null }],
    ["an approval that came after a denial elsewhere", approved, "denied", { type: "denied", at: null }],
    ["a decision that came too late", approved, "expired", null],
    ["a decision that came after a new message", approved, "superseded", null],
  ];
  for (const [title, decision, outcome, expected] of cases) {
    it(`tells ${title}`, () => {
      const notes = new Map<string, CallNote>([["a", { decision }]]);
      expect(receiptOf([answer(null, finished("a", outcome))], notes)[0]?.decision).to.deep.equal(expected);
    });
  }
});

describe("whyWithdrawn", () => {
  const cases: [outcome: ToolOutcome, expected: string | null][] = [
    ["ok", "approved"],
    ["error", "approved"],
    ["unknown", "approved"],
    ["denied", "denied"],
    ["expired", "expired"],
    ["superseded", null],
    ["cancelled", null],
  ];
  for (const [outcome, expected] of cases) {
    it(`tells ${expected ?? "nothing"} of a call that ended ${outcome}`, () => {
      expect(whyWithdrawn(finished("a", outcome))).to.equal(expected);
    });
  }

  it("tells that a call that runs was approved", () => {
    expect(whyWithdrawn({ ...finished("a", "ok"), state: { status: "running" } })).to.equal("approved");
  });

  it("tells nothing of a call that is gone", () => {
    expect(whyWithdrawn(null)).to.equal(null);
  });
});
