import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endOf, eventsOf, faultsIn } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "../faults/fault-counts.ts";
import { noteFigures } from "../faults/fault-figures.ts";
import { until } from "../faults/until.ts";
import { POSTGRES, REDIS, whereInstalled } from "../services/installed.ts";
import { LosingRig } from "./losing-rig.ts";
import { scriptOf } from "./script-of.ts";
import { say } from "./writers.ts";

const LOSSES = faultCount("REDIS_LOSSES", { small: 1, full: 20 });
/** In turn: its process is gone, with all that was in it; or it is there and does not answer. */
const LOST = ["gone", "silent"] as const;
/** Refusals and turns to wait for while Redis is away, and after it is back. */
const MESSAGES = 12;
const BACK_WITHIN_MS = 10_000;
/** Half a second for each question, and a machine that is busy with everything else. */
const REFUSED_WITHIN_MS = 5000;

whereInstalled([POSTGRES, REDIS], () => {
  describe.each(["fail_closed", "local_share"] as const)("losing Redis under %s", (policy) => {
    let rig: LosingRig;
    beforeAll(async () => {
      rig = await LosingRig.start({ CHATBOT_ON_REDIS_LOSS: policy });
    });
    afterAll(() => rig?.[Symbol.asyncDispose]());

    it(
      `raises no limit, starts no second turn of a user, and ends by itself (${LOSSES} times)`,
      async () => {
        const backMs: number[] = [];
        let shown = 0;
        const load = rig.underLoad();
        for (let loss = 0; loss < LOSSES; loss += 1) {
          await load.more(MESSAGES);
          const running = await rig.startLongTurns(`redis-${loss}`);
          const lost = LOST[loss % LOST.length];
          if (lost === "gone") await rig.redis.stop();
          else rig.redis.pause();
          if (policy === "fail_closed") await expectClosed(`closed-${loss}`);
          else shown += await expectDegraded(`degraded-${loss}`);

          for (const { frames, ref } of await running.ended) {
            expect(faultsIn(frames)).toEqual([]);
            expect(endOf(frames)).toBe("end_turn");
            expect(eventsOf(frames, "status_update").map(({ state }) => state)).not.toContain("recovering");
            expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok"]);
            expect(rig.ran(ref)).toBe(1);
          }
          if (policy === "fail_closed") await load.moreRefusals(MESSAGES);
          else await load.more(MESSAGES);
          const since = performance.now();
          if (lost === "gone") await rig.redis.restart();
          else rig.redis.resume();
          await rig.isTakenEverywhere(`back-${loss}`);
          backMs.push(performance.now() - since);
          await until(async () => (await rig.readiness()).every((status) => status === 200));
          await until(async () => (await rig.degraded()).every((value) => value === 0));
        }
        await Promise.all([load.more(MESSAGES), load.limit()]);
        const { writers, watched } = await load.end();
        expect(watched.above).toEqual([]);
        expect(writers.faults).toEqual([]);
        expect(rig.overlaps()).toEqual([]);
        expect(await rig.ledger.reservations()).toBe(0);
        expect(Math.max(...backMs)).toBeLessThan(BACK_WITHIN_MS);
        const unavailable = writers.refusals.filter(({ status }) => status === 503);
        for (const refusal of unavailable) {
          expect(refusal).toMatchObject({ error: "store_unavailable", retryAfterSeconds: expect.any(Number) });
          expect(refusal.retryAfterSeconds).toBeGreaterThan(0);
          expect(refusal.ms).toBeLessThan(REFUSED_WITHIN_MS);
        }
        noteFigures("G17", {
          [`${policy}: Redis lost under load`]: LOSSES,
          [`${policy}: turns`]: writers.turns,
          [`${policy}: limits used up`]: writers.limitsReached,
          [`${policy}: looks at all limits`]: watched.looks,
          [`${policy}: of these above one`]: watched.above.length,
          [`${policy}: model calls of one user at the same time`]: rig.overlaps().length,
          [`${policy}: refused with store_unavailable`]: unavailable.length,
          [`${policy}: refused within, longest (ms)`]: Math.round(Math.max(0, ...unavailable.map(({ ms }) => ms))),
          [`${policy}: steps that told of it`]: shown,
          [`${policy}: taken again after, longest (ms)`]: Math.round(Math.max(...backMs)),
        });
      },
      FAULT_TIMEOUT_MS,
    );

    async function expectClosed(name: string): Promise<void> {
      await until(async () => (await rig.readiness()).every((status) => status === 503));
      for (const door of rig.doors) {
        const said = await say((await rig.people.signIn()).through(door), `${name};`, "Is anybody there?");
        expect(said).toMatchObject({ type: "refused", refusal: { status: 503, error: "store_unavailable" } });
      }
    }

    /** Resolves with the number of steps that told their readers. */
    async function expectDegraded(name: string): Promise<number> {
      let told = 0;
      for (const door of rig.doors) {
        const user = await rig.people.signIn();
        const said = await say(user.through(door), `${name};`, scriptOf([{ text: "Here I am." }]));
        if (said.type === "refused") throw new Error(`refused: ${JSON.stringify(said.refusal)}`);
        const states = eventsOf(said.frames, "status_update").map(({ state }) => state);
        expect(states).toContain("degraded");
        expect(endOf(said.frames)).toBe("end_turn");
        told += states.filter((state) => state === "degraded").length;
      }
      expect(await rig.degraded()).toEqual(rig.doors.map(() => 1));
      expect(await rig.readiness()).toEqual(rig.doors.map(() => 200));
      return told;
    }
  });
});
