import { LineBlocks } from "./line-blocks.ts";

const texts = new WeakMap<Node, LineBlocks>();

/** What is not taken for Markdown, as it is. */
export function renderPlainText(text: string): HTMLElement {
  const paragraph = document.createElement("p");
  paragraph.className = "plain-text";
  const lines = new LineBlocks(paragraph);
  lines.show(text);
  texts.set(paragraph, lines);
  return paragraph;
}

/** Makes one plain text show what another does. False when one of them is none. */
export function takeOverPlainText(paragraph: Node, from: Node): boolean {
  const other = texts.get(from);
  return other !== undefined && showPlainText(paragraph, other.text);
}

/** Shows this text in the same paragraph. False when it is not one of plain text. */
export function showPlainText(paragraph: Node, text: string): boolean {
  const lines = texts.get(paragraph);
  lines?.show(text);
  return lines !== undefined;
}
