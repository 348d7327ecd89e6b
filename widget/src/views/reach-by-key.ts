import type { ReactiveController } from "lit";

/** F6 goes from the page into the open panel, and back to where the person was in the page. */
export class ReachByKey implements ReactiveController {
  readonly #panel: HTMLElement;
  readonly #isOpen: () => boolean;
  readonly #enter: () => void;
  #cameFrom: Element | null = null;

  constructor(panel: HTMLElement, options: { isOpen: () => boolean; enter: () => void }) {
    this.#panel = panel;
    this.#isOpen = options.isOpen;
    this.#enter = options.enter;
  }

  hostConnected(): void {
    document.addEventListener("keydown", this.#onKeydown);
  }

  hostDisconnected(): void {
    document.removeEventListener("keydown", this.#onKeydown);
    this.#cameFrom = null;
  }

  readonly #onKeydown = (event: KeyboardEvent): void => {
    const hasModifier = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;
    // Another panel on the page may have taken it.
    if (event.key !== "F6" || hasModifier || event.defaultPrevented || !this.#isOpen()) return;
    event.preventDefault();
    const focused = focusedElement();
    if (focused !== null && this.#panel.contains(focused)) {
      this.#leave();
    } else {
      this.#cameFrom = focused;
      this.#enter();
    }
  };

  #leave(): void {
    const { body } = document;
    if (this.#cameFrom instanceof HTMLElement && this.#cameFrom !== body && this.#cameFrom.isConnected) {
      this.#cameFrom.focus();
    } else {
      // To the beginning of the page, which takes the focus only for the moment.
      const before = body.getAttribute("tabindex");
      body.tabIndex = -1;
      body.focus({ preventScroll: true });
      if (before === null) body.removeAttribute("tabindex");
      else body.setAttribute("tabindex", before);
    }
    this.#cameFrom = null;
  }
}

/** Through the shadow roots. */
function focusedElement(): Element | null {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused;
}
