import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { REDIS, whereInstalled } from "../../test/services/installed.ts";
import { type RedisServer, startRedis } from "../../test/services/redis-server.ts";
import { describeCoordination } from "./coordination.contract.ts";
import type { Coordination, HeldLock, LockHolder } from "./coordination.ts";
import { createLocalShareCoordination } from "./local-share-coordination.ts";
import { createMemoryCoordination } from "./memory-coordination.ts";
import { createRedisCoordination } from "./redis-coordination.ts";

const TTL_MS = 300_000;
const ADA: LockHolder = { conversationId: "conv_1", turnId: "turn_1", idempotencyKey: null };
const SECOND: LockHolder = { conversationId: "conv_2", turnId: "turn_2", idempotencyKey: null };

describeCoordination("LocalShareCoordination over what answers", () => {
  let aheadMs = 0;
  const shared = createMemoryCoordination(() => Date.now() + aheadMs);
  return Promise.resolve({
    coordination: createLocalShareCoordination(shared, () => undefined),
    isConfirmedByWaking: false,
    advance: (ms) => {
      aheadMs += ms;
      return Promise.resolve();
    },
  });
});

whereInstalled([REDIS], () => {
  let server: RedisServer;
  const open: Coordination[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((coordination) => coordination.close()));
    await server.restart();
  });

  async function connect(heard: boolean[] = []): Promise<Coordination> {
    const shared = await createRedisCoordination(server.url, { onLost: () => undefined });
    const coordination = createLocalShareCoordination(shared, (isDegraded) => heard.push(isDegraded));
    open.push(coordination);
    return coordination;
  }

  async function take(coordination: Coordination, holder: LockHolder = ADA): Promise<HeldLock> {
    const attempt = await coordination.acquireLock("ada", holder, TTL_MS);
    if (attempt.status === "held") throw new Error(`held by ${attempt.holder.turnId}`);
    return attempt.lock;
  }

  describe("LocalShareCoordination without Redis", () => {
    it("keeps a user to one lock in each process, and says that it is degraded", async () => {
      const heard: boolean[] = [];
      const [one, two] = [await connect(heard), await connect()];
      await server.stop();
      await take(one);
      expect(one.isDegraded()).toBe(true);
      expect(heard).toEqual([true]);
      expect(await one.acquireLock("ada", SECOND, TTL_MS)).toEqual({ status: "held", holder: ADA });
      expect((await two.acquireLock("ada", SECOND, TTL_MS)).status).toBe("acquired");
      await expect(one.ping()).resolves.toBeUndefined();
    });

    it("wakes who listens in the same process", async () => {
      const coordination = await connect();
      await server.stop();
      const woken = new Promise<void>((resolve) => {
        coordination.onTurn("turn", resolve);
      });
      coordination.announceTurn("turn");
      await expect(woken).resolves.toBeUndefined();
    });

    it("lets a holder keep the lock that it has of Redis", async () => {
      const coordination = await connect();
      const lock = await take(coordination);
      await server.stop();
      expect(await coordination.renewLock(lock, TTL_MS)).toBe(true);
      await expect(coordination.releaseLock(lock)).resolves.toBeUndefined();
    });
  });

  describe("LocalShareCoordination when Redis is back", () => {
    it("has each holder take its lock there, and is not degraded any more", async () => {
      const heard: boolean[] = [];
      const [one, two] = [await connect(heard), await connect()];
      await server.stop();
      const own = await take(one);
      expect(await one.renewLock(own, TTL_MS)).toBe(true);
      await server.restart();
      while (await one.renewLock(own, TTL_MS)) await pause(5);
      expect(heard).toEqual([true, false]);
      const again = await one.takeOverLock("ada", ADA, TTL_MS);
      expect(again.status).toBe("acquired");
      // Asked each time: it learns only by asking that Redis is back.
      while ((await two.acquireLock("ada", SECOND, TTL_MS)).status !== "held" || two.isDegraded()) await pause(5);
      if (again.status === "acquired") await one.releaseLock(again.lock);
      const last = await take(two, SECOND);
      await two.releaseLock(last);
    });
  });
});
