import type { RecordEntry, TurnEntry } from "./turn.ts";

interface Waiting {
  entry: TurnEntry;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Runs tasks at the same time; what they record comes out one entry after the other. A task goes on when the reader of
 * this generator came back for the next entry, so it never runs ahead of the log. The first task that throws ends all.
 */
export async function* sideBySide(
  tasks: readonly ((record: RecordEntry) => Promise<void>)[],
): AsyncGenerator<TurnEntry> {
  const queue: Waiting[] = [];
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

  for (const task of tasks) {
    task(record)
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
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    ended = true;
    // Also the one whose entry could not be recorded: its task must not wait for ever.
    for (const waiting of [...(current === undefined ? [] : [current]), ...queue])
      waiting.reject(new Error("the turn has moved on"));
  }
}
