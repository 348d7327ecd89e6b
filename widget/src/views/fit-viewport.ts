import type { ReactiveController } from "lit";

/** Tells the styles how much of a phone's screen its keyboard leaves, as `--viewport-height` and `--viewport-top`. */
export class FitViewport implements ReactiveController {
  readonly #host: HTMLElement;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  hostConnected(): void {
    window.visualViewport?.addEventListener("resize", this.#fit);
    window.visualViewport?.addEventListener("scroll", this.#fit);
  }

  hostDisconnected(): void {
    window.visualViewport?.removeEventListener("resize", this.#fit);
    window.visualViewport?.removeEventListener("scroll", this.#fit);
  }

  readonly #fit = (): void => {
    const { visualViewport } = window;
    // Zoomed in by the person: what they see is a part of the panel, and it must not shrink to it.
    if (visualViewport === null || visualViewport.scale > 1) return;
    this.#host.style.setProperty("--viewport-height", `${visualViewport.height}px`);
    this.#host.style.setProperty("--viewport-top", `${visualViewport.offsetTop}px`);
  };
}
