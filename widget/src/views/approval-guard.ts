import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How long the buttons must have stood still and in view. */
const ARMING_MS = 500;
/** After so long out of view the person is told why nothing can be approved. */
const HIDDEN_MS = 1_500;

/** Chromium can tell whether anything lies over an element; other browsers only whether it is scrolled into view. */
type VisibilityOptions = IntersectionObserverInit & { trackVisibility?: boolean; delay?: number };

/**
 * Guards buttons against clicks that were not meant for them: they are armed only after standing still, visible and
 * uncovered, for half a second. A dialog that appears under a moving pointer, or a page that lures the click, gets none.
 */
export class ApprovalGuard implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #now: () => number;
  #buttons: Element | null = null;
  #stillSince = Number.POSITIVE_INFINITY;
  #hiddenSince = Number.POSITIVE_INFINITY;
  #place = "";
  #isVisible = false;
  #state: "unarmed" | "armed" | "hidden" = "unarmed";
  #frame = 0;
  #observer: IntersectionObserver | null = null;

  constructor(host: ReactiveControllerHost, now: () => number = () => performance.now()) {
    this.#host = host;
    this.#now = now;
    host.addController(this);
  }

  /** Whether a click counts. */
  get isArmed(): boolean {
    return this.#state === "armed";
  }

  /** Whether the buttons have been covered or out of view for a while. */
  get isHidden(): boolean {
    return this.#state === "hidden";
  }

  hostConnected(): void {
    if (this.#buttons !== null) this.watch(this.#buttons);
  }

  hostDisconnected(): void {
    this.#rest();
  }

  /** Begins anew: for other buttons, given by what holds them, or for another question over the same ones. */
  watch(buttons: Element | null): void {
    this.#rest();
    this.#buttons = buttons;
    this.#hiddenSince = this.#now();
    if (buttons === null) return;
    const options: VisibilityOptions = { threshold: 1, trackVisibility: true, delay: 100 };
    this.#observer = new IntersectionObserver((entries) => {
      const entry = entries.at(-1);
      this.#isVisible = entry?.isIntersecting === true && Reflect.get(entry, "isVisible") !== false;
    }, options);
    this.#observer.observe(buttons);
    this.#check();
  }

  #rest(): void {
    cancelAnimationFrame(this.#frame);
    this.#observer?.disconnect();
    this.#observer = null;
    this.#place = "";
    this.#isVisible = false;
    this.#setState("unarmed");
  }

  readonly #check = (): void => {
    if (this.#buttons === null) return;
    const now = this.#now();
    const { x, y, width, height } = this.#buttons.getBoundingClientRect();
    const place = [x, y, width, height].map(Math.round).join(" ");
    if (place !== this.#place || !this.#isVisible) this.#stillSince = now;
    if (this.#isVisible) this.#hiddenSince = now;
    this.#place = place;
    if (now - this.#stillSince >= ARMING_MS) this.#setState("armed");
    else this.#setState(now - this.#hiddenSince >= HIDDEN_MS ? "hidden" : "unarmed");
    this.#frame = requestAnimationFrame(this.#check);
  };

  #setState(state: "unarmed" | "armed" | "hidden"): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#host.requestUpdate();
  }
}
