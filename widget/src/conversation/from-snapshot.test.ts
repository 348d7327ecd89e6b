import { expect } from "@open-wc/testing";
import type { ConversationSnapshot, MessageContentBlock, ToolOutcome, ToolRequestEvent } from "../protocol/index.ts";
import type { Conversation, ToolCallState } from "./conversation.ts";
import { fromSnapshot } from "./from-snapshot.ts";
import { assistantHistory, toolRequest, userHistory } from "./sample-events.ts";

function snapshot(details: Partial<ConversationSnapshot> = {}): ConversationSnapshot {
  return { id: "c1", messages: [], active_turn: null, pending_approvals: [], last_event_id: "e1-4", ...details };
}

function withCall(outcome?: ToolOutcome): Partial<ConversationSnapshot> {
  const call = { type: "tool_use", tool_use_id: "call-1", name: "n", title: "N", input: {} } as const;
  const block: MessageContentBlock =
    outcome === undefined ? call : { ...call, outcome, result: [{ type: "text", text: "r" }] };
  return { messages: [{ ...assistantHistory("m1", ""), content: [block] }] };
}

function callState(conversation: Conversation): ToolCallState | null {
  const [message] = conversation.messages;
  const part = message?.role === "assistant" ? message.parts[0] : undefined;
  return part?.type === "tool_call" ? part.call.state : null;
}

function pending(): ToolRequestEvent[] {
  const request = toolRequest("call-1");
  return request.type === "tool_request" ? [request] : [];
}

describe("fromSnapshot", () => {
  it("shows the history, complete and at rest", () => {
    const conversation = fromSnapshot(snapshot({ messages: [userHistory("m1", "Hi"), assistantHistory("m2", "Hé")] }));
    expect(conversation.messages).to.deep.equal([
      { role: "user", id: "m1", text: "Hi", createdAt: "2026-11-21T10:00:00Z", delivery: "sent" },
      {
        role: "assistant",
        id: "m2",
        parts: [{ type: "text", key: "m2-0", text: "Hé", bytes: 3 }],
        createdAt: "2026-11-21T10:00:01Z",
        streaming: false,
        stopped: false,
      },
    ]);
    expect(conversation).to.include({ id: "c1", activeTurn: null, activity: null, lastEventId: "e1-4" });
  });

  it("starts reading from the beginning when the server has no event", () => {
    expect(fromSnapshot(snapshot({ last_event_id: "" })).lastEventId).to.equal(null);
  });

  it("keeps that an answer was cut off", () => {
    const [message] = fromSnapshot(
      snapshot({ messages: [{ ...assistantHistory("m1", "Hi"), stopped: true }] }),
    ).messages;
    expect(message).to.include({ stopped: true });
  });

  it("tells what a turn in progress is doing", () => {
    const turn = { turn_id: "t1", state: "running" } as const;
    expect(fromSnapshot(snapshot({ active_turn: turn })).activity).to.deep.equal({ type: "typing" });
    const asking = fromSnapshot(snapshot({ active_turn: turn, pending_approvals: pending() }));
    expect(asking.activity).to.deep.equal({ type: "awaiting_approval" });
    expect(asking.activeTurn).to.deep.equal({ id: "t1", cancelling: false });
  });

  const turn = { turn_id: "t1", state: "running" } as const;
  const calls: { title: string; details: Partial<ConversationSnapshot>; status: string; outcome?: ToolOutcome }[] = [
    { title: "with an outcome", details: withCall("denied"), status: "finished", outcome: "denied" },
    {
      title: "that waits",
      details: { ...withCall(), active_turn: turn, pending_approvals: pending() },
      status: "awaiting_approval",
    },
    { title: "that runs", details: { ...withCall(), active_turn: turn }, status: "running" },
    { title: "nobody knows the end of", details: withCall(), status: "finished", outcome: "unknown" },
  ];
  for (const { title, details, status, outcome } of calls) {
    it(`shows a call ${title}`, () => {
      expect(callState(fromSnapshot(snapshot(details)))).to.include(
        outcome === undefined ? { status } : { status, outcome },
      );
    });
  }
});
