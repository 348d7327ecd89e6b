import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, textOf } from "./event-frames.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";

/** What a fault of the provider has to become. */
interface Expected {
  end: string;
  error?: { error: string; retryable: boolean; retry_after_ms?: number };
  outcomes?: string[];
  /** Calls the provider received. */
  modelCalls: number;
  text?: string;
  /** Runs of a charge named after the case. */
  runs?: number;
}

const WORDS = "Half of this was said when it happened. ";
const HALF = WORDS.slice(0, 20);
const charge = (ref: string, id?: string): object => ({
  name: "bank__charge",
  input: { ref },
  ...(id === undefined ? {} : { id }),
});

/** `MARK` in a script becomes words of the case's own. */
const CASES: readonly [title: string, script: readonly object[], expected: Expected][] = [
  [
    "a 429 with a long retry-after is told at once, with the time to wait",
    [{ fault: "rate_limited", retry_after: 120 }],
    {
      end: "error",
      error: { error: "provider_rate_limited", retryable: true, retry_after_ms: 120_000 },
      modelCalls: 1,
      text: "",
    },
  ],
  [
    "a 429 with a short retry-after is waited for",
    [{ fault: "rate_limited", retry_after: 0.05, times: 1 }],
    { end: "end_turn", modelCalls: 2 },
  ],
  ["a 500 that passes is repeated", [{ fault: "server_error", times: 1 }], { end: "end_turn", modelCalls: 2 }],
  [
    "a 500 that stays is given up after two repeats",
    [{ fault: "server_error" }],
    { end: "error", error: { error: "provider_unavailable", retryable: true }, modelCalls: 3, text: "" },
  ],
  [
    "a 529 that passes is repeated",
    [{ fault: "overloaded", retry_after: 0.05, times: 2 }],
    { end: "end_turn", modelCalls: 3 },
  ],
  [
    "a 529 that stays is given up after two repeats",
    [{ fault: "overloaded", retry_after: 0.05 }],
    { end: "error", error: { error: "provider_overloaded", retryable: true }, modelCalls: 3, text: "" },
  ],
  [
    "an error in mid-stream keeps what was said and is not repeated",
    [{ text: WORDS, fault: "error_event", after_bytes: 20 }],
    { end: "error", error: { error: "provider_overloaded", retryable: true }, modelCalls: 1, text: HALF },
  ],
  [
    "a clean end without message_stop is not taken for an answer",
    [{ text: WORDS, fault: "eof", after_bytes: 20 }],
    { end: "error", error: { error: "provider_unavailable", retryable: true }, modelCalls: 1, text: HALF },
  ],
  [
    "a clean end before anything was shown is repeated",
    [{ text: WORDS, fault: "eof", after_bytes: 0, times: 1 }],
    { end: "end_turn", modelCalls: 2, text: WORDS },
  ],
  [
    "a reset in mid-stream keeps what was said",
    [{ text: WORDS, fault: "reset", after_bytes: 20 }],
    { end: "error", error: { error: "provider_unavailable", retryable: true }, modelCalls: 1, text: HALF },
  ],
  [
    "silence on an open connection ends after the idle limit",
    [{ text: WORDS, fault: "stall", after_bytes: 20 }],
    { end: "error", error: { error: "stalled", retryable: true }, modelCalls: 1, text: HALF },
  ],
  [
    "a 200 with a page instead of a stream is no answer",
    [{ fault: "not_sse" }],
    { end: "error", error: { error: "provider_unavailable", retryable: true }, modelCalls: 3, text: "" },
  ],
  [
    "a call cut off at max_tokens does not run",
    [{ text: "Writing. ", tool_use: [{ name: "bank__charge", input: { ref: "MARK", before_ms: 1 }, lines: 200 }] }],
    { end: "max_tokens", outcomes: ["cancelled"], modelCalls: 1, text: "Writing. ", runs: 0 },
  ],
  [
    "a call whose JSON is broken fails, and the model is told",
    [{ tool_use: [charge("MARK")], fault: "truncated_tool_json" }, { text: "I see." }],
    { end: "end_turn", outcomes: ["error"], modelCalls: 2, text: "I see.", runs: 0 },
  ],
  [
    "a call of an unknown tool fails, and the model is told",
    [{ tool_use: [{ name: "bank__rob", input: { ref: "MARK" } }] }, { text: "I see." }],
    { end: "end_turn", outcomes: ["error"], modelCalls: 2, text: "I see.", runs: 0 },
  ],
  [
    "the same tool_use_id twice in one step is two calls",
    [{ tool_use: [charge("MARK", "toolu_same_MARK"), charge("MARK", "toolu_same_MARK")] }, { text: "Both." }],
    { end: "end_turn", outcomes: ["ok", "ok"], modelCalls: 2, text: "Both.", runs: 2 },
  ],
  [
    "the same tool_use_id in two steps is two calls",
    [{ tool_use: [charge("MARK", "toolu_MARK")] }, { tool_use: [charge("MARK", "toolu_MARK")] }, { text: "Both." }],
    { end: "end_turn", outcomes: ["ok", "ok"], modelCalls: 3, text: "Both.", runs: 2 },
  ],
];

describe("a fault of the provider", () => {
  let rig: FaultRig;
  let passed = 0;
  beforeAll(async () => {
    rig = await FaultRig.start({
      // Room for every answer but the one that is meant to be cut.
      env: { CHATBOT_PROVIDER_IDLE_SECONDS: "1", CHATBOT_MAX_OUTPUT_TOKENS: "1000" },
    });
  });
  afterAll(async () => {
    noteFigures("provider", { "faults told as promised": `${passed} of ${CASES.length}` });
    await rig[Symbol.asyncDispose]();
  });

  it.concurrent.each(CASES)("%s", { timeout: 30_000 }, async (title, script, expected) => {
    const mark = `case-${CASES.findIndex(([other]) => other === title)}_`;
    const user = await rig.signIn();
    // The prompt of each case differs, also where the script does not: by an unknown step behind the last one.
    const steps = [...script, { text: mark }];
    const frames = await user.turn(`script:${JSON.stringify(steps).replaceAll("MARK", mark)}`);
    const context = frames.map(({ raw }) => raw).join("\n");
    expect(faultsIn(frames), context).toEqual([]);
    expect(endOf(frames), context).toBe(expected.end);
    const [error] = eventsOf(frames, "error");
    if (expected.error === undefined) expect(error, context).toBeUndefined();
    else expect(error, context).toMatchObject(expected.error);
    expect(outcomesOf(frames), context).toEqual(expected.outcomes ?? []);
    if (expected.text !== undefined) expect(textOf(frames), context).toBe(expected.text);
    expect(rig.modelCallsWith(mark), context).toHaveLength(expected.modelCalls);
    expect(rig.bookOf(mark).filter(({ what }) => what === "ran")).toHaveLength(expected.runs ?? 0);
    const ids = eventsOf(frames, "tool_result").map((result) => result.tool_use_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await user.usage()).user.reserved, context).toBe(0);

    // Whatever it was: the conversation can be gone on with, so its prompt is valid.
    const id = eventsOf(frames, "session_created")[0]?.conversation_id ?? "";
    const next = await user.request("POST", "/message", {
      body: { conversation_id: id, message: 'script:{"text": "Still here."}' },
    });
    expect(await next.text()).toContain('"reason":"end_turn"');
    passed += 1;
  });
});

function outcomesOf(frames: readonly EventFrame[]): string[] {
  return eventsOf(frames, "tool_result").map(({ outcome }) => outcome);
}
