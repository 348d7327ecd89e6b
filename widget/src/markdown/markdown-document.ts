import type { Token } from "marked";
import { type CodeBlockTexts, growCodeBlock } from "./code-block.ts";
import {
  collectDefinitions,
  knownToken,
  type LinkDefinitions,
  lexMarkdown,
  MAX_LENGTH,
  noDefinitions,
} from "./lex-markdown.ts";
import { renderTokens } from "./render-tokens.ts";

/**
 * Markdown that grows. Blocks that are complete keep their DOM and are not looked at again; only the open end is lexed
 * and rendered anew, so that the cost of an answer grows with its length, and selected text stays selected.
 */
export class MarkdownDocument {
  readonly #target: Element;
  readonly #texts: CodeBlockTexts;
  /** What the complete blocks were made of. */
  #finished = "";
  #openNodes: Node[] = [];
  #links: LinkDefinitions = noDefinitions();
  /** How many definitions of links the complete blocks were rendered with. */
  #linksUsed = 0;

  constructor(target: Element, texts: CodeBlockTexts) {
    this.#target = target;
    this.#texts = texts;
  }

  /** Shows the text. It is complete when nothing will be added. */
  update(text: string, isComplete: boolean): void {
    const markdown = text.replace(/\r\n?/g, "\n");
    if (!markdown.startsWith(this.#finished) || markdown.length > MAX_LENGTH) this.#clear();
    this.#showEnd(markdown, isComplete);
    // A definition gives meaning to labels that stand before it. Rendering all again each time one arrives would be
    // quadratic: it happens when their number has doubled, and at the end.
    const found = Object.keys(this.#links).length;
    if (found > this.#linksUsed && (isComplete || found >= this.#linksUsed * 2)) {
      this.#clear();
      this.#linksUsed = found;
      this.#showEnd(markdown, isComplete);
    }
  }

  #showEnd(markdown: string, isComplete: boolean): void {
    const tokens = lexMarkdown(markdown.slice(this.#finished.length), this.#links);
    const openFrom = isComplete ? tokens.length : lastBlock(tokens);
    if (openFrom === 0 && this.#growOpenCode(tokens)) return;
    this.#removeOpenNodes();
    const finished = tokens.slice(0, openFrom);
    collectDefinitions(finished, this.#links);
    this.#target.append(...renderTokens(finished, this.#texts));
    this.#finished += finished.map((token) => token.raw).join("");
    this.#openNodes = renderTokens(tokens.slice(openFrom), this.#texts);
    this.#target.append(...this.#openNodes);
  }

  /** The most common long block, code being written, is only appended to. */
  #growOpenCode(tokens: readonly Token[]): boolean {
    const token = tokens[0] === undefined ? null : knownToken(tokens[0]);
    const [node] = this.#openNodes;
    if (token?.type !== "code" || node === undefined || this.#openNodes.length !== 1) return false;
    return growCodeBlock(node, token.text, token.lang ?? "");
  }

  #clear(): void {
    this.#target.replaceChildren();
    this.#openNodes = [];
    this.#finished = "";
  }

  #removeOpenNodes(): void {
    for (const node of this.#openNodes) if (node.parentNode === this.#target) this.#target.removeChild(node);
    this.#openNodes = [];
  }
}

/** Index of the last block, which may still change; blank lines after it do not close it. */
function lastBlock(tokens: readonly Token[]): number {
  const index = tokens.findLastIndex((token) => token.type !== "space");
  return index === -1 ? tokens.length : index;
}
