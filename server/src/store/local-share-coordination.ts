// CHATBOT_ON_REDIS_LOSS=local_share: while the shared coordination cannot be had, each process goes on with its own. What
// must not be got wrong without it is not its business: limits are counted and the one running turn of a user is held in
// the store.

import { ChatError } from "../errors.ts";
import type { Coordination, HeldLock, LockAttempt, LockHolder } from "./coordination.ts";
import { createMemoryCoordination } from "./memory-coordination.ts";

/** The shared coordination as long as it answers, else this process's own. Hears when that changes. */
export function createLocalShareCoordination(
  shared: Coordination,
  onDegraded: (isDegraded: boolean) => void,
): Coordination {
  return new LocalShareCoordination(shared, onDegraded);
}

class LocalShareCoordination implements Coordination {
  readonly #shared: Coordination;
  readonly #own = createMemoryCoordination();
  readonly #onDegraded: (isDegraded: boolean) => void;
  /** Tokens of locks that only this process knows of. */
  readonly #ownLocks = new Set<string>();
  #isDegraded = false;

  constructor(shared: Coordination, onDegraded: (isDegraded: boolean) => void) {
    this.#shared = shared;
    this.#onDegraded = onDegraded;
  }

  isDegraded(): boolean {
    return this.#isDegraded;
  }

  acquireLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    return this.#acquire((coordination) => coordination.acquireLock(userKey, holder, ttlMs));
  }

  takeOverLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt> {
    return this.#acquire((coordination) => coordination.takeOverLock(userKey, holder, ttlMs));
  }

  async renewLock(lock: HeldLock, ttlMs: number): Promise<boolean> {
    if (!this.#ownLocks.has(lock.token)) return this.#sharedOr(() => this.#shared.renewLock(lock, ttlMs), true);
    const isSharedBack = await this.#sharedOr(() => this.#shared.ping().then(() => true), false);
    if (!isSharedBack) return this.#own.renewLock(lock, ttlMs);
    // As soon as a shared one can be had, that is the one to hold.
    await this.releaseLock(lock);
    return false;
  }

  async releaseLock(lock: HeldLock): Promise<void> {
    if (this.#ownLocks.delete(lock.token)) await this.#own.releaseLock(lock);
    else await this.#shared.releaseLock(lock);
  }

  onLockReleased(userKey: string, listener: () => void): () => void {
    const stops = [this.#own, this.#shared].map((coordination) => coordination.onLockReleased(userKey, listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  // Who listens in this process hears of what is announced in it also from a shared coordination that is lost.
  announceEvents(conversationId: string): void {
    this.#shared.announceEvents(conversationId);
  }

  onEvents(conversationId: string, listener: () => void): () => void {
    return this.#shared.onEvents(conversationId, listener);
  }

  announceTurn(turnId: string): void {
    this.#shared.announceTurn(turnId);
  }

  onTurn(turnId: string, listener: () => void): () => void {
    return this.#shared.onTurn(turnId, listener);
  }

  /** It can be used, one way or the other. */
  ping(): Promise<void> {
    return this.#sharedOr(() => this.#shared.ping(), undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.#own.close(), this.#shared.close()]);
  }

  async #acquire(from: (coordination: Coordination) => Promise<LockAttempt>): Promise<LockAttempt> {
    const attempt = await this.#sharedOr(() => from(this.#shared), null);
    if (attempt !== null) return attempt;
    const own = await from(this.#own);
    if (own.status === "acquired") this.#ownLocks.add(own.lock.token);
    return own;
  }

  /** What the shared coordination answers; the other value when it cannot be had. */
  async #sharedOr<Answer, Other>(ask: () => Promise<Answer>, other: Other): Promise<Answer | Other> {
    try {
      const answer = await ask();
      this.#note(false);
      return answer;
    } catch (error) {
      if (!(error instanceof ChatError && error.code === "store_unavailable")) throw error;
      this.#note(true);
      return other;
    }
  }

  #note(isDegraded: boolean): void {
    if (isDegraded === this.#isDegraded) return;
    this.#isDegraded = isDegraded;
    this.#onDegraded(isDegraded);
  }
}
