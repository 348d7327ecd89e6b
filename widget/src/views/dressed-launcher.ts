import { createPart } from "../launcher-button.ts";

const SVG = "http://www.w3.org/2000/svg";
const CHEVRON = "M5.5 9.5 12 16l6.5-6.5";

/** The element's button once the panel is there: it shows whether the panel is open, and how much is unread. */
export class DressedLauncher {
  readonly #button: HTMLElement;
  readonly #badge = createPart("span", "badge");

  constructor(button: HTMLElement) {
    this.#button = button;
    this.#badge.ariaHidden = "true";
    button.ariaHasPopup = "dialog";
    button.querySelector("slot")?.append(createChevron());
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

/** On a 24 px grid. */
function createChevron(): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.ariaHidden = "true";
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", CHEVRON);
  svg.append(path);
  return svg;
}
