import { setTimeout as pause } from "node:timers/promises";
import { type EventFrame, endOf, eventsOf, faultsIn, textOf } from "./event-frames.ts";
import type { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";
import { phasesOf, type TurnPhase } from "./turn-phase.ts";

const STEPS = 3;
const LAST_WORDS = "That is all — thank you. ";

/** How long things take in a trial, in milliseconds. */
export interface TrialTimes {
  /** Of a call, before it has its effect and after. Asked for each call. */
  before(): number;
  after(): number;
  /** That a person takes to approve. */
  decision: number;
}

/** What a turn that lived through kills left behind. */
export interface TrialReport {
  /** Whatever does not hold of what is promised. */
  faults: string[];
  /** Of the calls that must not run twice. */
  outcomes: string[];
  ranTwice: number;
  repeatedReads: number;
  repeatedModelCalls: number;
  recoveries: number;
  description: string;
}

/** One turn with a call that must not run twice, one that may, and one that a person approves, while servers die. */
export class KillTrial {
  /** Resolves when the turn is over. */
  readonly report: Promise<TrialReport>;
  readonly #rig: FaultRig;
  readonly #name: string;
  readonly #frames: EventFrame[] = [];
  #isDecided = false;
  #isOver = false;

  /** `onChange` hears of each event that its reader got, and of the end. */
  constructor(rig: FaultRig, name: string, times: TrialTimes, onChange: () => void) {
    this.#rig = rig;
    this.#name = name;
    this.report = this.#run(times, onChange).finally(() => {
      this.#isOver = true;
      onChange();
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Where the turn is. */
  get phases(): TurnPhase[] {
    if (this.#isOver) return [];
    return phasesOf({ frames: this.#frames, isDecided: this.#isDecided, bookOf: (ref) => this.#rig.bookOf(ref) });
  }

  get #refs(): { charge: string; balance: string; pay: string } {
    const name = this.#name;
    return { charge: `charge-${name};`, balance: `balance-${name};`, pay: `pay-${name};` };
  }

  async #run(times: TrialTimes, onChange: () => void): Promise<TrialReport> {
    const user = await this.#rig.signIn();
    const decisions: Promise<Response>[] = [];
    const frames = await user.turn(this.#script(times), {
      onFrame: (frame, conversationId) => {
        this.#frames.push(frame);
        const { data } = frame;
        if (data.type === "tool_request") {
          decisions.push(this.#approve(user, conversationId, data.tool_use_id, times.decision));
        }
        onChange();
      },
    });
    const faults = faultsIn(frames);
    for (const decision of await Promise.all(decisions)) {
      if (decision.status !== 200) faults.push(`its approval was answered with ${decision.status}`);
    }
    return this.#judge(frames, user, faults);
  }

  async #approve(user: FaultUser, conversationId: string, toolUseId: string, afterMs: number): Promise<Response> {
    await pause(afterMs);
    const response = await user.decide(conversationId, toolUseId, true);
    this.#isDecided = true;
    return response;
  }

  #script(times: TrialTimes): string {
    const input = (ref: string): object => ({ ref, before_ms: times.before(), after_ms: times.after() });
    const { charge, balance, pay } = this.#refs;
    const steps = [
      {
        text: `First, for ${this.#name}: both at once. `,
        chunks: 6,
        delay_ms: 8,
        tool_use: [
          { name: "bank__charge", input: input(charge) },
          { name: "bank__balance", input: input(balance) },
        ],
      },
      { text: "Then the payment. ", tool_use: [{ name: "bank__pay", input: input(pay) }] },
      { text: LAST_WORDS, repeat: 3, chunks: 8, delay_ms: 10 },
    ];
    return `script:${JSON.stringify(steps)}`;
  }

  async #judge(frames: readonly EventFrame[], user: FaultUser, faults: string[]): Promise<TrialReport> {
    const { charge, balance, pay } = this.#refs;
    const check = (holds: boolean, what: string): void => {
      if (!holds) faults.push(what);
    };
    const outcomes = outcomesOf(frames);
    const timesIn = (ref: string, what: string): number =>
      this.#rig.bookOf(ref).filter((entry) => entry.what === what).length;

    check(endOf(frames) === "end_turn", `it ended with ${endOf(frames)}`);
    check(textOf(frames).endsWith(LAST_WORDS.repeat(3)), "its last words are not the model's");
    const id = eventsOf(frames, "session_created")[0]?.conversation_id ?? "";
    check(JSON.stringify(await user.log(id)) === JSON.stringify(frames), "the log tells it in another way");
    for (const ref of [charge, pay]) {
      const [outcome, runs] = [outcomes.get(ref) ?? "none", timesIn(ref, "ran")];
      check(runs <= 1, `${ref} ran ${runs} times`);
      check(timesIn(ref, "called") <= 1, `${ref} was called ${timesIn(ref, "called")} times`);
      check(outcome === "ok" || outcome === "unknown", `${ref} is ${outcome}`);
      check(outcome !== "ok" || runs === 1, `${ref} is ok and ran ${runs} times`);
    }
    check(outcomes.get(balance) === "ok", `${balance} is ${outcomes.get(balance)}`);
    check(timesIn(balance, "ran") >= 1, `${balance} never ran`);
    check(new Set(this.#rig.bookOf(balance).map(({ key }) => key)).size === 1, "a repeated call has another key");

    const recoveries = eventsOf(frames, "status_update").filter(({ state }) => state === "recovering").length;
    const modelCalls = this.#rig.modelCallsWith(`for ${this.#name}:`).length;
    check(
      modelCalls <= STEPS + recoveries,
      `${modelCalls} model calls for ${STEPS} steps, recovered ${recoveries} times`,
    );
    const usage = eventsOf(frames, "usage");
    check(usage.filter(({ estimated }) => estimated !== true).length === STEPS, "a step was not counted once");
    check(usage.length - STEPS <= recoveries, "more model calls were counted as lost than owners died");
    const { user: tokens } = await user.usage();
    check(tokens.reserved === 0, `${tokens.reserved} tokens stay reserved`);
    check(tokens.used > 0, "nothing was counted");
    return {
      faults,
      outcomes: [charge, pay].map((ref) => outcomes.get(ref) ?? "none"),
      ranTwice: [charge, pay].filter((ref) => timesIn(ref, "ran") > 1).length,
      repeatedReads: timesIn(balance, "called") - 1,
      repeatedModelCalls: modelCalls - STEPS,
      recoveries,
      description: `${this.#name}\n${frames.map(({ raw }) => raw).join("\n")}`,
    };
  }
}

/** What became of each call that was not void, by its reference. */
function outcomesOf(frames: readonly EventFrame[]): Map<string, string> {
  const refs = new Map(eventsOf(frames, "tool_use").map((event) => [event.tool_use_id, event.input?.["ref"]]));
  return new Map(eventsOf(frames, "tool_result").map((event) => [String(refs.get(event.tool_use_id)), event.outcome]));
}
