import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Renders its host once a second while it is connected and has something to count. */
export class SecondTicker implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.run(false);
  }

  /** Starts or stops it. */
  run(isNeeded: boolean): void {
    if (isNeeded && this.#timer === undefined) this.#timer = setInterval(() => this.#host.requestUpdate(), 1000);
    if (isNeeded) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
