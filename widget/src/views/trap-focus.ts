/**
 * Keeps Tab inside a dialog. For its `keydown` events. Browsers do not agree about what Tab stops at (Safari passes over
 * links and buttons by default), so none of its steps is left to them.
 */
export function trapFocus(event: KeyboardEvent): void {
  const dialog = event.currentTarget;
  // WebKitGTK does not tell the key of Shift+Tab.
  const isTab = event.key === "Tab" || event.code === "Tab";
  if (!isTab || !(dialog instanceof HTMLElement)) return;
  const stops = [...dialog.querySelectorAll<HTMLElement>("a[href], button, input, summary, [tabindex='0']")].filter(
    (stop) => stop.checkVisibility({ visibilityProperty: true }) && !stop.matches(":disabled"),
  );
  const [current] = event.composedPath();
  const index = current instanceof HTMLElement ? stops.indexOf(current) : -1;
  event.preventDefault();
  const next = event.shiftKey ? stops.at(Math.max(index, 0) - 1) : (stops[index + 1] ?? stops[0]);
  next?.focus();
}
