import { KEY_LIFETIME_MS, type Store } from "./store.ts";

/** What the upkeep says to operators. A logger fits. */
export interface UpkeepLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

/** What runs beside everything else. */
export interface Upkeep {
  /** Resolves when what was under way is over. */
  stop(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60_000;
const EVENTS_KEPT_MS = DAY_MS;
/** No admission takes so long. */
const ADMISSION_MS = 5 * 60_000;
const TIDY_EVERY_MS = 60_000;
const CHECKPOINT_EVERY_MS = 10 * 60_000;
/** So many conversations are erased before anything else gets its turn. */
const ERASED_AT_ONCE = 100;

/**
 * Forgets what is past its time, and every now and then tells where the audit trail stands: in the log a checkpoint is out
 * of reach of whoever can only change the database. Any number of processes may do this on one database.
 */
export function startUpkeep(store: Store, log: UpkeepLog, { retentionDays }: { retentionDays: number }): Upkeep {
  let working = Promise.resolve();
  let told: string | null = null;
  const soon = (what: string, work: () => Promise<unknown>): void => {
    working = working.then(work).then(
      () => undefined,
      (error: unknown) => log.warn({ error }, what),
    );
  };
  const writeCheckpoint = async (): Promise<void> => {
    const checkpoint = await store.writeCheckpoint();
    if (checkpoint !== null && checkpoint !== told) log.info({ checkpoint }, "audit checkpoint");
    told = checkpoint;
  };
  const tidy = (): void => soon("the store was not tidied", () => tidyStore(store, retentionDays));
  const tell = (): void => soon("the audit trail got no checkpoint", writeCheckpoint);
  const timers = [setInterval(tidy, TIDY_EVERY_MS).unref(), setInterval(tell, CHECKPOINT_EVERY_MS).unref()];
  tell();
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      tell();
      await working;
    },
  };
}

/** One round of forgetting. With a retention of 0 days nothing outlives a day. */
export async function tidyStore(store: Store, retentionDays: number, nowMs: number = Date.now()): Promise<void> {
  const before = (ms: number): string => new Date(nowMs - ms).toISOString();
  const idleSince = before(Math.max(1, retentionDays) * DAY_MS);
  while ((await store.eraseIdleConversations(idleSince, ERASED_AT_ONCE)) === ERASED_AT_ONCE);
  await store.trimEvents(before(EVENTS_KEPT_MS));
  await store.trimKeys(before(KEY_LIFETIME_MS));
  await store.releaseOrphanedReservations({ createdBefore: before(ADMISSION_MS) });
  // Also of what users have erased since the last round.
  await store.overwriteErased();
}
