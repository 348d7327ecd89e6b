import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Coordination, HeldLock, LockAttempt, LockHolder } from "./coordination.ts";

/** A turn that is being started may hear of its cancellation a moment late. */
const CANCEL_REMEMBERED_MS = 10_000;

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
  /** Cancelled turns, oldest first, with the time. */
  readonly #cancelled = new Map<string, number>();
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  constructor(now: () => number) {
    this.#now = now;
  }

  acquireLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    const entry = this.#locks.get(userKey);
    if (entry !== undefined && entry.expiresAtMs > this.#now()) {
      return Promise.resolve({ status: "held", holder: entry.holder });
    }
    const token = randomBytes(16).toString("hex");
    this.#locks.set(userKey, { token, holder, expiresAtMs: this.#now() + ttlMs });
    return Promise.resolve({ status: "acquired", lock: { userKey, token } });
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

  requestCancel(turnId: string): void {
    this.#cancelled.set(turnId, this.#now());
    for (const [id, atMs] of this.#cancelled) {
      if (this.#now() - atMs < CANCEL_REMEMBERED_MS) break;
      this.#cancelled.delete(id);
    }
    this.#emitter.emit(`cancel ${turnId}`);
  }

  onCancel(turnId: string, listener: () => void): () => void {
    if (this.#cancelled.delete(turnId)) queueMicrotask(listener);
    return this.#listen(`cancel ${turnId}`, listener);
  }

  close(): Promise<void> {
    this.#emitter.removeAllListeners();
    this.#locks.clear();
    return Promise.resolve();
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
