import { expect } from "@open-wc/testing";
import type { ServerEvent } from "../protocol/index.ts";
import type { ReceivedEvent } from "../transport/chat-transport.ts";
import { applyEvents } from "./apply-event.ts";
import { type Conversation, emptyConversation, type Part } from "./conversation.ts";
import {
  assistantHistory,
  awaitingApproval,
  done,
  fileChunks,
  numbered,
  sessionCreated,
  started,
  stepReset,
  texts,
  toolRequest,
  toolResult,
  toolRunning,
  toolUse,
  typing,
  usage,
  userHistory,
} from "./sample-events.ts";

function after(events: readonly ServerEvent[], from: Conversation = emptyConversation): Conversation {
  const { conversation, gap } = applyEvents(from, numbered(events));
  expect(gap).to.equal(null);
  return conversation;
}

/** The parts of the last answer, in short. */
function answerOf(conversation: Conversation): string[] {
  const answer = conversation.messages.findLast((message) => message.role === "assistant");
  return answer?.role === "assistant" ? answer.parts.map(describePart) : [];
}

function describePart(part: Part): string {
  if (part.type === "text") return part.text;
  const { id, state } = part.call;
  return `${id}: ${state.status === "finished" ? state.outcome : state.status}`;
}

/** A turn with text, two tools – one of them approved –, live output, a lost step and umlauts. */
const WHOLE_TURN: readonly ServerEvent[] = [
  sessionCreated,
  started("t1"),
  typing,
  ...texts(0, "Let me ", "läök…", " 😀"),
  toolUse("call-1"),
  toolUse("call-1", { limit: 5 }),
  usage(1),
  toolRunning("call-1"),
  toolResult("call-1"),
  typing,
  ...texts(1, "lost"),
  toolUse("call-lost"),
  stepReset,
  ...texts(2, "Now ", "the file."),
  toolUse("call-2"),
  toolUse("call-2", { path: "a.txt" }),
  usage(2),
  toolRequest("call-2"),
  awaitingApproval,
  toolRunning("call-2"),
  ...fileChunks("call-2", "a.txt", "Hé", "llo"),
  toolResult("call-2"),
  typing,
  ...texts(3, "Done."),
  usage(3),
  done("t1"),
  started("t2", "Thanks"),
  ...texts(0, "You are ", "welcome."),
  done("t2"),
];

describe("applyEvents", () => {
  it("tells a whole turn as messages", () => {
    const conversation = after(WHOLE_TURN.slice(0, -4));
    expect(conversation.id).to.equal("conversation-1");
    expect(conversation.messages[0]).to.deep.equal({
      role: "user",
      id: "message-t1",
      text: "Hello",
      createdAt: null,
      delivery: "sent",
    });
    expect(answerOf(conversation)).to.deep.equal([
      "Let me läök… 😀",
      "call-1: ok",
      "Now the file.",
      "call-2: ok",
      "Done.",
    ]);
    expect(conversation.messages[1]).to.include({ streaming: false, stopped: false });
    expect(conversation).to.include({ activeTurn: null, activity: null, lastEndReason: "end_turn" });
    expect(conversation.pendingApprovals).to.deep.equal([]);
  });

  it("comes to the same when cut anywhere and resumed from anywhere before", () => {
    const received = numbered(WHOLE_TURN);
    const whole = applyEvents(emptyConversation, received).conversation;
    for (let cut = 0; cut <= received.length; cut += 1) {
      const first = applyEvents(emptyConversation, received.slice(0, cut)).conversation;
      for (let from = 0; from <= cut; from += 1) {
        const { conversation, gap, applied } = applyEvents(first, received.slice(from));
        expect(gap).to.equal(null);
        expect(applied.length).to.equal(received.length - cut);
        expect(conversation, `cut at ${cut}, resumed from ${from}`).to.deep.equal(whole);
      }
    }
  });

  it("comes to the same whether events are applied together or one by one", () => {
    const one = numbered(WHOLE_TURN).reduce(
      (held, received) => applyEvents(held, [received]).conversation,
      emptyConversation,
    );
    expect(one).to.deep.equal(after(WHOLE_TURN));
  });

  it("reports every hole instead of applying what follows it", () => {
    const received = numbered(WHOLE_TURN);
    for (let missing = 1; missing < received.length - 1; missing += 1) {
      const { gap, conversation } = applyEvents(emptyConversation, received.toSpliced(missing, 1));
      expect(gap, `without ${missing}`).to.equal("event");
      expect(conversation.lastEventId).to.equal(`e1-${missing}`);
    }
  });

  it("proves by offsets what ids cannot tell", () => {
    const [first, second, third] = texts(0, "a", "b", "c");
    const events = [first, third].flatMap((event) => (event === undefined ? [] : [{ id: null, event }]));
    expect(second).to.not.equal(undefined);
    const { conversation, gap } = applyEvents(after([started("t1")]), events);
    expect(gap).to.equal("text");
    expect(answerOf(conversation)).to.deep.equal(["a"]);
  });

  it("reports a missing start of a block, and a hole in live output", () => {
    const cut: ServerEvent = { type: "text", block: 1, offset: 4, text: "x" };
    expect(applyEvents(after([started("t1")]), [{ id: null, event: cut }]).gap).to.equal("text");
    const chunk: ServerEvent = { type: "tool_chunk", tool_use_id: "call-1", channel: "output", offset: 3, chunk: "x" };
    expect(applyEvents(after([started("t1"), toolUse("call-1", {})]), [{ id: null, event: chunk }]).gap).to.equal(
      "text",
    );
  });

  it("tolerates an overlap of text that has no ids", () => {
    const overlap: ReceivedEvent[] = [{ id: null, event: { type: "text", block: 0, offset: 1, text: "ello, wörld" } }];
    const { conversation } = applyEvents(after([started("t1"), ...texts(0, "Hello, w")]), overlap);
    expect(answerOf(conversation)).to.deep.equal(["Hello, wörld"]);
  });

  it("counts events of an unknown kind, and passes over them", () => {
    const received = numbered([started("t1"), typing, ...texts(0, "a")]).with(1, { id: "e1-2", event: null });
    const { conversation, gap, applied } = applyEvents(emptyConversation, received);
    expect(gap).to.equal(null);
    expect(applied.length).to.equal(2);
    expect(conversation.lastEventId).to.equal("e1-3");
  });

  it("passes over events of an older epoch and goes on with a newer one", () => {
    const held = applyEvents(emptyConversation, [{ id: "5-9", event: started("t1") }]).conversation;
    expect(applyEvents(held, [{ id: "4-10", event: done("t1") }]).applied).to.deep.equal([]);
    expect(applyEvents(held, [{ id: "6-1", event: done("t1") }]).conversation.activeTurn).to.equal(null);
  });

  describe("step_reset", () => {
    const settled = [
      started("t1"),
      ...texts(0, "one"),
      toolUse("call-1", {}),
      usage(1),
      toolRunning("call-1"),
      toolResult("call-1"),
    ];
    const cases: { title: string; events: ServerEvent[]; parts: string[] }[] = [
      { title: "takes back the text of the first step", events: [started("t1"), ...texts(0, "lost")], parts: [] },
      {
        title: "takes back a tool call being written",
        events: [started("t1"), ...texts(0, "lost"), toolUse("call-1")],
        parts: [],
      },
      {
        title: "leaves the steps before alone",
        events: [...settled, ...texts(1, "lost"), toolUse("call-2")],
        parts: ["one", "call-1: ok"],
      },
      {
        title: "leaves them alone when the step had said nothing yet",
        events: [...settled, typing],
        parts: ["one", "call-1: ok"],
      },
      {
        title: "takes back a call that was cut off and cancelled",
        events: [started("t1"), toolUse("call-1"), toolResult("call-1", "cancelled")],
        parts: [],
      },
      {
        title: "takes back a step whose usage was estimated",
        events: [...settled, ...texts(1, "lost"), usage(2, true)],
        parts: ["one", "call-1: ok"],
      },
      {
        title: "leaves a step that is complete alone",
        events: [started("t1"), ...texts(0, "one"), usage(1)],
        parts: ["one"],
      },
    ];
    for (const { title, events, parts } of cases) {
      it(title, () => {
        const conversation = after([...events, stepReset]);
        expect(answerOf(conversation)).to.deep.equal(parts);
      });

      it(`${title}, and the step is told anew`, () => {
        const conversation = after([...events, stepReset, ...texts(7, "new ", "text"), done("t1")]);
        expect(answerOf(conversation)).to.deep.equal([...parts, "new text"]);
      });

      it(`${title}, also when its blocks bear the same numbers again`, () => {
        const conversation = after([
          ...events,
          stepReset,
          ...texts(parts.length === 0 ? 0 : 1, "new ", "text"),
          done("t1"),
        ]);
        expect(answerOf(conversation).at(-1)).to.contain("new text");
      });
    }

    it("gives the new text another key than the lost one had", () => {
      const keyOf = (conversation: Conversation): string | undefined => {
        const message = conversation.messages.at(-1);
        return message?.role === "assistant" ? message.parts[0]?.key : undefined;
      };
      const lost = after([started("t1"), ...texts(0, "lost")]);
      const told = after([started("t1"), ...texts(0, "lost"), stepReset, ...texts(0, "new")]);
      expect(keyOf(lost)).to.not.equal(keyOf(told));
    });
  });

  describe("tool calls", () => {
    const asked = [
      started("t1"),
      toolUse("call-1"),
      toolUse("call-1", { id: 7 }),
      toolRequest("call-1"),
      awaitingApproval,
    ];

    it("wait for approval with the exact input asked about", () => {
      const conversation = after(asked);
      expect(answerOf(conversation)).to.deep.equal(["call-1: awaiting_approval"]);
      expect(conversation.pendingApprovals.map((request) => request.tool_use_id)).to.deep.equal(["call-1"]);
      expect(conversation.activity).to.deep.equal({ type: "awaiting_approval" });
    });

    for (const [title, event] of [
      ["withdrawn when the tool runs", toolRunning("call-1")],
      ["withdrawn when the call has its outcome", toolResult("call-1", "denied")],
      ["withdrawn when the turn is over", done("t1", "superseded")],
    ] as const) {
      it(`are ${title}`, () => {
        expect(after([...asked, event]).pendingApprovals).to.deep.equal([]);
      });
    }

    it("keep other questions open when one is decided", () => {
      const conversation = after([
        ...asked,
        toolUse("call-2", {}),
        toolRequest("call-2"),
        toolResult("call-1", "denied"),
      ]);
      expect(conversation.pendingApprovals.map((request) => request.tool_use_id)).to.deep.equal(["call-2"]);
      expect(conversation.activity).to.deep.equal({ type: "awaiting_approval" });
    });

    it("gather live output by channel and path", () => {
      const conversation = after([
        started("t1"),
        toolUse("call-1", {}),
        ...fileChunks("call-1", "a.txt", "é", "b"),
        ...fileChunks("call-1", "b.txt", "c"),
        {
          type: "tool_chunk",
          tool_use_id: "call-1",
          channel: "progress",
          offset: 0,
          chunk: "half",
          progress: 1,
          total: 2,
        },
      ]);
      const message = conversation.messages.at(-1);
      const part = message?.role === "assistant" ? message.parts[0] : undefined;
      expect(part?.type === "tool_call" ? part.call.output : []).to.deep.equal([
        { channel: "file", path: "a.txt", text: { pieces: ["éb"], length: 2 }, bytes: 3, progress: null, total: null },
        { channel: "file", path: "b.txt", text: { pieces: ["c"], length: 1 }, bytes: 1, progress: null, total: null },
        { channel: "progress", path: null, text: { pieces: ["half"], length: 4 }, bytes: 4, progress: 1, total: 2 },
      ]);
      expect(answerOf(conversation)).to.deep.equal(["call-1: running"]);
    });

    it("name the file being created in the activity", () => {
      const conversation = after([
        started("t1"),
        toolUse("call-1", {}),
        toolRunning("call-1"),
        ...fileChunks("call-1", "a.txt", "x"),
      ]);
      expect(conversation.activity).to.deep.equal({ type: "tool_running", toolUseId: "call-1", filePath: "a.txt" });
    });

    it("without an outcome at the end of the turn have none known", () => {
      expect(
        answerOf(after([started("t1"), toolUse("call-1", {}), toolRunning("call-1"), done("t1", "error")])),
      ).to.deep.equal(["call-1: unknown"]);
    });
  });

  it("keeps what did not change, and copies no text of other messages", () => {
    const before = after([
      started("t1"),
      ...texts(0, "one"),
      toolUse("call-1", {}),
      usage(1),
      toolResult("call-1"),
      ...texts(1, "t"),
    ]);
    const { conversation } = applyEvents(before, [
      { id: null, event: { type: "text", block: 1, offset: 1, text: "wo" } },
    ]);
    const [userBefore, answerBefore] = before.messages;
    const [userAfter, answerAfter] = conversation.messages;
    expect(userAfter).to.equal(userBefore);
    if (answerBefore?.role !== "assistant" || answerAfter?.role !== "assistant") throw new Error("no answer");
    expect(answerAfter.parts[0]).to.equal(answerBefore.parts[0]);
    expect(answerAfter.parts[1]).to.equal(answerBefore.parts[1]);
    expect(answerAfter.parts[2]?.key).to.equal(answerBefore.parts[2]?.key);
    expect(conversation.activity).to.equal(before.activity);
  });

  it("shows what another tab asked, once", () => {
    const idle = after([started("t1"), ...texts(0, "a"), done("t1")]);
    const { conversation } = applyEvents(idle, numbered([started("t2", "From elsewhere")], 4));
    expect(conversation.messages.map(({ id }) => id)).to.deep.equal(["message-t1", "answer-t1", "message-t2"]);
  });

  it("moves an error's message in and out", () => {
    const failed = after([
      started("t1"),
      { type: "error", error: "provider_overloaded", message: "Busy", retryable: true, request_id: "r" },
      done("t1", "error"),
    ]);
    expect(failed.error).to.include({ code: "provider_overloaded", message: "Busy", remedy: "retry" });
    expect(failed.lastEndReason).to.equal("error");
    expect(applyEvents(failed, numbered([started("t2")], 4)).conversation.error).to.equal(null);
  });

  describe("snapshot", () => {
    const snapshot = (turnId: string | null): ServerEvent => ({
      type: "status_update",
      state: "snapshot",
      conversation: {
        id: "conversation-1",
        messages: [userHistory("m1", "Hi"), assistantHistory("m2", "Hello"), userHistory("message-t9", "More")],
        active_turn: turnId === null ? null : { turn_id: turnId, state: "running" },
        pending_approvals: [],
        last_event_id: "e1-40",
      },
    });

    it("replaces everything, whatever its id, and the next event may have any", () => {
      const received = [
        { id: "e1-2", event: snapshot("t9") },
        ...numbered([started("t9", "More"), ...texts(0, "x"), done("t9")], 55),
      ];
      const { conversation, gap } = applyEvents(after(WHOLE_TURN), received);
      expect(gap).to.equal(null);
      expect(conversation.messages.map(({ id }) => id)).to.deep.equal(["m1", "m2", "message-t9", "answer-t9"]);
    });

    it("keeps what the server does not have yet", () => {
      const unsent: Conversation = {
        ...emptyConversation,
        messages: [{ role: "user", id: "local-1", text: "New", createdAt: null, delivery: "failed" }],
      };
      const { conversation } = applyEvents(unsent, [{ id: "e1-2", event: snapshot(null) }]);
      expect(conversation.messages.map(({ id }) => id)).to.deep.equal(["m1", "m2", "message-t9", "local-1"]);
      expect(conversation.lastEventId).to.equal("e1-40");
    });
  });
});
