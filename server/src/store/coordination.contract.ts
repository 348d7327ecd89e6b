import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Coordination, HeldLock, LockHolder } from "./coordination.ts";

/** Coordination whose locks the test makes older. */
export interface TimedCoordination {
  coordination: Coordination;
  /** Whoever begins to listen is woken once without an announcement, when it is certain that none will be missed. */
  isConfirmedByWaking: boolean;
  advance(ms: number): Promise<void>;
}

const FIVE_MINUTES_MS = 300_000;
/** Much longer than any test takes: the clock of a server runs by itself, too. */
const A_WHILE_MS = 100_000;
const ADA: LockHolder = { conversationId: "conv_1", turnId: "turn_1", idempotencyKey: "key" };
const SECOND: LockHolder = { conversationId: "conv_2", turnId: "turn_2", idempotencyKey: null };

/** What every coordination has to keep. `open` gives a fresh one. */
export function describeCoordination(name: string, open: () => Promise<TimedCoordination>): void {
  describe(name, () => {
    let coordination: Coordination;
    let advance: (ms: number) => Promise<void>;
    let isConfirmedByWaking: boolean;
    beforeEach(async () => {
      ({ coordination, advance, isConfirmedByWaking } = await open());
    });
    afterEach(async () => {
      await coordination.close();
    });

    async function take(userKey = "ada", holder: LockHolder = ADA): Promise<HeldLock> {
      const attempt = await coordination.acquireLock(userKey, holder, FIVE_MINUTES_MS);
      if (attempt.status === "held") throw new Error(`held by ${attempt.holder.turnId}`);
      return attempt.lock;
    }

    const second = (): ReturnType<Coordination["acquireLock"]> =>
      coordination.acquireLock("ada", SECOND, FIVE_MINUTES_MS);

    describe("a lock", () => {
      it("is refused to whoever comes second, who learns who holds it", async () => {
        await take();
        expect(await second()).toEqual({ status: "held", holder: ADA });
      });

      it("has one winner among fifty", async () => {
        const attempts = await Promise.all(Array.from({ length: 50 }, second));
        expect(attempts.filter(({ status }) => status === "acquired")).toHaveLength(1);
      });

      it("of one user does not keep out another", async () => {
        await take("ada");
        await expect(take("bob")).resolves.toMatchObject({ userKey: "bob" });
      });

      it("is free after it was released", async () => {
        await coordination.releaseLock(await take());
        expect((await second()).status).toBe("acquired");
      });

      it("passes by itself after five minutes, not before", async () => {
        await take();
        await advance(FIVE_MINUTES_MS - A_WHILE_MS);
        expect((await second()).status).toBe("held");
        await advance(A_WHILE_MS);
        expect((await second()).status).toBe("acquired");
      });

      it("lasts longer when it is renewed", async () => {
        const lock = await take();
        await advance(FIVE_MINUTES_MS - A_WHILE_MS);
        expect(await coordination.renewLock(lock, FIVE_MINUTES_MS)).toBe(true);
        await advance(FIVE_MINUTES_MS - A_WHILE_MS);
        expect((await second()).status).toBe("held");
      });

      it("cannot be renewed once it has passed", async () => {
        const lock = await take();
        await advance(FIVE_MINUTES_MS);
        expect(await coordination.renewLock(lock, FIVE_MINUTES_MS)).toBe(false);
        expect((await second()).status).toBe("acquired");
      });

      it("cannot be renewed or released by a former holder", async () => {
        const lock = await take();
        await advance(FIVE_MINUTES_MS);
        expect((await second()).status).toBe("acquired");
        expect(await coordination.renewLock(lock, FIVE_MINUTES_MS)).toBe(false);
        await coordination.releaseLock(lock);
        expect(await coordination.acquireLock("ada", ADA, 1)).toEqual({ status: "held", holder: SECOND });
      });

      it("can be released twice: the second time nothing happens", async () => {
        const lock = await take();
        await coordination.releaseLock(lock);
        await take("ada", SECOND);
        await coordination.releaseLock(lock);
        expect((await second()).status).toBe("held");
      });
    });

    describe("the number of a lock", () => {
      it("grows with each of a user's locks, whether they were released or have passed", async () => {
        const released = await take();
        await coordination.releaseLock(released);
        const passed = await take();
        await advance(FIVE_MINUTES_MS);
        const third = await take();
        expect(passed.fence).toBeGreaterThan(released.fence);
        expect(third.fence).toBeGreaterThan(passed.fence);
      });

      it("grows when the lock is taken over", async () => {
        const lost = await take();
        const attempt = await coordination.takeOverLock("ada", ADA, FIVE_MINUTES_MS);
        if (attempt.status === "held") throw new Error("it was not taken over");
        expect(attempt.lock.fence).toBeGreaterThan(lost.fence);
      });
    });

    describe("taking a lock over", () => {
      it("leaves nothing to the earlier owner of the turn", async () => {
        const lost = await take();
        expect((await coordination.takeOverLock("ada", ADA, FIVE_MINUTES_MS)).status).toBe("acquired");
        expect(await coordination.renewLock(lost, FIVE_MINUTES_MS)).toBe(false);
        await coordination.releaseLock(lost);
        expect((await second()).status).toBe("held");
      });

      it("gives it for the whole time", async () => {
        await take();
        await coordination.takeOverLock("ada", ADA, FIVE_MINUTES_MS);
        await advance(FIVE_MINUTES_MS - A_WHILE_MS);
        expect((await second()).status).toBe("held");
      });

      it("is refused when another turn has it", async () => {
        await take();
        const attempt = await coordination.takeOverLock("ada", SECOND, FIVE_MINUTES_MS);
        expect(attempt).toEqual({ status: "held", holder: ADA });
      });

      it("takes one that is free", async () => {
        expect((await coordination.takeOverLock("ada", ADA, FIVE_MINUTES_MS)).status).toBe("acquired");
        expect((await second()).status).toBe("held");
      });
    });

    it("answers a ping", async () => {
      await expect(coordination.ping()).resolves.toBeUndefined();
    });

    describe("who listens", () => {
      it("is woken when the user's lock is released, not when it is only asked for", async () => {
        const lock = await take();
        let count = 0;
        coordination.onLockReleased("ada", () => {
          count += 1;
        });
        await settled();
        const before = count;
        await second();
        await coordination.renewLock(lock, FIVE_MINUTES_MS);
        await settled();
        expect(count).toBe(before);
        await coordination.releaseLock(lock);
        await settled();
        expect(count).toBe(before + 1);
      });

      it.each<[string, (listen: () => void) => () => void, (key: string) => void]>([
        [
          "new events of a conversation",
          (listen) => coordination.onEvents("one", listen),
          (key) => coordination.announceEvents(key),
        ],
        [
          "a turn that somebody else has changed",
          (listen) => coordination.onTurn("one", listen),
          (key) => coordination.announceTurn(key),
        ],
      ])("hears of %s, only of its own, until it stops listening", async (_title, listen, announce) => {
        let count = 0;
        let ofAnother = 0;
        const stop = listen(() => {
          count += 1;
        });
        const stopAnother = listen(() => {
          ofAnother += 1;
        });
        await settled();
        const before = count;
        announce("other");
        await settled();
        expect(count).toBe(before);
        announce("one");
        announce("one");
        await settled();
        expect(count).toBe(before + 2);
        expect(ofAnother).toBe(count);
        stop();
        announce("one");
        await settled();
        expect(count).toBe(before + 2);
        expect(ofAnother).toBe(before + 3);
        stopAnother();
        announce("one");
        await settled();
        expect(ofAnother).toBe(before + 3);
      });

      it("hears again after it stopped and came back", async () => {
        coordination.onTurn("one", () => undefined)();
        let count = 0;
        coordination.onTurn("one", () => {
          count += 1;
        });
        await settled();
        const before = count;
        coordination.announceTurn("one");
        await settled();
        expect(count).toBe(before + 1);
      });
    });

    let probes = 0;

    /** Resolves when whoever listens by now will hear, and has heard what was announced before: both keep their order. */
    async function settled(): Promise<void> {
      probes += 1;
      const probe = `probe-${probes}`;
      const heard: string[] = [];
      const stop = coordination.onTurn(probe, () => heard.push(probe));
      const confirmed = isConfirmedByWaking ? 1 : 0;
      while (heard.length < confirmed) await pause(1);
      coordination.announceTurn(probe);
      while (heard.length === confirmed) await pause(1);
      stop();
    }
  });
}
