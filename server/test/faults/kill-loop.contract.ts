import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { checkAuditAt } from "../check-audit.ts";
import { seededRandom } from "../seeded-random.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures, quantile } from "./fault-figures.ts";
import { type FaultRig, LEASE_MS } from "./fault-rig.ts";
import { KillTrial, type TrialReport, type TrialTimes } from "./kill-trial.ts";
import { sideBySide } from "./side-by-side.ts";
import type { TurnPhase } from "./turn-phase.ts";

/** Servers that are killed side by side, each with a database of its own: most of the time a lease has to run out. */
const LANES = faultCount("LANES", { small: 8, full: 8 });
const MANY_KILLS = 100;
/** A new database and a new book after so many kills. */
const KILLS_PER_RIG = 50;
/** Turns that are on their way when a server dies. */
const TURNS_AT_ONCE = faultCount("TURNS", { small: 2, full: 3 });
/** So many at most do some turns go through: one that loses a fourth owner is given up. */
const MAX_KILLS = 3;
/** About as long as such a turn takes when nothing happens, and a start of the server. */
const TURN_MS = 500;
const START_MS = 400;
/** After so long a turn whose owner died has been taken over. */
const BACK_MS = LEASE_MS + 1000;
const LOOK_EVERY_MS = 5;
const SEED = faultSeed();

/** At any moment within so many milliseconds, at once when a turn is seen in a phase, or while the next server starts. */
type Aim = { within: number } | { phase: TurnPhase } | "start-up";

const AIMS: readonly [TurnPhase, ...TurnPhase[]] = [
  "in mid-text",
  "while a tool runs",
  "after a tool's effect, before its outcome",
  "while a person decides",
];

/** What kills a server again and again. */
export interface KillLoopOptions {
  kills: number;
  start(): Promise<FaultRig>;
}

/** Defines the tests of a server that dies, on whatever keeps its data. */
export function describeKillLoop(where: string, { kills: wanted, start }: KillLoopOptions): void {
  describe(`a server that is killed at any moment, ${where} (seed ${SEED})`, () => {
    const tally = { kills: 0, hit: 0, turns: 0, ok: 0, unknown: 0, twice: 0, repeatedReads: 0, repeatedModelCalls: 0 };
    const audit = { rows: 0, decisions: 0, dispatches: 0 };
    const killsIn = new Map<string, number>();
    const backMs: number[] = [];
    afterAll(() => {
      noteFigures(`G1, ${where}`, {
        seed: SEED,
        "kill -9": tally.kills,
        ...Object.fromEntries([...killsIn].map(([phase, kills]) => [`of these ${phase}`, kills])),
        "turns on their way": tally.turns,
        "turns that were hit and recovered": tally.hit,
        "charges that ran twice": tally.twice,
        "outcome ok": tally.ok,
        "outcome unknown": tally.unknown,
        "reads run again": tally.repeatedReads,
        "model calls repeated": tally.repeatedModelCalls,
        "audit rows": audit.rows,
        "of these decisions": audit.decisions,
        "of these dispatches": audit.dispatches,
        "listening after the kill, median (ms)": Math.round(quantile(backMs, 0.5)),
      });
    });

    it(
      `runs no charge twice, gives every call one outcome, and ends every turn (${wanted} kills)`,
      async () => {
        let left = wanted;
        await sideBySide(Math.min(LANES, Math.ceil(wanted / MAX_KILLS)), async (lane, failed) => {
          const random = seededRandom(SEED + lane);
          while (left > 0 && !failed.aborted) {
            await using rig = await start();
            for (let kills = 0; left > 0 && kills < KILLS_PER_RIG && !failed.aborted; ) {
              const aims = aimsOf(random).slice(0, left);
              left -= aims.length;
              const done = await runBatch(rig, aims, random, `${lane}-${left}-${kills}`);
              // Where the turns were over before it came to a kill there was none.
              left += aims.length - done;
              kills += done;
            }
            await checkTrail(rig);
          }
        });
        expect(tally.kills).toBe(wanted);
        expect(tally.twice).toBe(0);
        // Every phase is aimed at: so many kills have met them all.
        const met = [...AIMS, "during recovery", "during start-up"].filter((phase) => killsIn.has(phase));
        expect(met).toHaveLength(wanted < MANY_KILLS ? met.length : AIMS.length + 2);
      },
      FAULT_TIMEOUT_MS,
    );

    /** Some turns, and the kills they go through. Resolves with the number of kills. */
    async function runBatch(rig: FaultRig, aims: readonly Aim[], random: () => number, name: string): Promise<number> {
      const changes = new EventTarget();
      const trials = Array.from({ length: TURNS_AT_ONCE }, (_, index) => {
        const times = timesFor(aims[0], random);
        return new KillTrial(rig, `${name}-${index}`, times, () => changes.dispatchEvent(new Event("change")));
      });
      // Whatever they find is told together with the others.
      const reports = Promise.allSettled(trials.map(({ report }) => report));
      let kills = 0;
      let isUp = true;
      for (const aim of aims) {
        if (!isUp && aim !== "start-up") {
          await restart(rig);
          isUp = true;
        }
        const kill = await aimed(aim, rig, trials, changes, random);
        if (kill === null) break;
        count(kill.phases);
        await kill.done;
        kills += 1;
        isUp = false;
      }
      if (!isUp) await restart(rig);
      for (const result of await reports) {
        if (result.status === "rejected") throw result.reason;
        take(result.value, rig.output);
      }
      return kills;
    }

    /** Every decision and every dispatch of all these turns is in the audit trail, which is as it was written. */
    async function checkTrail(rig: FaultRig): Promise<void> {
      const { faults, rows, decisions, dispatches } = await checkAuditAt(rig.databaseUrl);
      expect(faults).toEqual([]);
      audit.rows += rows;
      audit.decisions += decisions;
      audit.dispatches += dispatches;
    }

    async function restart(rig: FaultRig): Promise<void> {
      const since = performance.now();
      await rig.restart();
      backMs.push(performance.now() - since);
    }

    function count(phases: Iterable<string>): void {
      tally.kills += 1;
      for (const phase of phases) killsIn.set(phase, (killsIn.get(phase) ?? 0) + 1);
    }

    function take(report: TrialReport, output: string): void {
      tally.turns += 1;
      if (report.recoveries > 0) tally.hit += 1;
      tally.ok += report.outcomes.filter((outcome) => outcome === "ok").length;
      tally.unknown += report.outcomes.filter((outcome) => outcome === "unknown").length;
      tally.repeatedReads += report.repeatedReads;
      tally.repeatedModelCalls += report.repeatedModelCalls;
      tally.twice += report.ranTwice;
      expect(report.faults, `${report.description}\n${output}`).toEqual([]);
    }
  });
}

/** Kills at the moment that is aimed at, and tells where the turns were then; null when all were over before. */
async function aimed(
  aim: Aim,
  rig: FaultRig,
  trials: readonly KillTrial[],
  changes: EventTarget,
  random: () => number,
): Promise<{ phases: Iterable<string>; done: Promise<void> } | null> {
  if (aim === "start-up") {
    if (trials.every(({ isOver }) => isOver)) return null;
    return { phases: ["during start-up"], done: rig.killWhileStarting(random() * START_MS) };
  }
  if ("within" in aim) await pause(random() * aim.within);
  else await seen(aim.phase, trials, changes);
  const phases = new Set(trials.flatMap((trial) => trial.phases));
  return phases.size === 0 ? null : { phases, done: rig.kill() };
}

/** Resolves as soon as one of the turns is in the phase, or all are over. */
function seen(phase: TurnPhase, trials: readonly KillTrial[], changes: EventTarget): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!trials.every(({ isOver }) => isOver) && !trials.some(({ phases }) => phases.includes(phase))) return;
      clearInterval(timer);
      changes.removeEventListener("change", look);
      resolve();
    };
    // The book changes without a word.
    const timer = setInterval(look, LOOK_EVERY_MS);
    changes.addEventListener("change", look);
    look();
  });
}

/** The kills that some turns go through: one in any case, and often one or two of the servers that follow. */
function aimsOf(random: () => number): Aim[] {
  const aims: Aim[] = [random() < 0.4 ? { within: TURN_MS } : { phase: oneOf(AIMS, random) }];
  if (random() < 0.3) aims.push("start-up");
  if (random() < 0.7) aims.push(random() < 0.5 ? { phase: "during recovery" } : { within: BACK_MS + TURN_MS });
  return aims;
}

/** Whatever is aimed at takes long enough to be seen. */
function timesFor(aim: Aim | undefined, random: () => number): TrialTimes {
  const phase = typeof aim === "object" && "phase" in aim ? aim.phase : null;
  const some = (isAimedAt: boolean): number => Math.floor(random() * 50 + (isAimedAt ? 200 : 0));
  return {
    before: () => some(phase === "while a tool runs"),
    after: () => some(phase === "after a tool's effect, before its outcome"),
    decision: some(phase === "while a person decides"),
  };
}

function oneOf<Item>(items: readonly [Item, ...Item[]], random: () => number): Item {
  return items[Math.floor(random() * items.length)] ?? items[0];
}
