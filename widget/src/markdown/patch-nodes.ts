import { takeOverCode } from "./code-block.ts";
import { takeOverPlainText } from "./plain-text.ts";
import { isSameRawHtml } from "./raw-html.ts";

/**
 * Turns the nodes `current`, the last ones in `parent`, into `wanted`. What is alike stays: nodes keep their identity and texts are only appended to where they have grown, so that
 * a selection in text being written survives.
 */
export function patchNodes(parent: Node, current: readonly Node[], wanted: readonly Node[]): void {
  for (const [index, node] of wanted.entries()) {
    const before = current[index];
    if (before === undefined) parent.appendChild(node);
    else if (!patchNode(before, node)) parent.replaceChild(node, before);
  }
  for (const node of current.slice(wanted.length)) parent.removeChild(node);
}

/** Makes a node like another one. False when it has to be replaced. */
export function patchNode(node: Node, wanted: Node): boolean {
  if (node instanceof Text) return wanted instanceof Text && patchText(node, wanted.data);
  if (!(node instanceof Element && wanted instanceof Element) || node.localName !== wanted.localName) return false;
  if (node.className === "code-block" || wanted.className === "code-block") return takeOverCode(node, wanted);
  if (node.className === "plain-text" || wanted.className === "plain-text") return takeOverPlainText(node, wanted);
  if (node.className === "raw-html" || wanted.className === "raw-html") return isSameRawHtml(node, wanted);
  patchAttributes(node, wanted);
  patchNodes(node, [...node.childNodes], [...wanted.childNodes]);
  return true;
}

function patchText(node: Text, text: string): boolean {
  const before = node.data;
  if (text === before) return true;
  let shared = 0;
  while (shared < before.length && before.charCodeAt(shared) === text.charCodeAt(shared)) shared += 1;
  node.replaceData(shared, before.length - shared, text.slice(shared));
  return true;
}

function patchAttributes(element: Element, wanted: Element): void {
  for (const name of element.getAttributeNames()) {
    // Depends on how large the content is, which only its place on the page tells.
    if (name !== "tabindex" && !wanted.hasAttribute(name)) element.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}
