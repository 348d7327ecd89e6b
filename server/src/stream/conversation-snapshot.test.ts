import { describe, expect, it } from "vitest";
import {
  aConversation,
  anAnswer,
  aPendingCall,
  aToolCall,
  aTurn,
  aUserMessage,
  finishedState,
} from "../../test/records.ts";
import type { StoredConversation } from "../store/store.ts";
import { conversationSnapshot } from "./conversation-snapshot.ts";

const conversation = aConversation({ lastSeq: 9 });
const done = aTurn(conversation, { state: { status: "done", reason: "end_turn" } });
const question = aUserMessage(done);
const call = aToolCall(done, { toolUseId: "toolu_1", title: "List members", state: finishedState("ten") });
const answer = anAnswer(done, {
  stopped: true,
  content: [
    { type: "verbatim", block: { type: "thinking", thinking: "Hm" } },
    { type: "text", text: "Here:" },
    { type: "tool_use", id: "toolu_1", name: "members__list", input: { page: 1 } },
    { type: "tool_use", id: "toolu_lost", name: "members__get", input: {} },
  ],
});
const resting: StoredConversation = { conversation, messages: [question, answer], toolCalls: [call], activeTurn: null };

describe("conversationSnapshot", () => {
  it("shows messages with the outcomes of their calls, and no thinking", () => {
    expect(conversationSnapshot(resting)).toEqual({
      id: conversation.id,
      messages: [
        { id: question.id, role: "user", created_at: question.createdAt, content: [{ type: "text", text: "Hello" }] },
        {
          id: answer.id,
          role: "assistant",
          created_at: answer.createdAt,
          stopped: true,
          content: [
            { type: "text", text: "Here:" },
            {
              type: "tool_use",
              tool_use_id: "toolu_1",
              name: "members__list",
              title: "List members",
              input: { page: 1 },
              outcome: "ok",
              result: [{ type: "text", text: "ten" }],
            },
            { type: "tool_use", tool_use_id: "toolu_lost", name: "members__get", title: "members__get", input: {} },
          ],
        },
      ],
      active_turn: null,
      pending_approvals: [],
      last_event_id: "1-9",
    });
  });

  it.each(["running", "awaiting_approval"] as const)(
    "leaves out the turn in progress (%s): its events complete it",
    (status) => {
      const turn = aTurn(conversation, { afterSeq: 4, state: { status } });
      const pending = aPendingCall(turn, "2026-11-05T13:00:00.000Z");
      const snapshot = conversationSnapshot({
        ...resting,
        messages: [question, answer, aUserMessage(turn), anAnswer(turn)],
        toolCalls: [call, pending],
        activeTurn: turn,
      });
      expect(snapshot.messages.map(({ id }) => id)).toEqual([question.id, answer.id]);
      expect(snapshot.active_turn).toEqual({ turn_id: turn.id, state: status });
      expect(snapshot.pending_approvals).toMatchObject([{ type: "tool_request", tool_use_id: pending.toolUseId }]);
      expect(snapshot.last_event_id).toBe("1-4");
    },
  );

  it("has nothing to show of a conversation that has just begun", () => {
    const turn = aTurn(conversation);
    const snapshot = conversationSnapshot({ ...resting, messages: [aUserMessage(turn)], activeTurn: turn });
    expect(snapshot).toMatchObject({ messages: [], last_event_id: "1-0" });
  });
});
