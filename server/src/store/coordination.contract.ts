import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Coordination, HeldLock, LockHolder } from "./coordination.ts";

/** Coordination with a clock that the test moves. */
export interface TimedCoordination {
  coordination: Coordination;
  advance(ms: number): void;
}

const FIVE_MINUTES_MS = 300_000;
const ADA: LockHolder = { conversationId: "conv_1", turnId: "turn_1", idempotencyKey: "key" };
const SECOND: LockHolder = { conversationId: "conv_2", turnId: "turn_2", idempotencyKey: null };

/** What every coordination has to keep. `open` gives a fresh one. */
export function describeCoordination(name: string, open: () => Promise<TimedCoordination>): void {
  describe(name, () => {
    let coordination: Coordination;
    let advance: (ms: number) => void;
    beforeEach(async () => {
      ({ coordination, advance } = await open());
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

      it("passes by itself after five minutes, not a moment before", async () => {
        await take();
        advance(FIVE_MINUTES_MS - 1);
        expect((await second()).status).toBe("held");
        advance(1);
        expect((await second()).status).toBe("acquired");
      });

      it("lasts longer when it is renewed", async () => {
        const lock = await take();
        advance(FIVE_MINUTES_MS - 1);
        expect(await coordination.renewLock(lock, FIVE_MINUTES_MS)).toBe(true);
        advance(FIVE_MINUTES_MS - 1);
        expect((await second()).status).toBe("held");
      });

      it("cannot be renewed once it has passed", async () => {
        const lock = await take();
        advance(FIVE_MINUTES_MS);
        expect(await coordination.renewLock(lock, FIVE_MINUTES_MS)).toBe(false);
        expect((await second()).status).toBe("acquired");
      });

      it("cannot be renewed or released by a former holder", async () => {
        const lock = await take();
        advance(FIVE_MINUTES_MS);
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

    describe("who listens", () => {
      it("is woken when the user's lock is released", async () => {
        const lock = await take();
        const released = new Promise<void>((resolve) => {
          coordination.onLockReleased("ada", resolve);
        });
        await coordination.releaseLock(lock);
        await expect(released).resolves.toBeUndefined();
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
        const heard: (() => void)[] = [];
        const stop = listen(() => {
          count += 1;
          heard.shift()?.();
        });
        const next = (): Promise<void> => new Promise((resolve) => heard.push(resolve));
        const first = next();
        announce("other");
        announce("one");
        await first;
        expect(count).toBe(1);
        const third = next();
        announce("one");
        await third;
        stop();
        announce("one");
        let last: () => void = () => undefined;
        const another = new Promise<void>((resolve) => {
          last = resolve;
        });
        listen(last);
        announce("one");
        await another;
        expect(count).toBe(2);
      });
    });
  });
}
