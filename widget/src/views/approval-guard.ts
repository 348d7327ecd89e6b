import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How long the button must have stood still and in view. */
const ARMING_MS = 500;

/** Chromium can tell whether anything lies over an element; other browsers only whether it is scrolled into view. */
type VisibilityOptions = IntersectionObserverInit & { trackVisibility?: boolean; delay?: number };

/**
 * Guards a button against clicks that were not meant for it: it is armed only after standing still, visible and
 * uncovered, for half a second. A dialog that appears under a moving pointer, or a page that lures the click, gets none.
 */
export class ApprovalGuard implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #now: () => number;
  #button: HTMLElement | null = null;
  #stillSince = Number.POSITIVE_INFINITY;
  #place = "";
  #isVisible = false;
  #isArmed = false;
  #frame = 0;
  #observer: IntersectionObserver | null = null;

  constructor(host: ReactiveControllerHost, now: () => number = () => performance.now()) {
    this.#host = host;
    this.#now = now;
    host.addController(this);
  }

  /** Whether a click counts. */
  get isArmed(): boolean {
    return this.#isArmed;
  }

  hostDisconnected(): void {
    this.watch(null);
  }

  /** Begins anew: for another button, or for another question under the same button. */
  watch(button: HTMLElement | null): void {
    cancelAnimationFrame(this.#frame);
    this.#observer?.disconnect();
    this.#observer = null;
    this.#button = button;
    this.#place = "";
    this.#isVisible = false;
    this.#setArmed(false);
    if (button === null) return;
    const options: VisibilityOptions = { threshold: 1, trackVisibility: true, delay: 100 };
    this.#observer = new IntersectionObserver((entries) => {
      const entry = entries.at(-1);
      this.#isVisible = entry?.isIntersecting === true && Reflect.get(entry, "isVisible") !== false;
    }, options);
    this.#observer.observe(button);
    this.#check();
  }

  readonly #check = (): void => {
    if (this.#button === null) return;
    const { x, y, width, height } = this.#button.getBoundingClientRect();
    const place = [x, y, width, height].map(Math.round).join(" ");
    if (place !== this.#place || !this.#isVisible) this.#stillSince = this.#now();
    this.#place = place;
    this.#setArmed(this.#now() - this.#stillSince >= ARMING_MS);
    this.#frame = requestAnimationFrame(this.#check);
  };

  #setArmed(isArmed: boolean): void {
    if (isArmed === this.#isArmed) return;
    this.#isArmed = isArmed;
    this.#host.requestUpdate();
  }
}
