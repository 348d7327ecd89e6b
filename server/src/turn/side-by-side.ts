import { WakeUp } from "../wake-up.ts";
import type { RecordEntry, TurnEntry } from "./turn.ts";

interface Waiting {
  entry: TurnEntry;
  resolve(): void;
  reject(error: Error): void;
}

/** Resolves with true when there may be news, with false as soon as every task is done or waits like this. */
export type NewsOrQuiet = () => Promise<boolean>;

/** One of several that run at the same time. */
export type Task = (record: RecordEntry, newsOrQuiet: NewsOrQuiet) => Promise<void>;

/**
 * Runs tasks at the same time; what they record comes out one entry after the other. A task goes on when the reader of
 * this generator came back for the next entry, so it never runs ahead of the log. The first task that throws ends all.
 */
export async function* sideBySide(tasks: readonly Task[], news: WakeUp = new WakeUp()): AsyncGenerator<TurnEntry> {
  const queue: Waiting[] = [];
  const idle = new Set<(isNews: boolean) => void>();
  let current: Waiting | undefined;
  let running = tasks.length;
  let failure: { error: unknown } | null = null;
  let ended = false;
  let wake = (): void => undefined;

  const record: RecordEntry = (entry) =>
    new Promise((resolve, reject) => {
      // Whoever records after the end belongs to a tool that ignores its signal: its words are dropped.
      if (ended) return reject(new Error("the turn has moved on"));
      queue.push({ entry, resolve, reject });
      wake();
    });

  const wakeIdle = (isNews: boolean): void => {
    const woken = [...idle];
    idle.clear();
    for (const resolve of woken) resolve(isNews);
  };
  const stopListening = news.listen(() => wakeIdle(true));

  for (const task of tasks) {
    let seen = news.count;
    const newsOrQuiet: NewsOrQuiet = async () => {
      const isNews =
        seen !== news.count ||
        (await new Promise<boolean>((resolve) => {
          idle.add(resolve);
          wake();
        }));
      seen = news.count;
      return isNews;
    };
    task(record, newsOrQuiet)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        running -= 1;
        wake();
      });
  }

  try {
    while (true) {
      current = queue.shift();
      if (current !== undefined) {
        yield current.entry;
        current.resolve();
        continue;
      }
      if (failure !== null) throw (failure as { error: unknown }).error;
      if (running === 0) return;
      if (running === idle.size) wakeIdle(false);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    ended = true;
    stopListening();
    wakeIdle(false);
    // Also the one whose entry could not be recorded: its task must not wait for ever.
    for (const waiting of [...(current === undefined ? [] : [current]), ...queue])
      waiting.reject(new Error("the turn has moved on"));
  }
}
