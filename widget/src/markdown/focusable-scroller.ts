/** Boxes by their content, which is what makes them scroll. */
const scrollers = new WeakMap<Element, HTMLElement>();

let observer: ResizeObserver | null = null;

/**
 * Keeps a box reachable by keyboard as long as its content is larger than itself: who cannot point scrolls it with keys.
 * The content fills the box at least, so that its size changes whenever it begins or ceases to be larger.
 */
export function makeFocusableWhenScrolling(scroller: HTMLElement, content: Element): void {
  scrollers.set(content, scroller);
  sizes().observe(content);
}

/**
 * Leaves alone the boxes in a section while the browser passes over it: each content observed costs a little in every
 * frame. Where the browser passes over nothing, all stay observed.
 */
export function watchScrollersWhileShown(section: Element): void {
  section.addEventListener("contentvisibilityautostatechange", (event) => {
    if (!(event instanceof ContentVisibilityAutoStateChangeEvent)) return;
    for (const { firstElementChild: content } of section.querySelectorAll("pre, .table-scroller")) {
      if (content === null) continue;
      if (event.skipped) sizes().unobserve(content);
      else sizes().observe(content);
    }
  });
}

function sizes(): ResizeObserver {
  observer ??= new ResizeObserver((entries) => {
    for (const { target } of entries) judge(scrollers.get(target) ?? null);
  });
  return observer;
}

function judge(scroller: HTMLElement | null): void {
  if (scroller === null) return;
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = scroller;
  const isScrolling = scrollWidth > clientWidth || scrollHeight > clientHeight;
  if (isScrolling === scroller.hasAttribute("tabindex")) return;
  if (isScrolling) scroller.tabIndex = 0;
  else scroller.removeAttribute("tabindex");
}
