import { watchScrollersWhileShown } from "./focusable-scroller.ts";
import { patchNode } from "./patch-nodes.ts";

/** So many blocks stand in one section. */
const SECTION_BLOCKS = 12;

/**
 * The blocks of a document, in sections of some blocks each. The browser passes over sections out of view as a whole,
 * so that a piece of a long answer costs as much as one of a short answer. A block never changes its section.
 */
export class BlockSections {
  readonly #target: Element;

  constructor(target: Element) {
    this.#target = target;
  }

  get blocks(): Node[] {
    return [...this.#target.children].flatMap((section) => [...section.childNodes]);
  }

  /** Turns the last blocks into those wanted, and answers with those that are there now. */
  patch(last: readonly Node[], wanted: readonly Node[]): Node[] {
    for (const node of last.slice(wanted.length).toReversed()) this.#remove(node);
    return wanted.map((node, index) => {
      const before = last[index];
      if (before === undefined) this.#openSection().append(node);
      else if (patchNode(before, node)) return before;
      else before.parentNode?.replaceChild(node, before);
      return node;
    });
  }

  clear(): void {
    this.#target.replaceChildren();
  }

  #remove(node: Node): void {
    const section = node.parentElement;
    section?.removeChild(node);
    if (section?.hasChildNodes() === false) section.remove();
  }

  #openSection(): Element {
    const last = this.#target.lastElementChild;
    if (last !== null && last.childNodes.length < SECTION_BLOCKS) return last;
    const section = document.createElement("div");
    section.className = "section";
    watchScrollersWhileShown(section);
    this.#target.append(section);
    return section;
  }
}
