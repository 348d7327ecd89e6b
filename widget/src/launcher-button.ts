/** What the button shows. */
interface LauncherState {
  isOpen: boolean;
  isLoading: boolean;
  unread: number;
  /** Accessible name. */
  label: string;
}

/** The element's button, drawn without a library so that it is there at once. */
export interface Launcher {
  /** Stands in the shadow root, with the notice in front of it. */
  element: HTMLElement;
  update(state: LauncherState): void;
  /** A sentence beside the button; null takes it away. */
  showNotice(text: string | null): void;
}

const SVG = "http://www.w3.org/2000/svg";
const SPEECH =
  "M12 3.5c-5 0-9 3.3-9 7.6 0 2.3 1.2 4.4 3.1 5.8-.1 1-.5 2-1.2 2.8-.2.3 0 .7.4.7 1.7-.1 3.2-.7 4.3-1.6.8.2 1.6.2 2.4.2 5 0 9-3.4 9-7.7s-4-7.8-9-7.8Z";
const CHEVRON = "M5.5 9.5 12 16l6.5-6.5";

/** `onIntent` comes before somebody presses: the pointer is over it, or it has the focus. */
export function createLauncher(handlers: { onIntent: () => void; onPress: () => void }): Launcher {
  const notice = part("div", "notice");
  notice.setAttribute("role", "alert");
  const badge = part("span", "badge");
  badge.setAttribute("aria-hidden", "true");
  const slot = document.createElement("slot");
  slot.name = "launcher";
  slot.append(icon("speech", SPEECH), icon("chevron", CHEVRON));
  const button = part("button", "launcher");
  button.setAttribute("type", "button");
  button.setAttribute("aria-haspopup", "dialog");
  button.append(slot, badge);
  for (const type of ["pointerenter", "focus", "touchstart"]) {
    button.addEventListener(type, handlers.onIntent, { passive: true });
  }
  button.addEventListener("click", handlers.onPress);

  return {
    element: button,
    update({ isOpen, isLoading, unread, label }) {
      button.setAttribute("aria-expanded", String(isOpen));
      button.setAttribute("aria-label", label);
      button.classList.toggle("is-open", isOpen);
      button.classList.toggle("is-loading", isLoading);
      badge.textContent = unread > 9 ? "9+" : String(unread);
      badge.hidden = unread === 0 || isOpen;
    },
    showNotice(text) {
      if (text === null) {
        notice.remove();
        return;
      }
      notice.textContent = text;
      button.before(notice);
    },
  };
}

function part(tag: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.setAttribute("part", name);
  return element;
}

function icon(name: string, path: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", name);
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
