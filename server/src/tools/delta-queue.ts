import type { ToolCallContext, ToolDelta } from "./tool.ts";

const WAITING_LIMIT_CHARACTERS = 1024 * 1024;

/**
 * Records live output in order while a tool goes on. Where output comes faster than it can be recorded and more than
 * 1 MB is waiting, further deltas are left out: they are only for watching, the result is complete without them.
 */
export class DeltaQueue {
  readonly #record: ToolCallContext["onDelta"];
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(record: ToolCallContext["onDelta"]) {
    this.#record = record;
  }

  add(delta: ToolDelta): void {
    const size = delta.chunk.length + 1;
    if (this.#waiting + size > WAITING_LIMIT_CHARACTERS) return;
    this.#waiting += size;
    this.#last = this.#last.then(async () => {
      await this.#record(delta);
      this.#waiting -= size;
    });
    // The failure is told by `drain`; until then it is not an unhandled one.
    this.#last.catch(() => undefined);
  }

  /** Resolves when everything is recorded; rejects with the first failure to record. */
  drain(): Promise<void> {
    return this.#last;
  }
}
