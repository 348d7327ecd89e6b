import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endOf, eventsOf, faultsIn } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "../faults/fault-counts.ts";
import { noteFigures } from "../faults/fault-figures.ts";
import { until } from "../faults/until.ts";
import { POSTGRES, REDIS, whereInstalled } from "../services/installed.ts";
import { LosingRig } from "./losing-rig.ts";
import { say } from "./writers.ts";

const LOSSES = faultCount("POSTGRES_LOSSES", { small: 1, full: 15 });
/** Turns to wait for before PostgreSQL is lost, and after it is back. */
const TURNS = 12;
/** Refusals to wait for meanwhile: for so long the calls that run have been answered. */
const REFUSALS = 60;
const BACK_WITHIN_MS = 15_000;
/** Half a second for each question, and a machine that is busy with everything else. */
const REFUSED_WITHIN_MS = 5000;

whereInstalled([POSTGRES, REDIS], () => {
  describe("losing PostgreSQL", () => {
    let rig: LosingRig;
    beforeAll(async () => {
      rig = await LosingRig.start();
    });
    afterAll(() => rig?.[Symbol.asyncDispose]());

    it(
      `refuses at once, does nothing twice, and goes on with every turn afterwards (${LOSSES} times)`,
      async () => {
        const backMs: number[] = [];
        const tally = { turns: 0, recovered: 0, ok: 0, unknown: 0 };
        const load = rig.underLoad();
        for (let loss = 0; loss < LOSSES; loss += 1) {
          await load.more(TURNS);
          const running = await rig.startLongTurns(`postgres-${loss}`);
          await rig.postgres.stop();
          await until(async () => (await rig.readiness()).every((status) => status === 503));
          for (const door of rig.doors) {
            const said = await say((await rig.people.signIn()).through(door), `lost-${loss};`, "Is anybody there?");
            expect(said).toMatchObject({ type: "refused", refusal: { status: 503, error: "store_unavailable" } });
          }
          await load.moreRefusals(REFUSALS);
          const since = performance.now();
          await rig.postgres.restart();
          await rig.isTakenEverywhere(`back-${loss}`);
          backMs.push(performance.now() - since);
          await until(async () => (await rig.readiness()).every((status) => status === 200));

          for (const { frames, ref } of await running.ended) {
            const outcomes = eventsOf(frames, "tool_result").map(({ outcome }) => outcome);
            expect(faultsIn(frames)).toEqual([]);
            expect(endOf(frames)).toBe("end_turn");
            expect(outcomes).toHaveLength(1);
            expect(rig.ran(ref)).toBeLessThanOrEqual(1);
            if (outcomes[0] === "ok") expect(rig.ran(ref)).toBe(1);
            else expect(outcomes).toEqual(["unknown"]);
            tally.turns += 1;
            tally[outcomes[0] === "ok" ? "ok" : "unknown"] += 1;
            if (eventsOf(frames, "status_update").some(({ state }) => state === "recovering")) tally.recovered += 1;
          }
        }
        await Promise.all([load.more(TURNS), load.limit()]);
        const { writers, watched } = await load.end();
        expect(watched.above).toEqual([]);
        expect(writers.faults).toEqual([]);
        expect(rig.overlaps()).toEqual([]);
        expect(await rig.ledger.reservations()).toBe(0);
        expect(Math.max(...backMs)).toBeLessThan(BACK_WITHIN_MS);
        const unavailable = writers.refusals.filter(({ status }) => status === 503);
        for (const refusal of unavailable) {
          expect(refusal.error).toBe("store_unavailable");
          expect(refusal.retryAfterSeconds).toBeGreaterThan(0);
          expect(refusal.ms).toBeLessThan(REFUSED_WITHIN_MS);
        }
        noteFigures("G17", {
          "PostgreSQL lost under load": LOSSES,
          "PostgreSQL: turns of others": writers.turns,
          "PostgreSQL: turns in their middle": tally.turns,
          "PostgreSQL: of these recovered": tally.recovered,
          "PostgreSQL: calls ok / unknown / run twice": `${tally.ok} / ${tally.unknown} / 0`,
          "PostgreSQL: above a limit": watched.above.length,
          "PostgreSQL: model calls of one user at the same time": rig.overlaps().length,
          "PostgreSQL: refused with store_unavailable": unavailable.length,
          "PostgreSQL: refused within, longest (ms)": Math.round(Math.max(0, ...unavailable.map(({ ms }) => ms))),
          "PostgreSQL: taken again after, longest (ms)": Math.round(Math.max(...backMs)),
        });
      },
      FAULT_TIMEOUT_MS,
    );
  });
});
