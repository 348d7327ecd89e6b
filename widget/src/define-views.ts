/** Registers views that are not registered yet: two versions of the script may meet on a page. */
export function defineViews(views: Record<string, CustomElementConstructor>): void {
  for (const [name, view] of Object.entries(views)) {
    if (customElements.get(name) === undefined) customElements.define(name, view);
  }
}
