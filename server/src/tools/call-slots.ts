/** Lets so many calls run at the same time; the others wait in the order in which they came. */
export class CallSlots {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Resolves with a slot, given back on disposal; rejects with the signal's reason when it is aborted before. */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return { [Symbol.dispose]: () => this.#giveBack() };
  }

  #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#waiting.delete(go);
      reject(signal.reason);
    };
    const go = (): void => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    };
    this.#waiting.add(go);
    signal.addEventListener("abort", giveUp, { once: true });
    return promise;
  }

  /** A slot goes straight to who has waited longest. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
