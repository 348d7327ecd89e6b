// Locks are hashes that expire, taken and given back by scripts, so that looking and writing are one step. Announcements
// are messages of publish/subscribe: nobody keeps them, and whoever waits for one looks at the store now and then.

import { randomBytes } from "node:crypto";
import { createClient } from "redis";
import { ChatError } from "../errors.ts";
import type { Coordination, HeldLock, LockAttempt, LockHolder } from "./coordination.ts";

/** An answer that takes longer will not be waited for. */
const COMMAND_MS = 500;
/** A lock whose taker may not have heard that it has it lasts no longer. */
const UNCONFIRMED_MS = 10_000;
const PING_EVERY_MS = 1000;
/** A connection on which nothing moves any more, not even the answer to a ping, is given up. */
const SILENT_MS = 5000;
const CONNECT_MS = 2000;
const FIRST_CONNECT_MS = 10_000;
const RECONNECT_AT_MOST_EVERY_MS = 1000;
const RETRY_AFTER_SECONDS = 5;

const PREFIX = "chatbot:";
const FENCE_KEY = `${PREFIX}fence`;

const ACQUIRE = `
local holder, turn = unpack(redis.call('HMGET', KEYS[1], 'holder', 'turn'))
if holder and not (ARGV[5] == 'take over' and turn == ARGV[3]) then return {'held', holder} end
local fence = redis.call('INCR', KEYS[2])
if fence == 1 then
  -- A Redis that has lost its data goes on from the clock: that is ahead of every number it ever gave.
  local time = redis.call('TIME')
  fence = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('SET', KEYS[2], string.format('%.0f', fence))
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'holder', ARGV[2], 'turn', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'acquired', string.format('%.0f', fence)}
`;

const RENEW = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

const RELEASE = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], '')
return 1
`;

type Client = ReturnType<typeof connectionTo>;

/** What the coordination tells of its connections. */
export interface RedisCoordinationOptions {
  /** Hears when a connection is lost, once until it is there again. */
  onLost: (error: unknown) => void;
}

/** Coordination of many processes through one Redis. @throws Error when it cannot be reached at all */
export async function createRedisCoordination(url: string, options: RedisCoordinationOptions): Promise<Coordination> {
  const coordination = new RedisCoordination(connectionTo(url), connectionTo(url), options);
  await coordination.connect();
  return coordination;
}

class RedisCoordination implements Coordination {
  /** Of this process, among all that share the Redis. */
  readonly #id = randomBytes(8).toString("hex");
  readonly #commands: Client;
  /** A connection that has subscribed takes no other commands. */
  readonly #subscriber: Client;
  readonly #listeners = new Map<string, Set<() => void>>();
  /** Locks that could not be given back while Redis was away, by token. */
  readonly #unreleased = new Map<string, HeldLock>();
  /** Commands that were given up and may still be answered. */
  #overdue = 0;
  #lastError: unknown;

  constructor(commands: Client, subscriber: Client, { onLost }: RedisCoordinationOptions) {
    this.#commands = commands;
    this.#subscriber = subscriber;
    for (const client of [commands, subscriber]) {
      let isLost = false;
      client.on("ready", () => {
        isLost = false;
      });
      client.on("error", (error: unknown) => {
        this.#lastError = error;
        if (!isLost) onLost(error);
        isLost = true;
      });
    }
    commands.on("ready", () => this.#releaseLate());
    // Whatever was announced meanwhile is lost, and so are subscriptions that were on their way.
    subscriber.on("ready", () => {
      for (const channel of this.#listeners.keys()) this.#subscribe(channel);
    });
  }

  async connect(): Promise<void> {
    const connected = Promise.all([this.#commands.connect(), this.#subscriber.connect()]);
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      const giveUp = (cause: unknown): void => {
        reject(new Error("Redis cannot be used: REDIS_URL names it and its password", { cause }));
      };
      timer = setTimeout(() => giveUp(this.#lastError), FIRST_CONNECT_MS);
      // What was configured wrongly does not get better by waiting.
      this.#commands.on("error", (error: unknown) => {
        if (error instanceof Error && /^(WRONGPASS|NOAUTH|NOPERM|ERR)\b/.test(error.message)) giveUp(error);
      });
    });
    try {
      await Promise.race([connected, failed]);
    } catch (error) {
      this.#destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  acquireLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    return this.#acquire(userKey, holder, ttlMs, "if free");
  }

  takeOverLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    return this.#acquire(userKey, holder, ttlMs, "take over");
  }

  async renewLock(lock: HeldLock, ttlMs: number): Promise<boolean> {
    return (await this.#run(RENEW, [lockKey(lock.userKey)], [lock.token, String(ttlMs)])) === 1;
  }

  async releaseLock(lock: HeldLock): Promise<void> {
    try {
      await this.#run(RELEASE, [lockKey(lock.userKey)], [lock.token, lockChannel(lock.userKey)]);
    } catch {
      this.#unreleased.set(lock.token, lock);
    }
  }

  onLockReleased(userKey: string, listener: () => void): () => void {
    return this.#listen(lockChannel(userKey), listener);
  }

  announceEvents(conversationId: string): void {
    this.#announce(eventsChannel(conversationId));
  }

  onEvents(conversationId: string, listener: () => void): () => void {
    return this.#listen(eventsChannel(conversationId), listener);
  }

  announceTurn(turnId: string): void {
    this.#announce(turnChannel(turnId));
  }

  onTurn(turnId: string, listener: () => void): () => void {
    return this.#listen(turnChannel(turnId), listener);
  }

  /** Without Redis it does nothing at all. */
  isDegraded(): boolean {
    return false;
  }

  async ping(): Promise<void> {
    await this.#answered(() => this.#commands.ping());
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    // Answers come in the order of the questions: after this one nothing that was announced is still on its way.
    await this.ping().catch(() => undefined);
    this.#destroy();
  }

  async #acquire(
    userKey: string,
    holder: LockHolder,
    ttlMs: number,
    mode: "if free" | "take over",
  ): Promise<LockAttempt> {
    const token = randomBytes(16).toString("hex");
    const firstTtlMs = Math.min(ttlMs, UNCONFIRMED_MS);
    const values = [token, JSON.stringify(holder), holder.turnId, String(firstTtlMs), mode];
    const answer = await this.#run(ACQUIRE, [lockKey(userKey), FENCE_KEY], values);
    const [status, value] = Array.isArray(answer) ? answer.map(String) : [];
    if (value === undefined) throw unavailable(new Error("Redis gave no answer to a question for a lock"));
    if (status === "held") return { status: "held", holder: JSON.parse(value) };
    const lock = { userKey, token, fence: Number(value) };
    // The answer has arrived: from now on the lock lasts as long as was asked for.
    if (firstTtlMs < ttlMs && !(await this.renewLock(lock, ttlMs))) throw unavailable(new Error("the lock has passed"));
    return { status: "acquired", lock };
  }

  #releaseLate(): void {
    const locks = [...this.#unreleased.values()];
    this.#unreleased.clear();
    for (const lock of locks) void this.releaseLock(lock);
  }

  #announce(channel: string): void {
    // Who listens here need not wait for Redis, nor do without when it is lost.
    setImmediate(() => this.#wake(channel));
    this.#answered(() => this.#commands.publish(channel, this.#id)).catch(() => undefined);
  }

  #listen(channel: string, listener: () => void): () => void {
    let listeners = this.#listeners.get(channel);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(channel, listeners);
      this.#subscribe(channel);
    }
    const ofChannel = listeners;
    // An entry of its own: the same function may be registered twice.
    const entry = (): void => listener();
    ofChannel.add(entry);
    return () => {
      if (!ofChannel.delete(entry) || ofChannel.size > 0) return;
      this.#listeners.delete(channel);
      this.#unsubscribe(channel);
    };
  }

  #subscribe(channel: string): void {
    this.#subscriber.subscribe(channel, this.#onMessage).then(
      // What was announced before Redis knew of the subscription has passed unheard.
      () => this.#wake(channel),
      // Lost with the connection: there is another attempt with the next one.
      () => undefined,
    );
  }

  #unsubscribe(channel: string): void {
    this.#subscriber.unsubscribe(channel, this.#onMessage).catch(() => undefined);
  }

  readonly #onMessage = (sender: string, channel: string): void => {
    if (sender === this.#id) return;
    // Unsubscribing was lost with a connection, and the next one was subscribed anew.
    if (!this.#listeners.has(channel)) this.#unsubscribe(channel);
    this.#wake(channel);
  };

  #wake(channel: string): void {
    // Of this moment: whoever is called may listen again.
    const listeners = [...(this.#listeners.get(channel) ?? [])];
    for (const listener of listeners) listener();
  }

  #run(script: string, keys: string[], values: string[]): Promise<unknown> {
    return this.#answered(() => this.#commands.eval(script, { keys, arguments: values }));
  }

  /**
   * The answer to a command, if it comes in time. While one is overdue nothing else is asked: it would wait as long, and
   * a connection on which nothing is written any more is soon given up.
   * @throws ChatError `store_unavailable`
   */
  async #answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#overdue > 0) throw unavailable(new Error("Redis does not answer"));
    let status: "asked" | "overdue" | "answered" = "asked";
    const answer = ask().finally(() => {
      if (status === "overdue") this.#overdue -= 1;
      if (status === "overdue" && this.#overdue === 0) this.#releaseLate();
      status = "answered";
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        if (status === "answered") return;
        status = "overdue";
        this.#overdue += 1;
        reject(new Error(`Redis did not answer within ${COMMAND_MS} ms`));
      };
      // An answer that is here already, and was not read because this process was busy, is in time.
      timer = setTimeout(() => setImmediate(giveUp), COMMAND_MS);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #destroy(): void {
    for (const client of [this.#commands, this.#subscriber]) if (client.isOpen) client.destroy();
  }
}

/** Reconnects by itself for as long as it takes; until then every command fails at once. */
function connectionTo(url: string) {
  return createClient({
    url,
    name: "chatbot",
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    pingInterval: PING_EVERY_MS,
    socket: { connectTimeout: CONNECT_MS, socketTimeout: SILENT_MS, reconnectStrategy: reconnectAfterMs },
  });
}

/** Later and later, and never all replicas at the same moment. */
function reconnectAfterMs(retries: number): number {
  const atMostMs = Math.min(50 * 2 ** Math.min(retries, 10), RECONNECT_AT_MOST_EVERY_MS);
  return atMostMs * (0.5 + Math.random() / 2);
}

function unavailable(cause: unknown): ChatError {
  return new ChatError("store_unavailable", { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function lockKey(userKey: string): string {
  return `${PREFIX}lock:${userKey}`;
}

function lockChannel(userKey: string): string {
  return `${PREFIX}released:${userKey}`;
}

function eventsChannel(conversationId: string): string {
  return `${PREFIX}events:${conversationId}`;
}

function turnChannel(turnId: string): string {
  return `${PREFIX}turn:${turnId}`;
}
