/** The highlighter, in a file of its own. It answers with texts and names of classes, and builds no HTML. */
import { common, createLowlight } from "lowlight";
import { createStyleSheet } from "../views/style-sheet.ts";
import { codeColourStyles } from "./code-colours.styles.ts";

/** A piece of code in one colour; without class, in that of text. */
export interface CodeRun {
  text: string;
  className: string;
}

/** What this file offers, for those that fetch it. */
export interface Highlighter {
  highlight: typeof highlight;
  adoptCodeColours: typeof adoptCodeColours;
}

/** Our class for each of the highlighter's that has a colour. */
const CLASSES = new Map([
  ["hljs-keyword", "code-keyword"],
  ["hljs-doctag", "code-keyword"],
  ["hljs-selector-tag", "code-keyword"],
  ["hljs-template-tag", "code-keyword"],
  ["hljs-deletion", "code-keyword"],
  ["hljs-string", "code-string"],
  ["hljs-regexp", "code-string"],
  ["hljs-addition", "code-string"],
  ["hljs-symbol", "code-string"],
  ["hljs-link", "code-string"],
  ["hljs-number", "code-literal"],
  ["hljs-literal", "code-literal"],
  ["hljs-attr", "code-literal"],
  ["hljs-attribute", "code-literal"],
  ["hljs-meta", "code-literal"],
  ["hljs-operator", "code-literal"],
  ["hljs-selector-attr", "code-literal"],
  ["hljs-selector-class", "code-literal"],
  ["hljs-selector-id", "code-literal"],
  ["hljs-variable", "code-name"],
  ["hljs-template-variable", "code-name"],
  ["hljs-type", "code-name"],
  ["hljs-built_in", "code-name"],
  ["hljs-name", "code-name"],
  ["hljs-bullet", "code-name"],
  ["hljs-title", "code-title"],
  ["hljs-section", "code-title"],
  ["hljs-comment", "code-comment"],
  ["hljs-quote", "code-comment"],
]);

const lowlight = createLowlight(common);
const dressed = new WeakSet<Node>();

type Nodes = ReturnType<typeof lowlight.highlight>["children"];

/** The code in runs that add up to it. Null for a language it does not know, and for code it fails on. */
export function highlight(code: string, language: string): readonly CodeRun[] | null {
  if (!lowlight.registered(language)) return null;
  try {
    const runs = flatten(lowlight.highlight(language, code).children, "");
    return runs.map(({ text }) => text).join("") === code ? runs : null;
  } catch {
    return null;
  }
}

/** Gives a document or shadow root the colours, once. */
export function adoptCodeColours(root: Node): void {
  if (dressed.has(root) || !(root instanceof ShadowRoot || root instanceof Document)) return;
  dressed.add(root);
  root.adoptedStyleSheets.push(createStyleSheet(codeColourStyles));
}

function flatten(nodes: Nodes, inherited: string): CodeRun[] {
  return nodes.flatMap((node) => {
    if (node.type === "text") return [{ text: node.value, className: inherited }];
    if (node.type !== "element") return [];
    return flatten(node.children, colourOf(node.properties["className"]) ?? inherited);
  });
}

function colourOf(classNames: unknown): string | undefined {
  return Array.isArray(classNames) ? CLASSES.get(String(classNames[0])) : undefined;
}
