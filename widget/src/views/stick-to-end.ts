import type { ReactiveController, ReactiveControllerHost } from "lit";

/** So near the end, in pixels, counts as being there. */
const TOLERANCE = 32;

/** Positions come in fractions of pixels, heights without them. */
const ROUNDING = 2;

/**
 * Keeps a scrolling box at its end while it grows – until the reader scrolls up. From then on it stays where the
 * reader is, and follows again once the reader is back at the end.
 */
export class StickToEnd implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #scroller: HTMLElement | null = null;
  #last = { top: 0, box: 0, content: 0 };
  #isSticking = true;
  // To scroll at once would let what comes into view change its size while sizes are being told.
  readonly #resize = new ResizeObserver(() => requestAnimationFrame(() => this.follow()));

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Whether the end is in view, and stays there. */
  get isAtEnd(): boolean {
    return this.#isSticking;
  }

  hostDisconnected(): void {
    this.#resize.disconnect();
    this.#scroller?.removeEventListener("scroll", this.#onScroll);
    this.#scroller = null;
  }

  /** The box that scrolls, and what grows in it. Call after each render. */
  observe(scroller: HTMLElement, content: Element): void {
    if (this.#scroller === scroller) return;
    this.hostDisconnected();
    this.#scroller = scroller;
    scroller.addEventListener("scroll", this.#onScroll, { passive: true });
    this.#resize.observe(scroller);
    this.#resize.observe(content);
    this.follow();
  }

  /** Goes to the end, wherever the reader is. */
  toEnd(behavior: ScrollBehavior = "instant"): void {
    this.#setSticking(true);
    this.#scroller?.scrollTo({ top: this.#scroller.scrollHeight, behavior });
  }

  /** Goes to the beginning, and stays there. */
  toStart(): void {
    this.#setSticking(false);
    this.#scroller?.scrollTo({ top: 0 });
  }

  /** What the reader opens or closes stays where it is; the end is followed if it is still in view then. */
  stay(): void {
    this.#isSticking = false;
    requestAnimationFrame(() => {
      this.#isSticking = this.#distance() <= TOLERANCE;
      this.#host.requestUpdate();
    });
  }

  readonly #onScroll = (): void => {
    if (this.#scroller === null) return;
    const before = this.#last;
    this.#look();
    const { top, box, content } = this.#last;
    // A box that grew, as when the message box gives back its lines, and content that shrank move it up by themselves.
    const layout = Math.max(0, box - before.box) + Math.max(0, before.content - content);
    const upwards = before.top - top;
    if (this.#distance() <= TOLERANCE) this.#setSticking(true);
    else if (upwards > layout + ROUNDING) this.#setSticking(false);
    else if (upwards > 0) this.follow();
  };

  /** Goes to the end if it is to be followed. In the task that lets the content grow, this spares a second layout. */
  follow(): void {
    if (!this.#isSticking || this.#scroller === null) return;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    // The event comes later, perhaps together with one of the reader's.
    this.#look();
  }

  #distance(): number {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = this.#scroller ?? {};
    return scrollHeight - clientHeight - scrollTop;
  }

  #look(): void {
    if (this.#scroller === null) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#last = { top: scrollTop, box: clientHeight, content: scrollHeight };
  }

  #setSticking(isSticking: boolean): void {
    if (this.#isSticking === isSticking) return;
    this.#isSticking = isSticking;
    this.#host.requestUpdate();
  }
}
