/**
 * Long blocks that are still being written: lists, tables and code. Their items, rows and lines are complete long
 * before they are, and need not be lexed and rendered again: what follows is lexed as if it began with the block's
 * head (`prefix`), and its result put where the complete ones end.
 */
import type { Token, Tokens } from "marked";
import { type CodeBlockTexts, showCode } from "./code-block.ts";
import { knownToken } from "./lex-markdown.ts";
import { patchNodes } from "./patch-nodes.ts";
import { codeText, renderListItem, renderTableRow } from "./render-tokens.ts";

/** What of a block's source need not be looked at again. */
interface Sealed {
  length: number;
  tokens: readonly Token[];
}

/** A block that is being written. */
export interface GrowingBlock {
  /** Stands for what is sealed: lexed before the source that follows it. */
  readonly prefix: string;
  /** So long is the source of the head that the prefix repeats. */
  readonly headLength: number;
  /** Shows the token lexed from the prefix and what follows it. False when that does not go on with this block. */
  show(token: Token): boolean;
  /** Closes what will not change any more in the token last shown. `lines` are the complete ones of its source, without prefix. */
  seal(token: Token, lines: string): Sealed;
}

const NOTHING: Sealed = { length: 0, tokens: [] };

/** The block as one that grows, when it is of such a kind. `node` is what shows it. */
export function growingBlock(token: Token, node: Node, texts: CodeBlockTexts): GrowingBlock | null {
  const known = knownToken(token);
  if (!(node instanceof HTMLElement)) return null;
  switch (known?.type) {
    case "list":
      return known.items.length > 1 ? new GrowingList(node, known, texts) : null;
    case "table":
      return known.rows.length > 1 ? growingTable(node, known, texts) : null;
    case "code":
      return growingCode(node, known);
    default:
      return null;
  }
}

class GrowingList implements GrowingBlock {
  readonly prefix = "";
  readonly headLength = 0;
  readonly #list: HTMLElement;
  readonly #texts: CodeBlockTexts;
  readonly #isLoose: boolean;
  #sealedItems = 0;

  constructor(list: HTMLElement, token: Tokens.List, texts: CodeBlockTexts) {
    this.#list = list;
    this.#texts = texts;
    this.#isLoose = token.loose;
  }

  show(token: Token): boolean {
    const known = knownToken(token);
    if (known?.type !== "list") return false;
    // A blank line between two items makes paragraphs of all items before.
    if (known.loose && !this.#isLoose) return false;
    if (this.#isLoose && !known.loose) for (const item of known.items) loosen(item);
    const items = known.items.map((item) => renderListItem(item, this.#texts, 0));
    patchNodes(this.#list, [...this.#list.childNodes].slice(this.#sealedItems), items);
    return true;
  }

  seal(token: Token, lines: string): Sealed {
    const known = knownToken(token);
    if (known?.type !== "list") return NOTHING;
    const sealed: Token[] = [];
    let length = 0;
    // An item is complete when the next one has begun, and that is certain when its first line is complete.
    for (const item of known.items.slice(0, -1)) {
      if (length + item.raw.length >= lines.length) break;
      length += item.raw.length;
      sealed.push(item);
    }
    this.#sealedItems += sealed.length;
    return { length, tokens: sealed };
  }
}

/** As the lexer does with the items of a list in which there are blank lines. */
function loosen(item: Tokens.ListItem): void {
  item.loose = true;
  const [first, second] = item.tokens.map(knownToken);
  for (const token of item.tokens) if (token.type === "text") token.type = "paragraph";
  if (first?.type !== "checkbox") return;
  item.tokens.shift();
  if (second !== null && second !== undefined && "tokens" in second && second.tokens !== undefined) {
    second.tokens.unshift(first);
  } else {
    item.tokens.unshift({ type: "paragraph", raw: first.raw, text: first.raw, tokens: [first] });
  }
}

function growingTable(node: HTMLElement, token: Tokens.Table, texts: CodeBlockTexts): GrowingBlock | null {
  const [header, delimiter] = token.raw.split("\n", 2);
  const body = node.querySelector("tbody");
  if (header === undefined || delimiter === undefined || body === null) return null;
  return new GrowingTable(body, `${header}\n${delimiter}\n`, texts);
}

class GrowingTable implements GrowingBlock {
  readonly prefix: string;
  readonly headLength: number;
  readonly #body: HTMLElement;
  readonly #texts: CodeBlockTexts;
  #sealedRows = 0;

  constructor(body: HTMLElement, head: string, texts: CodeBlockTexts) {
    this.#body = body;
    this.prefix = head;
    this.headLength = head.length;
    this.#texts = texts;
  }

  show(token: Token): boolean {
    const known = knownToken(token);
    if (known?.type !== "table") return false;
    const rows = known.rows.map((cells) => renderTableRow(cells, "td", this.#texts, 0));
    patchNodes(this.#body, [...this.#body.childNodes].slice(this.#sealedRows), rows);
    return true;
  }

  seal(token: Token, lines: string): Sealed {
    const known = knownToken(token);
    if (known?.type !== "table") return NOTHING;
    const sealed = lines
      .split("\n")
      .slice(0, -1)
      .slice(0, Math.max(0, known.rows.length - 1));
    this.#sealedRows += sealed.length;
    return { length: sealed.reduce((sum, line) => sum + line.length + 1, 0), tokens: [] };
  }
}

/** Fenced code only: indented code ends where its last line is not indented, and is rare. */
function growingCode(figure: HTMLElement, token: Tokens.Code): GrowingBlock | null {
  const [opening] = /^ {0,3}(?:`{3,}|~{3,})[^\n]*\n/.exec(token.raw) ?? [];
  return opening === undefined ? null : new GrowingCode(figure, opening);
}

/** Stands for the lines sealed: blank lines after the fence would be taken for none. */
const SEALED_LINE = ".\n";

class GrowingCode implements GrowingBlock {
  readonly prefix: string;
  readonly headLength: number;
  readonly #figure: HTMLElement;
  /** Each with its line break. */
  #sealedLines = "";

  constructor(figure: HTMLElement, opening: string) {
    this.#figure = figure;
    this.prefix = opening + SEALED_LINE;
    this.headLength = opening.length;
  }

  show(token: Token): boolean {
    const known = knownToken(token);
    if (known?.type !== "code") return false;
    const after = linesAfterSealed(known);
    const code = after === null ? this.#sealedLines.slice(0, -1) : this.#sealedLines + after;
    return showCode(this.#figure, code, known.lang ?? "");
  }

  seal(token: Token, lines: string): Sealed {
    const known = knownToken(token);
    // What looks like the closing fence may be it.
    if (known?.type !== "code" || lines === "" || /^ {0,3}(?:```|~~~)/m.test(lines)) return NOTHING;
    const count = lines.split("\n").length - 1;
    const shown = linesAfterSealed(known)?.split("\n").slice(0, count) ?? [];
    this.#sealedLines += `${shown.join("\n")}\n`;
    return { length: lines.length, tokens: [] };
  }
}

/** Null when there are none. */
function linesAfterSealed(token: Tokens.Code): string | null {
  const code = codeText(token);
  return code.length < SEALED_LINE.length ? null : code.slice(SEALED_LINE.length);
}
