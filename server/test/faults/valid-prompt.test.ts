import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { newId } from "../../src/new-id.ts";
import { checkAudit } from "../check-audit.ts";
import { Expected } from "../model/expected.ts";
import { messageOf } from "../model/planned-turn.ts";
import { type Real, startReal } from "../model/turn-command.ts";
import { commands } from "../model/turn-commands.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";

const RUNS = faultCount("MODEL_RUNS", { small: 60, full: 5000 });
const SEED = faultSeed();
/** More than the commits of a turn with one step. */
const COMMITS_OF_A_TURN = 8;
/** More than a lease. */
const LEASE_MS = 11_000;
/** Where a run that failed is found again: what its message tells as `path` and `replayPath`. */
const { CHATBOT_FAULTS_PATH: path, CHATBOT_FAULTS_REPLAY: replayPath } = process.env;

describe(`whatever happens to a turn (seed ${SEED})`, () => {
  const tally = new Map<string, number>();
  const audit = { decisions: 0, dispatches: 0 };
  let prompts = 0;
  afterAll(() => {
    noteFigures("G12", {
      seed: SEED,
      "random histories": RUNS,
      "prompts checked": prompts,
      "decisions in the audit trail": audit.decisions,
      "dispatches in the audit trail": audit.dispatches,
      ...Object.fromEntries(tally),
    });
  });

  it(
    `leaves a valid prompt, one outcome for each call and nothing booked (${RUNS} histories)`,
    async () => {
      const history = fc.commands(commands, {
        maxCommands: 24,
        size: "max",
        ...(replayPath === undefined ? {} : { replayPath }),
      });
      const property = fc.asyncProperty(history, async (all) => {
        const real: Real = await startReal();
        try {
          await fc.asyncModelRun(() => ({ model: new Expected(tally), real }), all);
          const { faults, decisions, dispatches } = await checkAudit(real.rig.database);
          expect(faults).toEqual([]);
          audit.decisions += decisions;
          audit.dispatches += dispatches;
        } finally {
          prompts += real.checker.prompts;
          await real.rig.stop();
        }
      });
      await fc.assert(property, {
        numRuns: RUNS,
        seed: SEED,
        ...(path === undefined ? {} : { path }),
        // Shrinking repeats what fails, and what fails may have to be waited for.
        interruptAfterTimeLimit: FAULT_TIMEOUT_MS - 60_000,
        markInterruptAsFailure: true,
      });
    },
    FAULT_TIMEOUT_MS,
  );
});

describe("a turn whose owner dies between its last step and its end", () => {
  it("does not ask the model once more", async () => {
    for (let commits = 1; commits <= COMMITS_OF_A_TURN; commits += 1) {
      const { rig } = await startReal();
      const turnId = newId("turn");
      const text = messageOf([{ type: "end", ending: "end_turn" }], "1");
      rig.dieAt({ commits, when: "before" });
      await rig.send({ turnId, conversationId: newId("conv"), text });
      const isOver = async (): Promise<string | null> => {
        const turn = await rig.store.findTurn(turnId);
        return turn === null || turn.state.status === "done" ? null : "the turn goes on";
      };
      await rig.until(isOver);
      if (rig.takeDeath()) {
        rig.engine.advance(LEASE_MS);
        rig.continue(turnId);
      }
      const missing = await rig.until(isOver);
      const roles = rig.engine.prompts.map(({ messages }) => messages.at(-1)?.role);
      await rig.stop();
      expect(missing).toBeNull();
      expect(roles.filter((role) => role !== "user")).toEqual([]);
    }
  });
});
