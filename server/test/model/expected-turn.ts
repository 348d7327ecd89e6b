import type { ToolOutcome, TurnEndReason } from "@chat-bot/widget/protocol";
import type { ToolCallRecord } from "../../src/store/tool-call-record.ts";
import type { TurnRecord } from "../../src/store/turn-record.ts";
import { MANNERS, type MannerName, type Plan, type PlannedCall, type PlannedStep } from "./planned-turn.ts";

/** Steps that a turn may have. */
export const MAX_STEPS = 4;
const MAX_CALLS = 32;
const MAX_PENDING = 8;
const MAX_SAME = 3;
const MAX_RECOVERIES = 3;

/** Where a call must stand when nothing moves any more. */
type ExpectedState =
  /** Asked for; nothing has become of it yet. Only a crash leaves a call so. */
  | { status: "proposed" }
  /** Its owner died while it ran. */
  | { status: "dispatched" }
  | { status: "pending"; expired: boolean }
  /** Decided while nobody was at work on the turn. */
  | { status: "approved" }
  | { status: "denied" }
  | { status: "held" }
  | { status: "finished"; outcome: ToolOutcome };

/** A call as it has to be. Named by its place: ids are the server's. */
export interface ExpectedCall {
  readonly step: number;
  readonly ordinal: number;
  readonly manner: MannerName;
  readonly key: string;
  state: ExpectedState;
  /** What was decided, if something was. */
  decision: "approved" | "denied" | null;
}

/** Where a turn must stand when nothing moves any more. */
type ExpectedPhase =
  /** At least one tool runs until the test lets it answer. */
  | { status: "tools" }
  /** The model has fallen silent in the middle of its answer. */
  | { status: "model" }
  | { status: "parked" }
  /** Its owner is dead, and nobody has taken it over yet. */
  | { status: "orphan" }
  | { status: "done"; reason: TurnEndReason };

/** What the store has of a turn whose owner died. */
export interface Remains {
  turn: TurnRecord;
  calls: readonly ToolCallRecord[];
  /** Steps in which the model has fallen silent. */
  stalled: readonly number[];
  nowMs: number;
  /** It is the user's one running turn. */
  holdsPlace: boolean;
}

/**
 * What the contract (section 3) says of one turn: a machine without time, concurrency or storage. It is told what
 * happens and knows where everything has to stand afterwards.
 */
export class ExpectedTurn {
  readonly id: string;
  readonly mark: string;
  readonly plan: Plan;
  readonly calls: ExpectedCall[] = [];
  phase: ExpectedPhase = { status: "parked" };
  /** Steps that are complete. */
  steps = 0;
  recoveries = 0;
  /** As an orphan it keeps the user's other turns from running; one whose owner died while it was ended does not. */
  holdsPlace = false;
  /** Somebody asked to stop it while its owner was dead. */
  cancelAsked = false;
  /**
   * Its owner died after the last step was on record and before the end of the turn was: nothing says yet that the model
   * is not asked once more, so all that is known is that the turn ends.
   */
  hasSaidAll = false;
  /** Model calls that have fallen silent once do not do so again. */
  readonly #stalled = new Set<number>();

  constructor(id: string, mark: string, plan: Plan) {
    this.id = id;
    this.mark = mark;
    this.plan = plan;
    this.advance();
  }

  get isDone(): boolean {
    return this.phase.status === "done";
  }

  /** Somebody is at work on it. */
  get isRunning(): boolean {
    return this.phase.status === "tools" || this.phase.status === "model";
  }

  get held(): ExpectedCall[] {
    return this.phase.status === "tools" ? this.calls.filter(({ state }) => state.status === "held") : [];
  }

  /** Every call that a person was ever asked about. */
  get asked(): ExpectedCall[] {
    return this.calls.filter(
      ({ manner, state, decision }) =>
        MANNERS[manner].isAsked && (state.status === "pending" || decision !== null || state.status === "finished"),
    );
  }

  /** A person answers a call that is pending. */
  decide(call: ExpectedCall, approved: boolean): void {
    call.decision = approved ? "approved" : "denied";
    call.state = { status: call.decision };
    if (this.phase.status !== "orphan") this.advance();
  }

  /** A tool that runs comes to its end. */
  answer(call: ExpectedCall, outcome: ToolOutcome): void {
    call.state = { status: "finished", outcome };
    this.advance();
  }

  /** The time to decide is over for every question that is open. */
  expire(): void {
    for (const call of this.calls)
      if (call.state.status === "pending") call.state = { status: "pending", expired: true };
  }

  /** Somebody looks for turns that wait for nothing any more. */
  sweep(): void {
    if (this.phase.status === "parked") this.advance();
    else if (this.phase.status === "orphan") this.#takeOver();
  }

  end(reason: "cancelled" | "superseded"): void {
    this.#end(reason);
  }

  /** The owner died: from here on counts what the store has of it. */
  die({ turn, calls, stalled, nowMs, holdsPlace }: Remains): void {
    this.phase = turn.state.status === "awaiting_approval" ? { status: "parked" } : { status: "orphan" };
    this.holdsPlace = holdsPlace;
    this.steps = turn.steps;
    this.hasSaidAll ||= this.plan[turn.steps - 1]?.type === "end" || turn.steps > this.plan.length;
    this.#stalled.clear();
    for (const step of stalled) this.#stalled.add(step);
    this.calls.length = 0;
    for (const call of calls) {
      const { step, ordinal, approval } = call;
      const planned = this.#planned(step)[ordinal];
      if (planned === undefined) throw new Error(`the ledger has a call that nobody asked for: ${step}.${ordinal}`);
      const { manner } = planned;
      const decision = approval?.decision?.decision ?? null;
      this.calls.push({ step, ordinal, manner, key: keyOf(planned), decision, state: expectedState(call, nowMs) });
    }
  }

  /** Goes on as far as it can without anybody's help. */
  advance(): void {
    while (!this.isDone) {
      this.#processCalls();
      if (this.calls.some(({ state }) => state.status === "held")) {
        this.phase = { status: "tools" };
        return;
      }
      if (this.calls.some(({ state }) => state.status === "pending")) {
        this.phase = { status: "parked" };
        return;
      }
      if (this.steps >= MAX_STEPS) this.#end("max_steps");
      else if (!this.#callModel()) return;
    }
  }

  /** Returns whether the turn goes on at once. */
  #callModel(): boolean {
    const number = this.steps + 1;
    // Behind a pause the note that asks for a last answer stands alone: the scripted model takes it for a new message.
    const isNoted = number === MAX_STEPS && this.plan[this.steps - 1]?.type === "pause";
    const ended: PlannedStep = { type: "end", ending: "end_turn" };
    const step = isNoted ? ended : (this.plan[this.steps] ?? ended);
    const stalls = (step.type === "calls" && step.stalls) || (step.type === "end" && step.ending === "stall");
    if (stalls && !this.#stalled.has(number)) {
      this.#stalled.add(number);
      this.phase = { status: "model" };
      return false;
    }
    if (step.type === "end" && ["error_event", "eof", "overloaded"].includes(step.ending)) {
      this.#end("error");
      return false;
    }
    this.steps = number;
    if (step.type === "pause") return true;
    if (step.type === "calls") {
      for (const [ordinal, planned] of this.#planned(number).entries()) {
        const { manner } = planned;
        this.calls.push({
          step: number,
          ordinal,
          manner,
          key: keyOf(planned),
          state: { status: "proposed" },
          decision: null,
        });
      }
      return true;
    }
    this.#end(reasonOf(step.ending, number));
    return false;
  }

  #planned(step: number): readonly PlannedCall[] {
    const planned = this.plan[step - 1];
    return planned?.type === "calls" ? planned.calls : [];
  }

  /** Everything a step's calls do by themselves. What is refused is decided before any of them moves. */
  #processCalls(): void {
    const verdicts = this.calls.map((call, index) => {
      if (call.state.status !== "proposed") return null;
      return refusalOf(call, this.calls.slice(0, index));
    });
    for (const [index, call] of this.calls.entries()) {
      const verdict = verdicts[index] ?? null;
      if (verdict !== null) call.state = { status: "finished", outcome: verdict };
      else call.state = nextState(call);
    }
  }

  #takeOver(): void {
    this.recoveries += 1;
    if (this.hasSaidAll) {
      this.#end("end_turn");
      return;
    }
    if (this.recoveries > MAX_RECOVERIES) this.#end("error");
    else if (this.cancelAsked) this.#end("cancelled");
    else this.advance();
  }

  #end(reason: TurnEndReason): void {
    const outcome = reason === "superseded" ? "superseded" : "cancelled";
    for (const call of this.calls) {
      if (call.state.status !== "finished") call.state = { status: "finished", outcome };
    }
    this.phase = { status: "done", reason };
  }
}

function keyOf({ manner, path }: PlannedCall): string {
  return `${MANNERS[manner].tool} ${JSON.stringify(MANNERS[manner].input(path))}`;
}

/** Why a call is not even asked about or run; null when it is. */
function refusalOf(call: ExpectedCall, before: readonly ExpectedCall[]): ToolOutcome | null {
  if (MANNERS[call.manner].isRefused || before.length >= MAX_CALLS) return "error";
  const same = before.filter(({ key }) => key === call.key);
  if (same.some(({ state }) => state.status === "finished" && state.outcome === "denied")) return "denied";
  if (same.length >= MAX_SAME) return "error";
  const waiting = before.filter(({ manner, state }) => MANNERS[manner].isAsked && state.status !== "finished");
  return MANNERS[call.manner].isAsked && waiting.length >= MAX_PENDING ? "error" : null;
}

function nextState({ manner, state }: ExpectedCall): ExpectedState {
  const { isAsked, isRepeatable, outcome } = MANNERS[manner];
  const run: ExpectedState = outcome === null ? { status: "held" } : { status: "finished", outcome };
  switch (state.status) {
    case "proposed":
      return isAsked ? { status: "pending", expired: false } : run;
    case "pending":
      return state.expired ? { status: "finished", outcome: "expired" } : state;
    case "approved":
      return run;
    case "denied":
      return { status: "finished", outcome: "denied" };
    case "dispatched":
      return isRepeatable ? run : { status: "finished", outcome: "unknown" };
    case "held":
    case "finished":
      return state;
  }
}

function expectedState({ state, approval }: ToolCallRecord, nowMs: number): ExpectedState {
  switch (state.status) {
    case "pending":
      return { status: "pending", expired: approval !== null && Date.parse(approval.expiresAt) <= nowMs };
    case "finished":
      return { status: "finished", outcome: state.outcome };
    default:
      return { status: state.status };
  }
}

function reasonOf(ending: string, steps: number): TurnEndReason {
  if (ending === "refusal") return "refusal";
  if (steps >= MAX_STEPS) return "max_steps";
  return ending === "max_tokens" || ending === "cut_call" ? "max_tokens" : "end_turn";
}
