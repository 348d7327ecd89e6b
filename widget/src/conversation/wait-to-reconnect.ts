/** Resolves after the time given, or earlier when there is reason to try now; rejects when the signal is aborted. */
export type Wait = (delayMs: number, signal: AbortSignal) => Promise<void>;

/** A browser that finds its network again says so: then there is nothing left to wait for. */
export const waitToReconnect: Wait = (delayMs, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const done = new AbortController();
    const finish = (settle: () => void) => (): void => {
      done.abort();
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(finish(resolve), delayMs);
    window.addEventListener("online", finish(resolve), { signal: done.signal });
    signal.addEventListener(
      "abort",
      finish(() => reject(signal.reason)),
      { signal: done.signal },
    );
  });
