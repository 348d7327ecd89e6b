import { LitElement } from "lit";

/**
 * A part of the panel. Views render into the element's one shadow root rather than each into its own: the host's
 * `::part()` rules, its slots, and references between labels and what they label then reach all of them.
 */
export abstract class View extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
