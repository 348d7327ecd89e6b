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
  /** Greater than that of every lock of this user before. */
  readonly fence: number;
}

/** What came of asking for a lock. */
export type LockAttempt = { status: "acquired"; lock: HeldLock } | { status: "held"; holder: LockHolder };

/**
 * What replicas agree on right now, and how they wake each other. Nothing here needs to survive: an announcement that is
 * lost costs time, because whoever waits for one looks at the store by itself now and then. A listener may also be called
 * when nothing was announced. Everything that returns a promise may throw ChatError `store_unavailable`.
 */
export interface Coordination {
  acquireLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt>;
  /** Takes it also from an earlier owner of the same turn: for whoever has claimed the turn of one that died. */
  takeOverLock(userKey: string, holder: LockHolder, ttlMs: number): Promise<LockAttempt>;
  /** false: it passed to somebody else. */
  renewLock(lock: HeldLock, ttlMs: number): Promise<boolean>;
  /** Does nothing when the lock is no longer held. Never rejects: what cannot be done now is done later. */
  releaseLock(lock: HeldLock): Promise<void>;
  /** Calls back when the user's lock may be free. Returns the way to stop listening. */
  onLockReleased(userKey: string, listener: () => void): () => void;

  /** Tells every reader of a conversation that its log has grown. */
  announceEvents(conversationId: string): void;
  onEvents(conversationId: string, listener: () => void): () => void;

  /** Tells the owner of a turn, wherever it is, that somebody else has changed it: the store knows what. */
  announceTurn(turnId: string): void;
  onTurn(turnId: string, listener: () => void): () => void;

  /** Resolves when it can be used. */
  ping(): Promise<void>;
  /** This process goes on without the others: what they announce arrives late. */
  isDegraded(): boolean;
  close(): Promise<void>;
}
