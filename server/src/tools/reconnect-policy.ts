const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
const RESTART_WINDOW_MS = 60_000;
const STABLE_AFTER_MS = 10_000;

/** How often a server may be tried. */
export interface ReconnectOptions {
  /** Starts in any minute, besides the first one; `Infinity` where connecting starts nothing. */
  restartsPerMinute: number;
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** From 0 to 1, for the jitter. */
  random(): number;
}

/**
 * Decides when a server may be tried again: after each failure in a row the delay doubles, spread at random so that
 * replicas do not come back together. A server that dies soon after it was reached has failed, too.
 */
export class ReconnectPolicy {
  readonly #options: ReconnectOptions;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #connectedAtMs: number | null = null;
  #startsMs: number[] = [];

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  /** `starts`: how often the attempt will start the server. */
  mayTry(starts = 1): boolean {
    const now = this.#options.now();
    this.#startsMs = this.#startsMs.filter((startMs) => startMs > now - RESTART_WINDOW_MS);
    return now >= this.#notBeforeMs && this.#startsMs.length + starts <= this.#options.restartsPerMinute + 1;
  }

  trying(starts = 1): void {
    this.#startsMs.push(...Array.from({ length: starts }, () => this.#options.now()));
  }

  connected(): void {
    this.#connectedAtMs = this.#options.now();
  }

  /** The attempt failed, or the connection was lost. */
  failed(): void {
    const now = this.#options.now();
    const wasStable = this.#connectedAtMs !== null && now - this.#connectedAtMs >= STABLE_AFTER_MS;
    this.#connectedAtMs = null;
    this.#failures = wasStable ? 1 : this.#failures + 1;
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
    // The first loss of a server that worked is most often a restart: come back at once.
    this.#notBeforeMs = wasStable ? now : now + delayMs * (0.5 + this.#options.random() / 2);
  }
}
