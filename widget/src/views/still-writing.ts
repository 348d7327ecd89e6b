import type { ReactiveController } from "lit";

/** Who has not written for so long looks at what is on the screen. */
const PAUSE_MS = 1_000;

/**
 * Keys of somebody who is writing when a dialog takes the focus: Space and Enter are meant for the message then, and press
 * no button of the dialog.
 */
export class StillWriting implements ReactiveController {
  readonly #dialog: HTMLElement;
  #root: Node | null = null;
  #wroteAt = Number.NEGATIVE_INFINITY;

  constructor(dialog: HTMLElement) {
    this.#dialog = dialog;
  }

  hostConnected(): void {
    this.#root = this.#dialog.getRootNode();
    this.#root.addEventListener("keydown", this.#onKeydown, { capture: true });
  }

  hostDisconnected(): void {
    this.#root?.removeEventListener("keydown", this.#onKeydown, { capture: true });
  }

  readonly #onKeydown = (event: Event): void => {
    if (!(event instanceof KeyboardEvent)) return;
    const { key, repeat, timeStamp } = event;
    const [target] = event.composedPath();
    const isPress = (key === " " || key === "Enter") && target instanceof HTMLButtonElement;
    if (isPress && this.#dialog.contains(target)) {
      if (repeat || timeStamp - this.#wroteAt < PAUSE_MS) event.preventDefault();
    } else if (repeat || key.length === 1 || key === "Backspace") {
      this.#wroteAt = timeStamp;
    }
  };
}
