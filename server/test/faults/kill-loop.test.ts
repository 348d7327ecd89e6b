import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { type EventFrame, endOf, eventsOf, faultsIn, textOf } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures, quantile } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";

const KILLS = faultCount("KILLS", { small: 12, full: 1000 });
/** Servers that are killed side by side. */
const LANES = Math.min(KILLS, 3);
/** A new database and a new book after so many kills. */
const KILLS_PER_RIG = 20;
/** Turns that are on their way when the server dies. */
const TURNS_PER_KILL = 4;
/** About as long as such a turn takes when nothing happens. */
const TURN_MS = 450;
const SEED = faultSeed();

/** What one turn is asked to do, and what it left behind. */
interface Trial {
  refs: { charge: string; balance: string; pay: string };
  frames: EventFrame[];
  figures: { modelCalls: number; outcomes: string[]; ranTwice: number; repeated: number };
  faults: string[];
}

describe(`a server that is killed at any moment (seed ${SEED})`, () => {
  const tally = { kills: 0, hit: 0, turns: 0, ok: 0, unknown: 0, twice: 0, repeatedReads: 0, extraCalls: 0 };
  const backMs: number[] = [];
  afterAll(() => {
    noteFigures("G1", {
      seed: SEED,
      "kill -9": tally.kills,
      "turns on their way": tally.turns,
      "turns that were hit and recovered": tally.hit,
      "charges that ran twice": tally.twice,
      "outcome ok": tally.ok,
      "outcome unknown": tally.unknown,
      "reads run again": tally.repeatedReads,
      "model calls repeated": tally.extraCalls,
      "back after the kill, median (ms)": Math.round(quantile(backMs, 0.5)),
    });
  });

  it(
    `runs no charge twice, gives every call one outcome, and ends every turn (${KILLS} kills)`,
    async () => {
      let left = KILLS;
      const failed = new AbortController();
      const lane = async (number: number): Promise<void> => {
        const random = seededRandom(SEED + number);
        while (left > 0 && !failed.signal.aborted) {
          const kills = Math.min(left, KILLS_PER_RIG, Math.ceil(KILLS / LANES));
          left -= kills;
          await using rig = await FaultRig.start();
          for (let index = 0; index < kills && !failed.signal.aborted; index += 1) {
            await killOnce(rig, random, `${number}-${left}-${index}`);
          }
        }
      };
      // A lane that fails lets the others come to their end, so that all processes are gone.
      const lanes = await Promise.allSettled(
        Array.from({ length: LANES }, (_, number) =>
          lane(number).catch((error: unknown) => {
            failed.abort();
            throw error;
          }),
        ),
      );
      for (const result of lanes) if (result.status === "rejected") throw result.reason;
      expect(tally.kills).toBe(KILLS);
      expect(tally.twice).toBe(0);
    },
    FAULT_TIMEOUT_MS,
  );

  async function killOnce(rig: FaultRig, random: () => number, name: string): Promise<void> {
    const turns = Array.from({ length: TURNS_PER_KILL }, (_, index) => runTurn(rig, random, `${name}-${index}`));
    // Whatever they find is told together with the others.
    const settled = Promise.allSettled(turns);
    await pause(random() * TURN_MS);
    await rig.kill();
    const killedAt = performance.now();
    await rig.restart();
    backMs.push(performance.now() - killedAt);
    tally.kills += 1;
    for (const result of await settled) {
      if (result.status === "rejected") throw result.reason;
      take(result.value, rig.output);
    }
  }

  function take(trial: Trial, output: string): void {
    const { figures } = trial;
    tally.turns += 1;
    if (statesOf(trial.frames).includes("recovering")) tally.hit += 1;
    tally.ok += figures.outcomes.filter((outcome) => outcome === "ok").length;
    tally.unknown += figures.outcomes.filter((outcome) => outcome === "unknown").length;
    tally.repeatedReads += figures.repeated;
    tally.extraCalls += figures.modelCalls - STEPS;
    tally.twice += figures.ranTwice;
    expect(trial.faults, `${describeTrial(trial)}\n${output}`).toEqual([]);
  }
});

const STEPS = 3;

/** One turn with a call that must not run twice, one that may, and one that a person approves. */
async function runTurn(rig: FaultRig, random: () => number, name: string): Promise<Trial> {
  const refs = { charge: `charge-${name};`, balance: `balance-${name};`, pay: `pay-${name};` };
  const someMs = (): number => Math.floor(random() * 50);
  const times = (): object => ({ before_ms: someMs(), after_ms: someMs() });
  const script = [
    {
      text: `First, for ${name}: both at once. `,
      chunks: 8,
      delay_ms: 4,
      tool_use: [
        { name: "bank__charge", input: { ref: refs.charge, ...times() } },
        { name: "bank__balance", input: { ref: refs.balance, ...times() } },
      ],
    },
    { text: "Then the payment. ", tool_use: [{ name: "bank__pay", input: { ref: refs.pay, ...times() } }] },
    { text: "That is all — thank you. ", repeat: 3, chunks: 12, delay_ms: 5 },
  ];
  const user = await rig.signIn();
  const frames = await user.turn(`script:${JSON.stringify(script)}`, {
    onFrame: ({ data }, conversationId) => {
      if (data.type === "tool_request") void user.decide(conversationId, data.tool_use_id, true);
    },
  });
  const id = eventsOf(frames, "session_created")[0]?.conversation_id ?? "";
  const faults = faultsIn(frames);
  const check = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what);
  };
  const outcomeOf = (ref: string): string => outcomes(frames).get(ref) ?? "none";
  const runsOf = (ref: string): number => rig.bookOf(ref).filter(({ what }) => what === "ran").length;

  check(endOf(frames) === "end_turn", `it ended with ${endOf(frames)}`);
  check(textOf(frames).endsWith("That is all — thank you. ".repeat(3)), "its last words are not the model's");
  check(JSON.stringify(await user.log(id)) === JSON.stringify(frames), "the log tells it in another way");
  for (const ref of [refs.charge, refs.pay]) {
    const [outcome, runs] = [outcomeOf(ref), runsOf(ref)];
    check(runs <= 1, `${ref} ran ${runs} times`);
    check(outcome === "ok" || outcome === "unknown", `${ref} is ${outcome}`);
    check(outcome !== "ok" || runs === 1, `${ref} is ok and ran ${runs} times`);
  }
  check(outcomeOf(refs.balance) === "ok", `${refs.balance} is ${outcomeOf(refs.balance)}`);
  check(runsOf(refs.balance) >= 1, `${refs.balance} never ran`);
  check(new Set(rig.bookOf(refs.balance).map(({ key }) => key)).size === 1, "a repeated call has another key");

  const modelCalls = rig.modelCallsWith(`for ${name}:`).length;
  check(modelCalls <= STEPS + 1, `${modelCalls} model calls for ${STEPS} steps and one kill`);
  const { user: balance } = await user.usage();
  check(balance.reserved === 0, `${balance.reserved} tokens stay reserved`);
  check(balance.used > 0, "nothing was counted");
  return {
    refs,
    frames,
    faults,
    figures: {
      modelCalls,
      outcomes: [outcomeOf(refs.charge), outcomeOf(refs.pay)],
      ranTwice: [refs.charge, refs.pay].filter((ref) => runsOf(ref) > 1).length,
      repeated: rig.bookOf(refs.balance).filter(({ what }) => what === "called").length - 1,
    },
  };
}

/** What became of each call that was not void, by its reference. */
function outcomes(frames: readonly EventFrame[]): Map<string, string> {
  const refs = new Map(eventsOf(frames, "tool_use").map((event) => [event.tool_use_id, event.input?.["ref"]]));
  return new Map(eventsOf(frames, "tool_result").map((event) => [String(refs.get(event.tool_use_id)), event.outcome]));
}

function statesOf(frames: readonly EventFrame[]): string[] {
  return eventsOf(frames, "status_update").map(({ state }) => state);
}

function describeTrial({ frames, refs }: Trial): string {
  return `${JSON.stringify(refs)}\n${frames.map(({ raw }) => raw).join("\n")}`;
}
