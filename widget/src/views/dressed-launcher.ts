import { createIcon, createPart } from "../launcher-button.ts";

const CHEVRON = "M5.5 9.5 12 16l6.5-6.5";

/** The element's button once the panel is there: it shows whether the panel is open, and how much is unread. */
export class DressedLauncher {
  readonly #button: HTMLElement;
  readonly #badge = createPart("span", "badge");

  constructor(button: HTMLElement) {
    this.#button = button;
    this.#badge.ariaHidden = "true";
    button.querySelector("slot")?.append(createIcon("chevron", CHEVRON));
    button.append(this.#badge);
  }

  /** `label` is the accessible name. */
  show(isOpen: boolean, unread: number, label: string): void {
    this.#button.ariaExpanded = String(isOpen);
    this.#button.ariaLabel = label;
    this.#button.classList.toggle("is-open", isOpen);
    this.#badge.textContent = unread > 9 ? "9+" : String(unread);
    this.#badge.hidden = unread === 0 || isOpen;
  }
}
