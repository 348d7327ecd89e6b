import type * as fc from "fast-check";
import { RigChecker } from "./check-rig.ts";
import { callsOf, missing } from "./compare-turn.ts";
import type { Expected } from "./expected.ts";
import type { ExpectedTurn } from "./expected-turn.ts";
import { type Death, TurnRig } from "./turn-rig.ts";

/** The real side, and those who look at it. */
export interface Real {
  rig: TurnRig;
  checker: RigChecker;
}

/** The real side anew, for one run. */
export async function startReal(): Promise<Real> {
  const rig = await TurnRig.start();
  return { rig, checker: new RigChecker(rig) };
}

/** Something that happens, and after which everything has to hold. */
export abstract class TurnCommand implements fc.AsyncCommand<Expected, Real> {
  readonly death: Death | null;

  constructor(death: Death | null) {
    this.death = death;
  }

  abstract check(expected: Readonly<Expected>): boolean;

  protected abstract act(expected: Expected, real: Real): Promise<void>;

  protected abstract words(): string;

  async run(expected: Expected, real: Real): Promise<void> {
    expected.count(`command: ${this.constructor.name}`);
    if (this.death !== null) real.rig.dieAt(this.death);
    await this.act(expected, real);
    if (real.rig.takeDeath()) {
      expected.count("death at a commit");
      await bury(expected, real);
    }
    expected.sleeping = real.rig.fallen.filter(({ wasAdmitting }) => !wasAdmitting).length;
    await hold(expected, real);
  }

  toString(): string {
    const { death } = this;
    return `${this.words()}${death === null ? "" : ` (dies ${death.when} commit ${death.commits})`}`;
  }
}

/** What the successor of a dead process finds. */
async function bury(expected: Expected, { rig }: Real): Promise<void> {
  const place = await rig.store.findRunningTurn(rig.identity.owner);
  for (const conversation of expected.conversations) {
    const kept: ExpectedTurn[] = [];
    for (const turn of conversation.turns) {
      const stored = await rig.store.loadTurn(turn.id);
      if (stored === null) continue;
      kept.push(turn);
      const { state } = stored.turn;
      if (state.status !== "done") {
        const stalled = [...rig.stalled]
          .filter((key) => key.startsWith(`${turn.mark}.`))
          .map((key) => Number(key.split(".")[1]));
        turn.die({
          turn: stored.turn,
          calls: callsOf(stored),
          stalled,
          nowMs: rig.engine.now(),
          holdsPlace: place?.id === turn.id,
        });
      } else if (!turn.hasSaidAll && (turn.phase.status !== "done" || turn.phase.reason !== state.reason)) {
        throw new Error(`turn ${turn.mark} ended with ${state.reason}, expected ${JSON.stringify(turn.phase)}`);
      }
    }
    conversation.turns = kept;
  }
}

/** Everything stands where it should, and everything that is always true is true. */
async function hold(expected: Expected, { rig, checker }: Real): Promise<void> {
  const ids = expected.conversations.map(({ id }) => id);
  const open = expected.open.map(({ id }) => id);
  const isRunning = expected.running !== undefined || expected.orphans.length > 0;
  const faults = await checker.check(ids, open, isRunning);
  for (const turn of expected.turns) {
    const what = await missing(turn, rig);
    if (what !== null) faults.push(what);
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

/** Waits until the turn stands where it should. */
export async function arrive(turn: ExpectedTurn, { rig }: Real): Promise<void> {
  const what = await rig.until(() => missing(turn, rig));
  if (what !== null) throw new Error(what);
}
