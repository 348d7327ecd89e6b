/** Runs pieces of work one after the other, those with the same key. */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Settles as `work` does, which begins when all that came before it have ended, however they did. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const running = before.then(work, work);
    this.#last.set(key, running);
    try {
      return await running;
    } finally {
      if (this.#last.get(key) === running) this.#last.delete(key);
    }
  }
}
