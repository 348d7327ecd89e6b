import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import type { ServerEvent } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import { aTool } from "../../test/handmade-tools.ts";
import { aToolCall } from "../../test/records.ts";
import { aReservation, aTurnAtWork } from "../../test/turns.ts";
import { StepInProgress } from "./step-in-progress.ts";
import type { Turn, TurnEntry } from "./turn.ts";

const TYPING = aTool("notes__typing", {
  title: "Typing",
  rule: { permissions: [], approval: "never", streamInput: true },
});
const READ = aTool("notes__read", { title: "Read" });

function begin(turn: Turn = aTurnAtWork([READ, TYPING])): StepInProgress {
  return new StepInProgress(turn, aReservation(), (usage) => usage.input_tokens);
}

function take(step: StepInProgress, ...events: object[]): TurnEntry[] {
  return events.flatMap((event) => [...step.take(event as RawMessageStreamEvent)]);
}

function told(entries: readonly TurnEntry[]): ServerEvent[] {
  return entries.flatMap((entry) => (entry.type === "delta" ? [entry.event] : [...entry.events]));
}

const START = { type: "message_start", message: { usage: { input_tokens: 50, output_tokens: 1 } } };
const textBlock = (index: number, text = ""): object => ({
  type: "content_block_start",
  index,
  content_block: { type: "text", text },
});
const callBlock = (index: number, name: string, id = `toolu_${index}`): object => ({
  type: "content_block_start",
  index,
  content_block: { type: "tool_use", id, name, input: {} },
});
const words = (index: number, text: string): object => ({
  type: "content_block_delta",
  index,
  delta: { type: "text_delta", text },
});
const json = (index: number, partial_json: string): object => ({
  type: "content_block_delta",
  index,
  delta: { type: "input_json_delta", partial_json },
});
const stop = (index: number): object => ({ type: "content_block_stop", index });
const END = [
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 20 } },
  { type: "message_stop" },
];

/** Offsets as a reader counts them, from the text it has so far. */
function expectContiguous(events: readonly ServerEvent[]): void {
  const lengths = new Map<string, number>();
  for (const event of events) {
    if (event.type !== "text" && event.type !== "tool_chunk") continue;
    const [key, piece] = event.type === "text" ? [`text ${event.block}`, event.text] : [event.tool_use_id, event.chunk];
    expect(event.offset).toBe(lengths.get(key) ?? 0);
    lengths.set(key, event.offset + Buffer.byteLength(piece));
    expect(piece.isWellFormed()).toBe(true);
  }
}

describe("StepInProgress", () => {
  it("tells text with its offset in UTF-8 bytes", () => {
    const events = told(take(begin(), textBlock(0), words(0, "Grüße "), words(0, "😀"), words(0, "!")));
    expect(events).toEqual([
      { type: "text", block: 0, offset: 0, text: "Grüße " },
      { type: "text", block: 0, offset: 8, text: "😀" },
      { type: "text", block: 0, offset: 12, text: "!" },
    ]);
  });

  it("holds back half a character until its other half has come", () => {
    const step = begin();
    const events = told(take(step, textBlock(0), words(0, "a\ud83d"), words(0, "\ude00b"), words(0, "c"), stop(0)));
    expectContiguous(events);
    expect(events.map((event) => (event.type === "text" ? event.text : ""))).toEqual(["a", "😀b", "c"]);
  });

  it("does not lose half a character that nothing follows", () => {
    const step = begin();
    const events = told(take(step, textBlock(0), words(0, "a\ud83d"), stop(0), ...END));
    expectContiguous(events);
    expect(events.map((event) => (event.type === "text" ? event.text : "")).join("")).toBe("a\ufffd");
    expect(step.messageRecord({ withCalls: true, stopped: false })?.content).toEqual([
      { type: "text", text: "a\ufffd" },
    ]);
  });

  it.each(Array.from({ length: 12 }, (_, cut) => cut))("tells the same text cut at %i", (cut) => {
    const text = "ä😀€👩‍👧!";
    const events = told(take(begin(), textBlock(0), words(0, text.slice(0, cut)), words(0, text.slice(cut)), stop(0)));
    expectContiguous(events);
    expect(events.map((event) => (event.type === "text" ? event.text : "")).join("")).toBe(text);
  });

  it("numbers blocks over the whole turn, leaving out those without text", () => {
    const turn = aTurnAtWork([READ]);
    turn.record = { ...turn.record, nextBlock: 4 };
    const step = begin(turn);
    const events = told(take(step, textBlock(0), stop(0), textBlock(1), words(1, "a"), stop(1), textBlock(2, "b")));
    expect(events).toMatchObject([
      { block: 4, text: "a" },
      { block: 5, text: "b" },
    ]);
    expect(step.nextBlock).toBe(6);
  });

  it("tells a call twice: at its start, and with its complete input", () => {
    const events = told(take(begin(), callBlock(0, "notes__read"), json(0, '{"path":'), json(0, '"a"}'), stop(0)));
    const call = { type: "tool_use", tool_use_id: "toolu_0", name: "notes__read", title: "Read", server: "notes" };
    expect(events).toEqual([call, { ...call, input: { path: "a" } }]);
  });

  it("tells the input while it is written when the operator wants that, byte by byte", () => {
    const input = '{"text":"grüße 😀"}';
    for (let cut = 0; cut <= input.length; cut += 1) {
      const pieces = [json(0, input.slice(0, cut)), json(0, input.slice(cut))];
      const events = told(take(begin(), callBlock(0, "notes__typing"), ...pieces, stop(0)));
      expectContiguous(events);
      const chunks = events.flatMap((event) => (event.type === "tool_chunk" ? [event.chunk] : []));
      expect(chunks.join("")).toBe(input);
    }
  });

  it("keeps a ledger line for each call, in order", () => {
    const step = begin();
    take(
      step,
      callBlock(0, "notes__read"),
      json(0, '{"b":1,"a":2}'),
      stop(0),
      callBlock(1, "notes__read"),
      stop(1),
      ...END,
    );
    const calls = step.proposedCalls("msg_1");
    expect(calls).toMatchObject([
      { toolUseId: "toolu_0", ordinal: 0, input: { a: 2, b: 1 }, inputError: null, fingerprint: READ.fingerprint },
      { toolUseId: "toolu_1", ordinal: 1, input: {}, step: 1, state: { status: "proposed" } },
    ]);
    expect(step.messageRecord({ withCalls: true, stopped: false })?.content).toMatchObject([
      { type: "tool_use", id: "toolu_0" },
      { type: "tool_use", id: "toolu_1", input: {} },
    ]);
  });

  it.each([
    ["an id that this message has already", "toolu_0"],
    ["an id that the conversation has already", "toolu_old"],
    ["an id that could not be sent back", "böse id"],
    ["an empty id", ""],
  ])("gives a call with %s one of its own", (_title, id) => {
    const turn = aTurnAtWork([READ]);
    turn.toolCalls.push(aToolCall(turn.record, { toolUseId: "toolu_old" }));
    const step = begin(turn);
    take(step, callBlock(0, "notes__read"), stop(0), callBlock(1, "notes__read", id), stop(1), ...END);
    const [first, second] = step.proposedCalls("msg_1");
    expect(first?.toolUseId).toBe("toolu_0");
    expect(second?.toolUseId).toMatch(/^toolu_[0-9a-f]{32}$/);
    const message = step.messageRecord({ withCalls: true, stopped: false });
    expect(message?.content[1]).toMatchObject({ id: second?.toolUseId });
  });

  it("makes an empty input of broken JSON, and tells the model what was wrong", () => {
    const step = begin();
    const events = told(take(step, callBlock(0, "notes__read"), json(0, '{"path": "a'), stop(0), ...END));
    expect(events).toHaveLength(1);
    expect(step.untoldInputs()).toMatchObject([{ tool_use_id: "toolu_0", input: {} }]);
    expect(step.proposedCalls("msg_1")).toMatchObject([
      { input: {}, inputError: expect.stringContaining('{"path": "a') },
    ]);
  });

  it("makes a name that can be sent back of one that cannot", () => {
    const step = begin();
    take(
      step,
      callBlock(0, "böse namen!"),
      stop(0),
      callBlock(1, ""),
      stop(1),
      callBlock(2, "x".repeat(99)),
      stop(2),
      ...END,
    );
    expect(step.proposedCalls("msg_1").map(({ name }) => name)).toEqual(["b_se_namen_", "unknown", "x".repeat(64)]);
  });

  it("keeps the text of a message that was cut, and drops its thinking and its calls", () => {
    const step = begin();
    const thinking = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "thinking", thinking: "", signature: "" },
    };
    take(step, thinking, stop(0), textBlock(1), words(1, "Half a"), callBlock(2, "notes__read"), json(2, '{"a'));
    expect(step.messageRecord({ withCalls: false, stopped: true })).toMatchObject({
      stopped: true,
      content: [{ type: "text", text: "Half a" }],
    });
    expect(step.cancelledCalls()).toMatchObject([{ tool_use_id: "toolu_2", outcome: "cancelled" }]);
  });

  it("keeps the thinking of a whole message as it came", () => {
    const step = begin();
    const thinking = { type: "thinking", thinking: "", signature: "s", future: 1 };
    take(
      step,
      { type: "content_block_start", index: 0, content_block: thinking },
      stop(0),
      textBlock(1),
      words(1, "a"),
      stop(1),
      ...END,
    );
    expect(step.messageRecord({ withCalls: true, stopped: false })?.content[0]).toEqual({
      type: "verbatim",
      block: thinking,
    });
  });

  it.each<[string, object[]]>([
    ["nothing", []],
    ["white space", [textBlock(0), words(0, " \n"), stop(0)]],
    [
      "thinking alone, which could not be sent back",
      [
        { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "s" } },
        stop(0),
      ],
    ],
  ])("keeps no message of %s", (_title, events) => {
    const step = begin();
    take(step, START, ...events, ...END);
    expect(step.messageRecord({ withCalls: true, stopped: false })).toBeNull();
  });

  describe("usage", () => {
    it("is what the provider counted", () => {
      const step = begin();
      take(step, START, textBlock(0), words(0, "x".repeat(400)), stop(0), ...END);
      expect(step.usage()).toMatchObject({ estimated: false, usage: { input_tokens: 50, output_tokens: 20 } });
    });

    it("is the confirmed input and a quarter of the bytes when the message was cut", () => {
      const step = begin();
      take(step, START, textBlock(0), words(0, "ä".repeat(101)));
      expect(step.usage()).toMatchObject({ estimated: true, usage: { input_tokens: 50, output_tokens: 51 } });
    });

    it("is the estimate when nothing came at all", () => {
      expect(begin().usage()).toMatchObject({ estimated: true, usage: { input_tokens: 900, output_tokens: 0 } });
    });
  });

  it("notes how far it has come, also in a long input that nobody sees", () => {
    const step = begin();
    const entries = take(
      step,
      START,
      callBlock(0, "notes__read"),
      ...Array.from({ length: 100 }, () => json(0, "x".repeat(100))),
    );
    const noted = entries.flatMap((entry) => (entry.progress === undefined ? [] : [entry.progress.streamedBytes]));
    expect(noted.slice(0, 2)).toEqual([0, 0]);
    expect(noted.slice(2)).toEqual([4100, 8200]);
    expect(entries[0]?.progress).toMatchObject({ id: "res_1", inputTokens: 50 });
  });

  it("was shown as soon as readers have seen a word or a call, not before", () => {
    const step = begin();
    take(step, START, textBlock(0));
    expect(step.wasShown).toBe(false);
    take(step, words(0, "a"));
    expect(step.wasShown).toBe(true);
  });
});
