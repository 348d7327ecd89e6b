import type { ToolOutcome } from "@chat-bot/widget/protocol";
import * as fc from "fast-check";
import { newId } from "../../src/new-id.ts";
import { recordOf, runOf } from "./compare-turn.ts";
import type { Expected } from "./expected.ts";
import { type ExpectedCall, ExpectedTurn } from "./expected-turn.ts";
import { MANNERS, messageOf, type Plan, plan } from "./planned-turn.ts";
import { arrive, type Real, TurnCommand } from "./turn-command.ts";
import type { Death } from "./turn-rig.ts";

/** More than the time to decide. */
const EXPIRY_MS = 901_000;
/** More than a lease. */
const LEASE_MS = 11_000;
const MAX_CONVERSATIONS = 2;

function pickFrom<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items[pick % items.length];
}

class Send extends TurnCommand {
  readonly #pick: number;
  readonly #plan: Plan;

  constructor(pick: number, steps: Plan, death: Death | null) {
    super(death);
    this.#pick = pick;
    this.#plan = steps;
  }

  check(): boolean {
    return true;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const { rig } = real;
    const isNew =
      expected.conversations.length === 0 ||
      (this.#pick % 4 === 0 && expected.conversations.length < MAX_CONVERSATIONS);
    const known = isNew ? undefined : pickFrom(expected.conversations, this.#pick);
    const conversationId = known?.id ?? newId("conv");
    expected.marks += 1;
    const mark = String(expected.marks);
    const turnId = newId("turn");
    const isInWay = (turn: ExpectedTurn): boolean => turn.holdsPlace || known?.turns.includes(turn) === true;
    const isBusy = expected.running !== undefined || expected.orphans.some(isInWay);
    const before = known?.turns.find(({ isDone }) => !isDone);
    const taken = await rig.send({ turnId, conversationId, text: messageOf(this.#plan, mark) });
    if (taken === isBusy) throw new Error(`message ${mark} was ${isBusy ? "taken" : "refused"}`);
    if (isBusy) return;
    if (before !== undefined) expected.count("superseded");
    before?.end("superseded");
    const turn = new ExpectedTurn(turnId, mark, this.#plan);
    if (known === undefined) expected.conversations.push({ id: conversationId, turns: [turn] });
    else known.turns.push(turn);
    await arrive(turn, real);
  }

  protected words(): string {
    return `send(${this.#pick}, ${JSON.stringify(this.#plan)})`;
  }
}

/** A call that somebody was asked about, in a turn that nobody else's turn keeps waiting. */
function askedCall(expected: Expected, pick: number): { turn: ExpectedTurn; call: ExpectedCall } | undefined {
  // Another turn of the user keeps it waiting, also one whose owner is dead.
  const busy = expected.running ?? expected.orphans[0];
  const asked = expected.turns
    .filter((turn) => busy === undefined || busy === turn || turn.isDone)
    .flatMap((turn) => turn.asked.map((call) => ({ turn, call })));
  const open = asked.filter(({ call }) => call.state.status === "pending");
  // Mostly what is open; now and then what is over.
  return open.length > 0 && pick % 5 > 0 ? pickFrom(open, pick) : pickFrom(asked, pick);
}

class Decide extends TurnCommand {
  readonly #pick: number;
  readonly #approved: boolean;

  constructor(pick: number, approved: boolean, death: Death | null) {
    super(death);
    this.#pick = pick;
    this.#approved = approved;
  }

  check(expected: Readonly<Expected>): boolean {
    return askedCall(expected, this.#pick) !== undefined;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const asked = askedCall(expected, this.#pick);
    if (asked === undefined) return;
    const { turn, call } = asked;
    const record = await recordOf(turn, call, real.rig);
    const should = answerTo(call, this.#approved);
    const answer = await real.rig.decide(record, this.#approved, turn.isRunning);
    if (!should.includes(answer)) throw new Error(`decided: ${answer} instead of ${should.join()}`);
    expected.count(answer);
    if (call.state.status !== "pending" || call.state.expired) return;
    turn.decide(call, this.#approved);
    await arrive(turn, real);
  }

  protected words(): string {
    return `${this.#approved ? "approve" : "deny"}(${this.#pick})`;
  }
}

/** What a person is told who answers now. */
function answerTo({ state, decision }: ExpectedCall, approved: boolean): string[] {
  const verdict = approved ? "approved" : "denied";
  if (decision !== null) return [decision === verdict ? verdict : "already_decided"];
  if (state.status === "pending") return [state.expired ? "approval_expired" : verdict];
  if (state.status !== "finished") return ["not_found"];
  // Nobody was asked about what was refused.
  if (state.outcome === "expired") return ["approval_expired"];
  return ["approval_superseded", "not_found"];
}

class DecideTwice extends TurnCommand {
  readonly #pick: number;

  constructor(pick: number) {
    super(null);
    this.#pick = pick;
  }

  check(expected: Readonly<Expected>): boolean {
    const state = askedCall(expected, this.#pick)?.call.state;
    return state?.status === "pending" && !state.expired;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const asked = askedCall(expected, this.#pick);
    if (asked === undefined) return;
    const { turn, call } = asked;
    const record = await recordOf(turn, call, real.rig);
    const answers = [true, false].map((approved) => real.rig.decide(record, approved, turn.isRunning));
    const both = await Promise.all(answers);
    if (both.filter((answer) => answer === "already_decided").length !== 1) throw new Error(`both: ${both.join()}`);
    turn.decide(call, both[0] === "approved");
    await arrive(turn, real);
  }

  protected words(): string {
    return `approve and deny(${this.#pick})`;
  }
}

class Answer extends TurnCommand {
  readonly #pick: number;
  readonly #outcome: ToolOutcome;

  constructor(pick: number, outcome: ToolOutcome, death: Death | null) {
    super(death);
    this.#pick = pick;
    this.#outcome = outcome;
  }

  check(expected: Readonly<Expected>): boolean {
    return (expected.running?.held.length ?? 0) > 0;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const turn = expected.running;
    const call = turn === undefined ? undefined : pickFrom(turn.held, this.#pick);
    if (turn === undefined || call === undefined) return;
    const run = runOf(await recordOf(turn, call, real.rig), real.rig);
    // What may run twice is tried again when its connection breaks: that goes on by itself, and ends nothing.
    const isTriedAgain = this.#outcome === "unknown" && MANNERS[call.manner].isRepeatable;
    const outcome = isTriedAgain ? "error" : this.#outcome;
    run?.answer?.(outcome);
    turn.answer(call, outcome);
    await arrive(turn, real);
  }

  protected words(): string {
    return `answer(${this.#pick}, ${this.#outcome})`;
  }
}

class Sweep extends TurnCommand {
  readonly #expires: boolean;

  constructor(expires: boolean, death: Death | null) {
    super(death);
    this.#expires = expires;
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.running === undefined && expected.open.length > 0;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const { rig } = real;
    rig.engine.advance(this.#expires ? EXPIRY_MS : LEASE_MS);
    if (this.#expires) for (const turn of expected.open) turn.expire();
    const found = await rig.findTurnsToContinue();
    const due = expected.open.filter((turn) => isOrphan(turn) || turn.calls.some(({ state }) => isDue(state)));
    const ids = due.map(({ id }) => id).toSorted();
    if (JSON.stringify(found.toSorted()) !== JSON.stringify(ids))
      throw new Error(`found ${found.join()}, due ${ids.join()}`);
    for (const turn of due.toSorted((a, b) => urgency(b) - urgency(a))) {
      expected.count(isOrphan(turn) ? "taken over" : "expired or decided");
      turn.sweep();
      rig.continue(turn.id);
      await arrive(turn, real);
      // The others have to wait for the user's lock.
      if (turn.isRunning) return;
    }
  }

  protected words(): string {
    return this.#expires ? "expire" : "sweep";
  }
}

/** Who holds the user's place goes first. */
function urgency(turn: ExpectedTurn): number {
  return Number(isOrphan(turn)) + Number(isOrphan(turn) && turn.holdsPlace);
}

function isOrphan({ phase }: ExpectedTurn): boolean {
  return phase.status === "orphan";
}

function isDue(state: ExpectedCall["state"]): boolean {
  return state.status === "approved" || state.status === "denied" || (state.status === "pending" && state.expired);
}

/** The time is over, and nobody has noticed yet. */
class LetExpire extends TurnCommand {
  constructor() {
    super(null);
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.running === undefined && expected.orphans.length === 0 && expected.open.length > 0;
  }

  protected act(expected: Expected, { rig }: Real): Promise<void> {
    rig.engine.advance(EXPIRY_MS);
    for (const turn of expected.open) turn.expire();
    return Promise.resolve();
  }

  protected words(): string {
    return "let expire";
  }
}

class Cancel extends TurnCommand {
  readonly #pick: number;

  constructor(pick: number, death: Death | null) {
    super(death);
    this.#pick = pick;
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.conversations.length > 0;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const conversation = pickFrom(expected.conversations, this.#pick);
    if (conversation === undefined) return;
    const turn = conversation.turns.find(({ isDone }) => !isDone);
    await real.rig.cancel(conversation.id);
    if (turn === undefined) return;
    turn.cancelAsked = true;
    if (turn.phase.status === "orphan") return;
    turn.end("cancelled");
    await arrive(turn, real);
  }

  protected words(): string {
    return `cancel(${this.#pick})`;
  }
}

class Delete extends TurnCommand {
  readonly #pick: number;

  constructor(pick: number) {
    super(null);
    this.#pick = pick;
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.conversations.length > 0;
  }

  protected async act(expected: Expected, real: Real): Promise<void> {
    const { rig, checker } = real;
    const conversation = pickFrom(expected.conversations, this.#pick);
    if (conversation === undefined) return;
    await checker.deleting(conversation.id);
    const isRunning = conversation.turns.some((turn) => turn.isRunning);
    await rig.delete(conversation.id);
    expected.conversations.splice(expected.conversations.indexOf(conversation), 1);
    // Its owner finds nothing more to write, and gives back what was booked.
    if (isRunning) await settled(real);
  }

  protected words(): string {
    return `delete(${this.#pick})`;
  }
}

async function settled({ rig }: Real): Promise<void> {
  const what = await rig.until(async () => {
    const { user } = await rig.engine.budget.usage(rig.identity.owner);
    return user.reserved === 0 ? null : `${user.reserved} tokens stay booked`;
  });
  if (what !== null) throw new Error(what);
}

class Crash extends TurnCommand {
  constructor() {
    super(null);
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.open.length > 0;
  }

  protected act(_: Expected, { rig }: Real): Promise<void> {
    rig.die();
    return Promise.resolve();
  }

  protected words(): string {
    return "crash";
  }
}

/** A process that was only stopped wakes up: its turns have passed to others, and it may write nothing. */
class Wake extends TurnCommand {
  constructor() {
    super(null);
  }

  check(expected: Readonly<Expected>): boolean {
    return expected.sleeping > 0 && expected.orphans.length === 0;
  }

  protected async act(expected: Expected, { rig }: Real): Promise<void> {
    const sleeping = rig.fallen.findIndex(({ wasAdmitting }) => !wasAdmitting);
    const [fallen] = sleeping < 0 ? [] : rig.fallen.splice(sleeping, 1);
    if (fallen === undefined) return;
    expected.count("woken");
    const read = (): Promise<string> =>
      Promise.all(
        expected.conversations.map(async ({ id }) => [
          await rig.engine.log(id),
          await rig.store.loadConversation(rig.identity.owner, id),
        ]),
      ).then((all) => JSON.stringify(all));
    const before = await read();
    await rig.wake(fallen);
    if ((await read()) !== before) throw new Error("a former owner has written");
  }

  protected words(): string {
    return "wake";
  }
}

const pick = fc.nat({ max: 99 });
/** Seldom a death, and then at any of the next commits. */
const death: fc.Arbitrary<Death | null> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({ commits: fc.integer({ min: 1, max: 14 }), when: fc.constantFrom("before", "after") }),
  },
);
const outcome = fc.constantFrom<ToolOutcome>("ok", "error", "unknown");

/** Whatever may happen, each as likely as its share says. */
const shares: [share: number, command: fc.Arbitrary<TurnCommand>][] = [
  [5, fc.tuple(pick, plan, death).map((all) => new Send(...all))],
  [9, fc.tuple(pick, fc.boolean(), death).map((all) => new Decide(...all))],
  [2, pick.map((all) => new DecideTwice(all))],
  [6, fc.tuple(pick, outcome, death).map((all) => new Answer(...all))],
  [4, fc.tuple(fc.boolean(), death).map((all) => new Sweep(...all))],
  [1, fc.constant(null).map(() => new LetExpire())],
  [2, fc.tuple(pick, death).map((all) => new Cancel(...all))],
  [2, fc.constant(null).map(() => new Crash())],
  [2, fc.constant(null).map(() => new Wake())],
  [1, pick.map((all) => new Delete(all))],
];
export const commands: fc.Arbitrary<TurnCommand>[] = [
  fc.oneof(...shares.map(([weight, arbitrary]) => ({ weight, arbitrary }))),
];
