import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Coordination, HeldLock, LockAttempt, LockHolder } from "./coordination.ts";

interface Entry {
  token: string;
  holder: LockHolder;
  expiresAtMs: number;
}

/** Coordination within one process. `now` is the clock, in milliseconds. */
export function createMemoryCoordination(now: () => number = Date.now): Coordination {
  return new MemoryCoordination(now);
}

class MemoryCoordination implements Coordination {
  readonly #now: () => number;
  readonly #locks = new Map<string, Entry>();
  #fence = 0;
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  constructor(now: () => number) {
    this.#now = now;
  }

  acquireLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    const entry = this.#locks.get(userKey);
    if (entry !== undefined && entry.expiresAtMs > this.#now()) {
      return Promise.resolve({ status: "held", holder: entry.holder });
    }
    return Promise.resolve({ status: "acquired", lock: this.#take(userKey, holder, ttlMs) });
  }

  takeOverLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    if (this.#locks.get(userKey)?.holder.turnId !== holder.turnId) return this.acquireLock(userKey, holder, ttlMs);
    return Promise.resolve({ status: "acquired", lock: this.#take(userKey, holder, ttlMs) });
  }

  renewLock(lock: HeldLock, ttlMs: number): Promise<boolean> {
    const entry = this.#held(lock);
    if (entry === null) return Promise.resolve(false);
    entry.expiresAtMs = this.#now() + ttlMs;
    return Promise.resolve(true);
  }

  releaseLock(lock: HeldLock): Promise<void> {
    if (this.#held(lock) !== null) {
      this.#locks.delete(lock.userKey);
      this.#emitter.emit(`lock ${lock.userKey}`);
    }
    return Promise.resolve();
  }

  onLockReleased(userKey: string, listener: () => void): () => void {
    return this.#listen(`lock ${userKey}`, listener);
  }

  announceEvents(conversationId: string): void {
    this.#emitter.emit(`events ${conversationId}`);
  }

  onEvents(conversationId: string, listener: () => void): () => void {
    return this.#listen(`events ${conversationId}`, listener);
  }

  announceTurn(turnId: string): void {
    this.#emitter.emit(`turn ${turnId}`);
  }

  onTurn(turnId: string, listener: () => void): () => void {
    return this.#listen(`turn ${turnId}`, listener);
  }

  isDegraded(): boolean {
    return false;
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#emitter.removeAllListeners();
    this.#locks.clear();
    return Promise.resolve();
  }

  #take(userKey: string, holder: LockHolder, ttlMs: number): HeldLock {
    const token = randomBytes(16).toString("hex");
    this.#fence += 1;
    this.#locks.set(userKey, { token, holder, expiresAtMs: this.#now() + ttlMs });
    return { userKey, token, fence: this.#fence };
  }

  #held(lock: HeldLock): Entry | null {
    const entry = this.#locks.get(lock.userKey);
    return entry !== undefined && entry.token === lock.token && entry.expiresAtMs > this.#now() ? entry : null;
  }

  #listen(name: string, listener: () => void): () => void {
    this.#emitter.on(name, listener);
    return () => this.#emitter.off(name, listener);
  }
}
