import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { REDIS, whereInstalled } from "../../test/services/installed.ts";
import { type RedisServer, startRedis } from "../../test/services/redis-server.ts";
import { describeCoordination } from "./coordination.contract.ts";
import type { Coordination, HeldLock, LockHolder } from "./coordination.ts";
import { createRedisCoordination } from "./redis-coordination.ts";

const TTL_MS = 300_000;
const HOLDER: LockHolder = { conversationId: "conv_1", turnId: "turn_1", idempotencyKey: null };
const UNAVAILABLE = { name: "ChatError", code: "store_unavailable", status: 503, retryAfterSeconds: 5 };
/** What an answer may take at the most: 500 ms, and a busy machine. */
const BOUNDED_MS = 2000;

whereInstalled([REDIS], () => {
  let server: RedisServer;
  const open: Coordination[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((coordination) => coordination.close()));
  });

  async function connect(onLost: (error: unknown) => void = () => undefined): Promise<Coordination> {
    const coordination = await createRedisCoordination(server.url, { onLost });
    open.push(coordination);
    return coordination;
  }

  /** Asks Redis itself. */
  async function ask<Answer>(question: (client: ReturnType<typeof redis>) => Promise<Answer>): Promise<Answer> {
    const client = redis(server.url);
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await question(client);
    } finally {
      client.destroy();
    }
  }

  async function take(coordination: Coordination, holder: LockHolder = HOLDER): Promise<HeldLock> {
    const attempt = await coordination.acquireLock("ada", holder, TTL_MS);
    if (attempt.status === "held") throw new Error(`held by ${attempt.holder.turnId}`);
    return attempt.lock;
  }

  /** As if so much time had passed for every lock. */
  async function advance(ms: number): Promise<void> {
    await ask(async (client) => {
      for (const key of await client.keys("chatbot:lock:*")) await client.pExpire(key, (await client.pTTL(key)) - ms);
    });
  }

  describeCoordination("RedisCoordination", async () => {
    await ask((client) => client.flushAll());
    const coordination = await createRedisCoordination(server.url, { onLost: () => undefined });
    return { coordination, isConfirmedByWaking: true, advance };
  });

  describe("two processes on one Redis", () => {
    it("see each other's locks, and wake each other", async () => {
      const [one, two] = [await connect(), await connect()];
      const lock = await take(one);
      expect(await two.acquireLock("ada", HOLDER, TTL_MS)).toEqual({ status: "held", holder: HOLDER });
      const released = countCalls((listener) => two.onLockReleased("ada", listener));
      await until(() => released() === 1);
      await one.releaseLock(lock);
      await until(() => released() === 2);
      await two.releaseLock(await take(two));
    });

    it("hear each other's announcements", async () => {
      const [one, two] = [await connect(), await connect()];
      const events = countCalls((listener) => two.onEvents("conv", listener));
      const turn = countCalls((listener) => two.onTurn("turn", listener));
      await until(() => events() === 1 && turn() === 1);
      one.announceEvents("conv");
      one.announceTurn("turn");
      await until(() => events() === 2 && turn() === 2);
    });
  });

  it("keeps no subscription that nobody listens to", async () => {
    const coordination = await connect();
    const stops = Array.from({ length: 20 }, (_, index) => coordination.onEvents(`conv_${index % 5}`, () => undefined));
    const channels = (): Promise<string[]> => ask((client) => client.pubSubChannels("chatbot:events:*"));
    await until(async () => (await channels()).length === 5);
    for (const stop of stops) stop();
    await until(async () => (await channels()).length === 0);
  });

  it("lets a lock pass soon whose taker never heard that it has it", async () => {
    const coordination = await connect();
    server.pause();
    try {
      await expect(take(coordination)).rejects.toMatchObject(UNAVAILABLE);
    } finally {
      server.resume();
    }
    // Redis has the question and answers it to nobody.
    await until(() => ask((client) => client.exists("chatbot:lock:ada")).then((count) => count === 1));
    expect(await ask((client) => client.pTTL("chatbot:lock:ada"))).toBeLessThanOrEqual(10_000);
    await advance(10_000);
    const other = await connect();
    await other.releaseLock(await take(other));
  });

  it("numbers locks upwards also after Redis has lost everything", async () => {
    const coordination = await connect();
    const before = await take(coordination);
    await ask((client) => client.flushAll());
    const after = await take(coordination);
    expect(after.fence).toBeGreaterThan(before.fence);
    await coordination.releaseLock(after);
  });

  describe("while Redis does not answer", () => {
    it("refuses within a bounded time, then at once, and goes on when it is back", async () => {
      const coordination = await connect();
      server.pause();
      try {
        const startedAt = performance.now();
        await expect(coordination.ping()).rejects.toMatchObject(UNAVAILABLE);
        expect(performance.now() - startedAt).toBeLessThan(BOUNDED_MS);
        await expect(take(coordination)).rejects.toMatchObject(UNAVAILABLE);
        coordination.announceEvents("conv");
        coordination.onTurn("turn", () => undefined)();
      } finally {
        server.resume();
      }
      await available(coordination);
      await coordination.releaseLock(await take(coordination));
    });

    it("gives a lock back later that could not be given back", async () => {
      const coordination = await connect();
      const lock = await take(coordination);
      server.pause();
      try {
        await expect(coordination.ping()).rejects.toMatchObject(UNAVAILABLE);
        await expect(coordination.releaseLock(lock)).resolves.toBeUndefined();
      } finally {
        server.resume();
      }
      await until(() => ask((client) => client.exists("chatbot:lock:ada")).then((count) => count === 0));
    });
  });

  describe("after Redis was restarted", () => {
    it("goes on by itself, and wakes everybody who listens", async () => {
      const lost: unknown[] = [];
      const coordination = await connect((error) => lost.push(error));
      const other = await connect();
      const events = countCalls((listener) => coordination.onEvents("conv", listener));
      const turn = countCalls((listener) => coordination.onTurn("turn", listener));
      await until(() => events() === 1 && turn() === 1);
      await server.stop();
      await until(async () => (await failure(coordination.ping())) !== null);
      const renewal = coordination.renewLock({ userKey: "ada", token: "t", fence: 1 }, 1);
      expect(await failure(renewal)).toMatchObject(UNAVAILABLE);
      coordination.announceEvents("conv");
      const later = countCalls((listener) => coordination.onEvents("later", listener));
      await server.restart();
      await until(() => events() > 1 && turn() > 1 && later() > 0);
      await Promise.all([available(coordination), available(other)]);
      // Once for each of the two connections, however often they tried.
      expect(lost).toHaveLength(2);

      const before = [events(), later()];
      other.announceEvents("conv");
      other.announceEvents("later");
      await until(() => events() > Number(before[0]) && later() > Number(before[1]));
      await coordination.releaseLock(await take(coordination));
    });
  });

  it("says so when Redis wants another password", async () => {
    const url = new URL(server.url);
    url.password = "wrong";
    const attempt = createRedisCoordination(url.href, { onLost: () => undefined });
    await expect(attempt).rejects.toThrow("REDIS_URL");
    await expect(attempt).rejects.toMatchObject({ cause: { message: expect.stringContaining("WRONGPASS") } });
  });
});

function redis(url: string) {
  return createClient({ url });
}

/** Counts its calls. A subscription stands when it has been called once. */
function countCalls(listen: (listener: () => void) => () => void): () => number {
  let calls = 0;
  listen(() => {
    calls += 1;
  });
  return () => calls;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}

/** Resolves when commands are answered again. */
function available(coordination: Coordination): Promise<void> {
  return until(async () => (await failure(coordination.ping())) === null);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(5);
}
