/**
 * The element's button, drawn without a library so that it is there at once. `onIntent` comes before somebody presses:
 * the pointer is over it or a finger on it, or it has the focus; and with each press.
 */
export function createLauncher(onIntent: () => void, onPress: () => void): HTMLElement {
  const button = createPart("button", "launcher");
  button.onpointerenter = button.onfocus = onIntent;
  button.onclick = () => {
    onPress();
    onIntent();
  };
  const slot = document.createElement("slot");
  slot.name = "launcher";
  slot.append(document.createElement("i"));
  button.append(slot);
  return button;
}

/** An element whose class is its part, too. */
export function createPart(tag: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.part = name;
  return element;
}
