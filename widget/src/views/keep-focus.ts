import type { ReactiveController } from "lit";

/** A host page that moves the element within a task does not take the focus from whoever is writing in it. */
export class KeepFocus implements ReactiveController {
  readonly #panel: HTMLElement;
  #root: Node | null = null;
  #focused: HTMLElement | null = null;

  constructor(panel: HTMLElement) {
    this.#panel = panel;
  }

  hostConnected(): void {
    if (this.#root === null) {
      this.#root = this.#panel.getRootNode();
      this.#root.addEventListener("focusin", ({ target }) => {
        this.#focused = target instanceof HTMLElement ? target : null;
      });
      // Some browsers tell of it when they take the element away, others do not: it counts once the task is over.
      this.#root.addEventListener("focusout", ({ target }) => {
        setTimeout(() => {
          if (this.#focused === target && !this.#hasFocus()) this.#focused = null;
        });
      });
    }
    if (!this.#hasFocus()) this.#focused?.focus({ preventScroll: true });
  }

  hostDisconnected(): void {
    setTimeout(() => {
      if (!this.#panel.isConnected) this.#focused = null;
    });
  }

  #hasFocus(): boolean {
    return this.#root instanceof ShadowRoot && this.#root.activeElement !== null;
  }
}
