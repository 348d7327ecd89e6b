import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Renders its host once a second while it is connected and has something to count. */
export class SecondTicker implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isNeeded = false;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.run(this.#isNeeded);
  }

  hostDisconnected(): void {
    this.#stop();
  }

  /** Starts or stops it. */
  run(isNeeded: boolean): void {
    this.#isNeeded = isNeeded;
    if (!isNeeded) this.#stop();
    else this.#timer ??= setInterval(() => this.#host.requestUpdate(), 1000);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
