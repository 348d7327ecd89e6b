/** Boxes by their content, which is what makes them scroll. */
const scrollers = new WeakMap<Element, HTMLElement>();

let observer: ResizeObserver | null = null;

/**
 * Keeps a box reachable by keyboard as long as its content is larger than itself: who cannot point scrolls it with keys.
 * The content fills the box at least, so that its size changes whenever it begins or ceases to be larger.
 */
export function makeFocusableWhenScrolling(scroller: HTMLElement, content: Element): void {
  observer ??= new ResizeObserver((entries) => {
    for (const { target } of entries) judge(scrollers.get(target) ?? null);
  });
  scrollers.set(content, scroller);
  observer.observe(content);
}

function judge(scroller: HTMLElement | null): void {
  if (scroller === null) return;
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = scroller;
  const isScrolling = scrollWidth > clientWidth || scrollHeight > clientHeight;
  if (isScrolling === scroller.hasAttribute("tabindex")) return;
  if (isScrolling) scroller.tabIndex = 0;
  else scroller.removeAttribute("tabindex");
}
