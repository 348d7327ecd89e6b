import type { ToolOutcome } from "@chat-bot/widget/protocol";
import * as fc from "fast-check";

/** A manner that a call can have: whether a person is asked, and what comes of it when it may run. */
interface Manner {
  tool: string;
  input: (path: string) => { input: object } | { json: string };
  /** A person decides before it runs. */
  isAsked: boolean;
  /** It may run again after a crash. */
  isRepeatable: boolean;
  /** What the tool answers at once; null: it runs until the test lets it answer. */
  outcome: ToolOutcome | null;
  /** It does not get as far as running. */
  isRefused: boolean;
}

const path = (value: string): { input: object } => ({ input: { path: value } });
const UNASKED = { input: path, isAsked: false, isRepeatable: false, isRefused: false } as const;
const ASKED = { input: path, isAsked: true, isRepeatable: false, isRefused: false } as const;
const REFUSED = { isAsked: true, isRepeatable: false, outcome: null, isRefused: true } as const;

/** Every manner there is. `deaf`: a tool that ignores its abort signal. */
export type MannerName =
  | "read"
  | "fail"
  | "throw"
  | "lose"
  | "hold"
  | "deaf"
  | "repeat"
  | "write"
  | "pay"
  | "invalid"
  | "broken"
  | "missing";

export const MANNERS: Readonly<Record<MannerName, Manner>> = {
  read: { ...UNASKED, tool: "desk__read", outcome: "ok", isRepeatable: true },
  fail: { ...UNASKED, tool: "desk__fail", outcome: "error" },
  throw: { ...UNASKED, tool: "desk__throw", outcome: "error" },
  lose: { ...UNASKED, tool: "desk__lose", outcome: "unknown" },
  hold: { ...UNASKED, tool: "desk__hold", outcome: null },
  deaf: { ...UNASKED, tool: "desk__deaf", outcome: null },
  repeat: { ...UNASKED, tool: "desk__repeat", outcome: null, isRepeatable: true },
  write: { ...ASKED, tool: "desk__write", outcome: "ok" },
  pay: { ...ASKED, tool: "desk__pay", outcome: null },
  invalid: { ...REFUSED, tool: "desk__write", input: () => ({ input: { path: 7 } }) },
  broken: { ...REFUSED, tool: "desk__write", input: (value) => ({ json: `{"path":"${value}` }) },
  missing: { ...REFUSED, tool: "desk__nothing", input: path },
};

/** A call that the model is going to ask for. */
export interface PlannedCall {
  manner: MannerName;
  path: string;
  /** Asks with an id that other calls use too. */
  sameId: boolean;
}

/** How an answer without calls ends, or breaks. */
type Ending = "end_turn" | "max_tokens" | "cut_call" | "refusal" | "error_event" | "eof" | "overloaded" | "stall";

/** What the model does in one step. */
export type PlannedStep =
  | { type: "calls"; calls: PlannedCall[]; thinks: boolean; stalls: boolean; stumbles: boolean }
  | { type: "pause" }
  | { type: "end"; ending: Ending };

/** What the model does in a turn; behind the last step it says that the script has ended. */
export type Plan = readonly PlannedStep[];

/** Output tokens a step may have: little, so that an answer is cut soon. */
export const MAX_OUTPUT_TOKENS = 256;
/** Bytes that an answer which falls silent has sent by then. It does so once: asked again, the model answers. */
export const STALLED_AFTER_BYTES = 10;
const LONG = MAX_OUTPUT_TOKENS * 8;
const WORDS = "Some words of the model.";

const manner = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<MannerName>("write", "pay") },
  { weight: 2, arbitrary: fc.constantFrom<MannerName>("hold", "deaf", "repeat") },
  {
    weight: 2,
    arbitrary: fc.constantFrom<MannerName>("read", "fail", "throw", "lose", "invalid", "broken", "missing"),
  },
);

/** Few inputs, so that the same call comes again. */
const call: fc.Arbitrary<PlannedCall> = fc.record({
  manner,
  path: fc.constantFrom("a", "b", "c"),
  sameId: fc.nat({ max: 9 }).map((value) => value === 9),
});

/** More questions at once than a turn may have. */
const manyCalls: fc.Arbitrary<PlannedCall[]> = fc
  .constantFrom(8, 9, 10)
  .map((length) =>
    Array.from({ length }, (_, index): PlannedCall => ({ manner: "write", path: `file ${index}`, sameId: false })),
  );

const rarely = fc.nat({ max: 11 }).map((value) => value === 11);

const callsStep: fc.Arbitrary<PlannedStep> = fc.record({
  type: fc.constant("calls" as const),
  calls: fc.oneof(
    { weight: 14, arbitrary: fc.array(call, { minLength: 1, maxLength: 4, size: "max" }) },
    { weight: 1, arbitrary: manyCalls },
  ),
  thinks: rarely,
  stalls: rarely,
  stumbles: rarely,
});

const end: fc.Arbitrary<PlannedStep> = fc.record({
  type: fc.constant("end" as const),
  ending: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Ending>("end_turn") },
    {
      weight: 5,
      arbitrary: fc.constantFrom<Ending>(
        "max_tokens",
        "cut_call",
        "refusal",
        "error_event",
        "eof",
        "overloaded",
        "stall",
      ),
    },
  ),
});

/** Any turn: steps with calls, then an end, perhaps after a pause. */
export const plan: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.oneof(
      { weight: 7, arbitrary: fc.array(callsStep, { minLength: 1, maxLength: 3, size: "max" }) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
    rarely,
    end,
  )
  .map(([steps, pauses, last]) => [...steps, ...(pauses ? [{ type: "pause" as const }] : []), last]);

/** The user's message that makes the scripted model do so. `mark` tells it from every other message. */
export function messageOf(steps: Plan, mark: string): string {
  return `script:${JSON.stringify(steps.map((step, index) => scriptStep(step, `${mark}.${index + 1}`)))}`;
}

function scriptStep(step: PlannedStep, mark: string): object {
  const text = `Step ${mark}. ${WORDS}`;
  switch (step.type) {
    case "calls": {
      const thinking = step.thinks ? `Thinking of ${mark}.` : "";
      return {
        text,
        chunks: 2,
        ...(thinking === "" ? {} : { thinking }),
        tool_use: step.calls.map(({ manner: name, path: value, sameId }) => ({
          name: MANNERS[name].tool,
          ...MANNERS[name].input(value),
          ...(sameId ? { id: "toolu_same" } : {}),
        })),
        ...(step.stalls ? { fault: "stall", after_bytes: thinking.length + STALLED_AFTER_BYTES } : {}),
        ...(step.stumbles && !step.stalls ? { fault: "overloaded", times: 1 } : {}),
      };
    }
    case "pause":
      return { text, chunks: 1, stop_reason: "pause_turn" };
    case "end":
      return { chunks: 2, ...endOf(step.ending, text) };
  }
}

function endOf(ending: Ending, text: string): object {
  switch (ending) {
    case "end_turn":
      return { text };
    case "max_tokens":
      return { text: text + " long".repeat(LONG / 5) };
    case "cut_call":
      return { text, tool_use: [{ name: "desk__write", input: { path: "x".repeat(LONG) } }] };
    case "refusal":
      return { text, stop_reason: "refusal" };
    case "overloaded":
      return { text, fault: "overloaded" };
    case "stall":
    case "error_event":
    case "eof":
      return { text, fault: ending, after_bytes: STALLED_AFTER_BYTES };
  }
}
