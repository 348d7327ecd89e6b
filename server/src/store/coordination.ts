/** Who holds a user's lock, as told to the one who comes second. */
export interface LockHolder {
  conversationId: string;
  turnId: string;
  /** Of the request that took it: the same request sent twice waits instead of being refused. */
  idempotencyKey: string | null;
}

/** The right to run a turn for one user. Passes by itself when its time is over without a renewal. */
export interface HeldLock {
  readonly userKey: string;
  readonly token: string;
}

/** What came of asking for a lock. */
export type LockAttempt = { status: "acquired"; lock: HeldLock } | { status: "held"; holder: LockHolder };

/** What replicas agree on right now, and how they wake each other. Nothing here needs to survive. */
export interface Coordination {
  acquireLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt>;
  /** false: it passed to somebody else. */
  renewLock(lock: HeldLock, ttlMs: number): Promise<boolean>;
  /** Does nothing when the lock is no longer held. */
  releaseLock(lock: HeldLock): Promise<void>;
  /** Calls back when the user's lock may be free. Returns the way to stop listening. */
  onLockReleased(userKey: string, listener: () => void): () => void;

  /** Tells every reader of a conversation that its log has grown. */
  announceEvents(conversationId: string): void;
  onEvents(conversationId: string, listener: () => void): () => void;

  /** Asks the owner of a turn, wherever it is, to stop it; also one that listens only a moment later. */
  requestCancel(turnId: string): void;
  onCancel(turnId: string, listener: () => void): () => void;

  close(): Promise<void>;
}
