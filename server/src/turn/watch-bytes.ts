/** The provider sent nothing for too long, or took too long altogether. */
export class StalledError extends Error {
  constructor(what: "idle" | "total") {
    super(what === "idle" ? "the model's stream fell silent" : "the model's stream took too long");
    this.name = "StalledError";
  }
}

/** Bounds of one call to the provider, in milliseconds. */
export interface StreamDeadlines {
  /** Between any two bytes, also before the first one. */
  idleMs: number;
  totalMs: number;
}

/**
 * A `fetch` whose answer fails with `StalledError` when no byte came for a while. The SDK's own timeout ends with the
 * headers and it swallows pings, so silence can only be seen here, on the bytes.
 */
export function createWatchedFetch(
  deadlines: StreamDeadlines,
  fetch: typeof globalThis.fetch,
): typeof globalThis.fetch {
  return async (input, init) => {
    const controller = new AbortController();
    const stall = (what: "idle" | "total"): void => controller.abort(new StalledError(what));
    const total = setTimeout(stall, deadlines.totalMs, "total");
    let idle = setTimeout(stall, deadlines.idleMs, "idle");
    const stopWatching = (): void => {
      clearTimeout(total);
      clearTimeout(idle);
    };
    const signal = init?.signal == null ? controller.signal : AbortSignal.any([init.signal, controller.signal]);
    try {
      const response = await fetch(input, { ...init, signal });
      if (response.body === null) {
        stopWatching();
        return response;
      }
      const watched = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, output) {
            clearTimeout(idle);
            idle = setTimeout(stall, deadlines.idleMs, "idle");
            output.enqueue(chunk);
          },
          flush: stopWatching,
          cancel: stopWatching,
        }),
      );
      signal.addEventListener("abort", stopWatching, { once: true });
      return new Response(watched, response);
    } catch (error) {
      stopWatching();
      throw controller.signal.aborted ? controller.signal.reason : error;
    }
  };
}
