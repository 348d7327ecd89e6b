/**
 * Tokens -> DOM nodes. Every element is made by name, every text is a text node: what the model wrote is never parsed
 * as HTML (see raw-html.ts for the one exception, which is sanitised), and can name no element or attribute.
 */
import type { MarkedToken, Token, Tokens } from "marked";
import { decodeCharacterReferences } from "./character-references.ts";
import { type CodeBlockTexts, renderCodeBlock } from "./code-block.ts";
import { makeFocusableWhenScrolling } from "./focusable-scroller.ts";
import { knownToken } from "./lex-markdown.ts";
import { MAX_NESTING } from "./nesting-depth.ts";
import { renderPlainText } from "./plain-text.ts";
import { renderRawHtml } from "./raw-html.ts";
import { safeLink } from "./safe-link.ts";

/** Nodes for a run of tokens, in order. */
export function renderTokens(tokens: readonly Token[], texts: CodeBlockTexts, depth = 0): Node[] {
  if (depth > MAX_NESTING) return [textNode(tokens.map((token) => token.raw).join(""))];
  const nodes: Node[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) continue;
    const rawHtml = rawHtmlRun(tokens, index);
    if (rawHtml === null) {
      nodes.push(...renderToken(token, texts, depth));
    } else {
      nodes.push(renderRawHtml(rawHtml.html));
      index += rawHtml.length - 1;
    }
  }
  return nodes;
}

function renderToken(unknownToken: Token, texts: CodeBlockTexts, depth: number): Node[] {
  const token = knownToken(unknownToken);
  if (token === null) return [renderPlainText(unknownToken.raw)];
  const inside = (): Node[] => renderTokens(("tokens" in token ? token.tokens : null) ?? [], texts, depth + 1);
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "heading":
      return [element(headingName(token.depth), inside())];
    case "paragraph":
      return [element("p", inside())];
    case "blockquote":
      return [element("blockquote", inside())];
    case "strong":
    case "em":
    case "del":
      return [element(token.type, inside())];
    case "hr":
    case "br":
      return [element(token.type, [])];
    case "code":
      return [renderCodeBlock(codeText(token), token.lang ?? "", texts)];
    case "codespan":
      return [element("code", [textNode(token.text)])];
    case "list":
      return [renderList(token, texts, depth)];
    case "list_item":
      return [renderListItem(token, texts, depth)];
    case "checkbox":
      return [renderCheckbox(token.checked)];
    case "table":
      return [renderTable(token, texts, depth)];
    case "link":
      return renderLink(token, inside());
    case "image":
      return [textNode(plainTextOf(token))];
    case "html":
      return [renderRawHtml(token.raw)];
    case "escape":
      return [textNode(token.text)];
    case "text":
      return renderText(token, inside);
  }
}

function renderText(token: Extract<MarkedToken, { type: "text" }>, inside: () => Node[]): Node[] {
  if ("tokens" in token && token.tokens !== undefined) return inside();
  return [textNode(decodeCharacterReferences(token.text))];
}

/** The text in a token, without what Markdown makes of it. */
function plainTextOf(token: Token): string {
  if ("tokens" in token && token.tokens !== undefined) return token.tokens.map(plainTextOf).join("");
  return decodeCharacterReferences("text" in token && typeof token.text === "string" ? token.text : token.raw);
}

function renderList(token: Tokens.List, texts: CodeBlockTexts, depth: number): HTMLElement {
  const list = document.createElement(token.ordered ? "ol" : "ul");
  if (list instanceof HTMLOListElement && typeof token.start === "number" && token.start !== 1)
    list.start = token.start;
  list.append(...token.items.map((item) => renderListItem(item, texts, depth)));
  return list;
}

/** An item of a list that is nested `depth` levels deep. */
export function renderListItem(item: Tokens.ListItem, texts: CodeBlockTexts, depth: number): HTMLElement {
  const entry = element("li", renderTokens(item.tokens, texts, depth + 1));
  if (item.task) entry.className = "task";
  return entry;
}

function renderCheckbox(isChecked: boolean): HTMLElement {
  const checkbox = document.createElement("span");
  checkbox.className = "checkbox";
  checkbox.setAttribute("role", "img");
  checkbox.setAttribute("aria-label", isChecked ? "☑" : "☐");
  checkbox.classList.toggle("is-checked", isChecked);
  return checkbox;
}

function renderTable(token: Tokens.Table, texts: CodeBlockTexts, depth: number): HTMLElement {
  const table = element("table", [element("thead", [renderTableRow(token.header, "th", texts, depth)])]);
  if (token.rows.length > 0) {
    const rows = token.rows.map((cells) => renderTableRow(cells, "td", texts, depth));
    table.append(element("tbody", rows));
  }
  const scroller = element("div", [table]);
  scroller.className = "table-scroller";
  makeFocusableWhenScrolling(scroller, table);
  return scroller;
}

/** A row of a table that is nested `depth` levels deep. */
export function renderTableRow(
  cells: readonly Tokens.TableCell[],
  name: "th" | "td",
  texts: CodeBlockTexts,
  depth: number,
): HTMLElement {
  return element(
    "tr",
    cells.map((cell) => {
      const rendered = element(name, renderTokens(cell.tokens, texts, depth + 1));
      if (cell.align !== null) rendered.className = `align-${cell.align}`;
      return rendered;
    }),
  );
}

/** The code in a block, without the line break that ends its last line. */
export function codeText(token: Tokens.Code): string {
  return token.text.replace(/\n$/, "");
}

function renderLink(token: Tokens.Link, label: Node[]): Node[] {
  const address = token.autolink === true ? token.href : decodeCharacterReferences(token.href);
  const text = label.map((node) => node.textContent ?? "").join("");
  const link = safeLink(address, text);
  if (link === null) return token.autolink === true ? label : [...label, textNode(` (${address})`)];
  const anchor = document.createElement("a");
  anchor.href = link.href;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow";
  anchor.title = link.href;
  if (link.isDoubtful) anchor.dataset["doubtful"] = "";
  anchor.append(...label);
  if (link.hiddenHost === null) return [anchor];
  const host = element("span", [textNode(` (${link.hiddenHost})`)]);
  host.className = "link-host";
  anchor.append(host);
  return [anchor];
}

/** Inline HTML comes as single tags: what stands between a tag and its end belongs to it. */
function rawHtmlRun(tokens: readonly Token[], start: number): { html: string; length: number } | null {
  const name = /^<([a-z]+)>$/i.exec(tokens[start]?.type === "html" ? tokens[start].raw.trim() : "")?.[1];
  if (name === undefined) return null;
  const end = tokens.findIndex(
    (token, index) =>
      index > start && token.type === "html" && token.raw.trim().toLowerCase() === `</${name.toLowerCase()}>`,
  );
  if (end === -1) return null;
  const run = tokens.slice(start, end + 1);
  // Only HTML and plain text: what else stands there is Markdown, and is rendered as such.
  if (!run.every((token) => token.type === "html" || token.type === "text" || token.type === "escape")) return null;
  return { html: run.map((token) => token.raw).join(""), length: run.length };
}

/** Headings of a message stand below the panel's. */
function headingName(depth: number): string {
  return `h${Math.min(6, depth + 1)}`;
}

function element(name: string, children: readonly Node[]): HTMLElement {
  const created = document.createElement(name);
  created.append(...children);
  return created;
}

function textNode(text: string): Text {
  return document.createTextNode(text);
}
