import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How long the buttons must have stood still and in view. */
const ARMING_MS = 500;
/** After so long out of view the person is told why nothing can be approved. */
const HIDDEN_MS = 1_500;

/**
 * Chromium can tell whether anything lies over an element; other browsers only whether it is scrolled into view, and what a
 * pointer would meet there.
 */
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
  #isCoverTold = false;
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
      const isUncovered: unknown = entry === undefined ? undefined : Reflect.get(entry, "isVisible");
      this.#isVisible = entry?.isIntersecting === true && isUncovered !== false;
      this.#isCoverTold = isUncovered !== undefined;
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
    const isVisible = this.#isVisible && (this.#isCoverTold || isMetByPointer(this.#buttons));
    if (place !== this.#place || !isVisible) this.#stillSince = now;
    if (isVisible) this.#hiddenSince = now;
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

/** Whether a pointer would meet every button in the middle and at its ends, and nothing that lies over it. */
function isMetByPointer(buttons: Element): boolean {
  const root = buttons.getRootNode();
  if (!(root instanceof Document || root instanceof ShadowRoot)) return false;
  return [...buttons.querySelectorAll("button")].every((button) => {
    const { left, right, top, height } = button.getBoundingClientRect();
    return [left + 4, (left + right) / 2, right - 4].every((x) =>
      button.contains(root.elementFromPoint(x, top + height / 2)),
    );
  });
}
