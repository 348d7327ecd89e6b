import type { Token } from "marked";
import { BlockSections } from "./block-sections.ts";
import type { CodeBlockTexts } from "./code-block.ts";
import { type GrowingBlock, growingBlock } from "./growing-block.ts";
import { highlightCode } from "./highlight-code.ts";
import { collectDefinitions, type LinkDefinitions, lexMarkdown, noDefinitions } from "./lex-markdown.ts";
import { renderPlainText, showPlainText } from "./plain-text.ts";
import { renderTokens } from "./render-tokens.ts";

/** What of a message goes beyond this many characters is shown as the text it is. */
const MAX_LENGTH = 200_000;

/** A block of which no part is complete for so long is not lexed again for every piece, but for each 32nd of it. */
const LONG_BLOCK = 16_000;
const LONG_BLOCK_STEPS = 32;

/** A block whose complete parts are not looked at again, and where it begins. */
interface OpenBlock {
  block: GrowingBlock;
  node: Node;
  start: number;
}

/**
 * Markdown that grows. Blocks that are complete keep their DOM and are not looked at again, nor are complete items,
 * rows and lines of the open one: the cost of an answer grows with its length. What is lexed again is compared with
 * what is shown, and only differences are applied, so that selected text stays selected.
 */
export class MarkdownDocument {
  readonly #sections: BlockSections;
  readonly #texts: CodeBlockTexts;
  /** The Markdown shown. */
  #markdown = "";
  /** So much of it is complete. */
  #finished = 0;
  /** What shows the rest. */
  #openNodes: readonly Node[] = [];
  #growing: OpenBlock | null = null;
  /** Shows what is too long to be taken for Markdown. */
  #beyond: Node | null = null;
  #links: LinkDefinitions = noDefinitions();
  /** How many definitions of links the complete blocks were rendered with. */
  #linksUsed = 0;

  constructor(target: Element, texts: CodeBlockTexts) {
    this.#sections = new BlockSections(target);
    this.#texts = texts;
  }

  /** Shows the text. It is complete when nothing will be added. */
  update(text: string, isComplete: boolean): void {
    const source = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    const markdown = source.slice(0, characterBoundary(source, MAX_LENGTH));
    const beyond = source.slice(markdown.length);
    if (markdown.slice(0, this.#finished) !== this.#markdown.slice(0, this.#finished)) this.#clear();
    if (this.#beyond === null) this.#show(markdown, isComplete || beyond !== "");
    if (beyond !== "") this.#showBeyond(beyond);
  }

  #show(markdown: string, isComplete: boolean): void {
    const open = markdown.length - this.#finished;
    const grown = markdown.length - this.#markdown.length;
    if (!isComplete && open > LONG_BLOCK && grown < open / LONG_BLOCK_STEPS) return;
    this.#markdown = markdown;
    this.#showEnd(isComplete);
    // A definition gives meaning to labels that stand before it. Lexing all again each time one arrives would be
    // quadratic: it happens when their number has doubled, and at the end.
    const found = Object.keys(this.#links).length;
    if (found > this.#linksUsed && (isComplete || found >= this.#linksUsed * 2)) {
      this.#linksUsed = found;
      this.#reopen(0, this.#sections.blocks);
      this.#showEnd(isComplete);
    }
  }

  #showEnd(isComplete: boolean): void {
    const source = this.#markdown.slice(this.#finished);
    const growing = this.#growing;
    const tokens = lexMarkdown((growing?.block.prefix ?? "") + source, this.#links);
    // A line that is not complete may yet become anything, also a part of the block before.
    const settled = isComplete ? source.length + 1 : source.lastIndexOf("\n") + 1;
    if (growing === null) {
      this.#showTokens(tokens, settled);
      return;
    }
    const [first, ...after] = tokens;
    if (first === undefined || !growing.block.show(first)) {
      this.#reopen(growing.start, [growing.node, ...this.#openNodes]);
      this.#showEnd(isComplete);
      return;
    }
    const length = first.raw.length - growing.block.prefix.length;
    if (isComplete || startOfOpenBlock(after, settled - length) !== null) {
      this.#finished += length;
      collectDefinitions([first], this.#links);
      highlightIn([growing.node]);
      this.#growing = null;
      this.#showTokens(after, settled - length);
    } else {
      const sealed = growing.block.seal(first, source.slice(0, settled));
      this.#finished += sealed.length;
      collectDefinitions(sealed.tokens, this.#links);
      this.#openNodes = this.#sections.patch(this.#openNodes, renderTokens(after, this.#texts));
    }
  }

  /** Shows tokens in place of the open nodes. Their source is settled up to a length. */
  #showTokens(tokens: readonly Token[], settled: number): void {
    const openFrom = firstOpen(tokens, settled);
    const [finished, open] = [tokens.slice(0, openFrom), tokens.slice(openFrom)];
    collectDefinitions(finished, this.#links);
    const complete = renderTokens(finished, this.#texts);
    const shown = this.#sections.patch(this.#openNodes, [...complete, ...renderTokens(open, this.#texts)]);
    highlightIn(shown.slice(0, complete.length));
    this.#openNodes = shown.slice(complete.length);
    this.#finished += lengthOf(finished);
    this.#startGrowing(open[0], this.#openNodes[0]);
  }

  #startGrowing(token: Token | undefined, node: Node | undefined): void {
    if (token === undefined || node === undefined) return;
    const block = growingBlock(token, node, this.#texts);
    if (block === null) return;
    this.#growing = { block, node, start: this.#finished };
    this.#openNodes = this.#openNodes.slice(1);
    this.#finished += block.headLength;
  }

  /** Has what these nodes show lexed again, from `start` on. */
  #reopen(start: number, nodes: readonly Node[]): void {
    this.#finished = start;
    this.#openNodes = nodes;
    this.#growing = null;
  }

  #showBeyond(text: string): void {
    if (this.#beyond !== null && showPlainText(this.#beyond, text)) return;
    this.#beyond = renderPlainText(text);
    this.#sections.patch([], [this.#beyond]);
  }

  #clear(): void {
    this.#sections.clear();
    this.#reopen(0, []);
    this.#beyond = null;
    this.#links = noDefinitions();
    this.#linksUsed = 0;
  }
}

/** Index of the first token that may still change: the last block that begins in settled source. */
function firstOpen(tokens: readonly Token[], settled: number): number {
  if (lengthOf(tokens) < settled) return tokens.length;
  const open = startOfOpenBlock(tokens, settled);
  if (open !== null) return open;
  // Blanks in a line that is not complete indent what will stand there.
  return tokens.every((token) => isSpace(token) && token.raw.endsWith("\n")) ? tokens.length : 0;
}

/** Index of the last block that begins in settled source; null when there is none. */
function startOfOpenBlock(tokens: readonly Token[], settled: number): number | null {
  let start = 0;
  let found: number | null = null;
  for (const [index, token] of tokens.entries()) {
    if (start < settled && !isSpace(token)) found = index;
    start += token.raw.length;
  }
  return found;
}

function lengthOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => sum + token.raw.length, 0);
}

function isSpace(token: Token): boolean {
  return token.type === "space";
}

function highlightIn(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (!(node instanceof Element)) continue;
    if (node.className === "code-block") highlightCode(node);
    else for (const block of node.querySelectorAll(".code-block")) highlightCode(block);
  }
}

/** Not in the middle of a character that takes two units. */
function characterBoundary(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  return (text.codePointAt(limit - 1) ?? 0) > 0xffff ? limit - 1 : limit;
}
