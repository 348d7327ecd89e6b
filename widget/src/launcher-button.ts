const SVG = "http://www.w3.org/2000/svg";
const SPEECH =
  "M12 3.5c-5 0-9 3.3-9 7.6 0 2.3 1.2 4.4 3.1 5.8-.1 1-.5 2-1.2 2.8-.2.3 0 .7.4.7 1.7-.1 3.2-.7 4.3-1.6.8.2 1.6.2 2.4.2 5 0 9-3.4 9-7.7s-4-7.8-9-7.8Z";

/**
 * The element's button, drawn without a library so that it is there at once. `onIntent` comes before somebody presses:
 * the pointer is over it, or it has the focus.
 */
export function createLauncher(onIntent: () => void, onPress: () => void): HTMLElement {
  const button = createPart("button", "launcher");
  button.setAttribute("type", "button");
  button.ariaHasPopup = "dialog";
  const slot = document.createElement("slot");
  slot.name = "launcher";
  slot.append(createIcon("speech", SPEECH));
  button.append(slot);
  for (const type of ["pointerenter", "focus", "touchstart"]) {
    button.addEventListener(type, onIntent, { passive: true });
  }
  button.addEventListener("click", onPress);
  return button;
}

/** An element whose class is its part, too. */
export function createPart(tag: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.part.value = name;
  return element;
}

/** A line icon on a 24 px grid. */
export function createIcon(name: string, path: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.ariaHidden = "true";
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
