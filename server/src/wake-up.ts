/** Something that can be waited for without missing it. */
export class WakeUp {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** How often it was raised: what `after` is given to miss nothing that happens before it is called. */
  get count(): number {
    return this.#count;
  }

  raise(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when it was raised since `seen`, or after so many milliseconds. */
  after(seen: number, timeoutMs: number): Promise<void> {
    if (this.#count !== seen) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.listen(() => done());
      const timer = setTimeout(() => done(), timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
    });
  }

  /** Calls back each time it is raised. Returns the way to stop listening. */
  listen(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }
}
