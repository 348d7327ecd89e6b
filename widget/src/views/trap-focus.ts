/** Keeps Tab inside a dialog. For its `keydown` events. */
export function trapFocus(event: KeyboardEvent): void {
  const dialog = event.currentTarget;
  if (event.key !== "Tab" || !(dialog instanceof HTMLElement)) return;
  const stops = [...dialog.querySelectorAll<HTMLElement>("a[href], button, input, summary, [tabindex='0']")].filter(
    (stop) => stop.checkVisibility() && !stop.matches(":disabled"),
  );
  const root = dialog.getRootNode();
  const current = root instanceof ShadowRoot || root instanceof Document ? root.activeElement : null;
  const edge = event.shiftKey ? stops.at(0) : stops.at(-1);
  if (current !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops.at(0))?.focus();
}
