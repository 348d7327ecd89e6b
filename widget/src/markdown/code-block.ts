import { makeFocusableWhenScrolling } from "./focusable-scroller.ts";
import { LineBlocks } from "./line-blocks.ts";

/** Texts of a code block's button. */
export interface CodeBlockTexts {
  copyCode: string;
  codeCopied: string;
}

/** What stands in a code block. */
interface CodeBlock {
  info: string;
  content: HTMLElement;
  lines: LineBlocks;
  isColoured: boolean;
}

const COPIED_MS = 2000;
const blocks = new WeakMap<Node, CodeBlock>();

/** A block of code: its language, a button that copies it, and the code. */
export function renderCodeBlock(code: string, info: string, texts: CodeBlockTexts): HTMLElement {
  const figure = document.createElement("figure");
  figure.className = "code-block";
  figure.setAttribute("part", "code-block");
  const language = document.createElement("span");
  language.textContent = languageOf(info);
  const content = document.createElement("code");
  const lines = new LineBlocks(content);
  lines.show(code);
  const pre = document.createElement("pre");
  pre.append(content);
  makeFocusableWhenScrolling(pre, content);
  const head = document.createElement("figcaption");
  head.append(
    language,
    copyButton(() => blocks.get(figure)?.lines.text ?? "", texts),
  );
  figure.append(head, pre);
  blocks.set(figure, { info, content, lines, isColoured: false });
  return figure;
}

/** What stands in a code block, and where; null for any other node. */
export function codeIn(
  figure: Node,
): { code: string; language: string; content: HTMLElement; blocks: readonly Text[] } | null {
  const block = blocks.get(figure);
  if (block === undefined || block.isColoured) return null;
  return {
    code: block.lines.text,
    language: languageOf(block.info),
    content: block.content,
    blocks: block.lines.blocks,
  };
}

/** The texts in the block were replaced by coloured ones. */
export function markColoured(figure: Node): void {
  const block = blocks.get(figure);
  if (block !== undefined) block.isColoured = true;
}

/** Makes one code block show what another does. False when one of them is none, or their languages differ. */
export function takeOverCode(figure: Node, from: Node): boolean {
  const other = blocks.get(from);
  return other !== undefined && showCode(figure, other.lines.text, other.info);
}

/** Shows this code in the same block. False when it is no code block, or one of another language. */
export function showCode(figure: Node, code: string, info: string): boolean {
  const block = blocks.get(figure);
  if (block === undefined || block.info !== info) return false;
  if (block.isColoured && block.lines.text !== code) {
    block.content.replaceChildren();
    block.lines = new LineBlocks(block.content);
    block.isColoured = false;
  }
  block.lines.show(code);
  return true;
}

function languageOf(info: string): string {
  return /^[\w+#.-]{1,30}/.exec(info)?.[0] ?? "";
}

function copyButton(code: () => string, texts: CodeBlockTexts): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = texts.copyCode;
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(code()).then(
      () => {
        button.textContent = texts.codeCopied;
        setTimeout(() => {
          button.textContent = texts.copyCode;
        }, COPIED_MS);
      },
      () => {},
    );
  });
  return button;
}
