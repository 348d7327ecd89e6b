/**
 * How the bundled Lit gets its templates into the document under Trusted Types: through a policy of its own where the
 * page allows one, else by building them node by node. Templates are constants of ours, so that a small reader of HTML
 * will do: tags, quoted and unquoted attributes, comments, text; no character references, no raw text elements.
 */

import { type HtmlPolicy, requestPolicy } from "./trusted-types.ts";

const grant = requestPolicy("chat-bot-lit");

/** Lit's policy; undefined where there are no Trusted Types, or the page does not allow it. */
export const litPolicy: HtmlPolicy | undefined = grant.status === "granted" ? grant.policy : undefined;

/** Fills a template element with a template's HTML. */
export function fillTemplate(template: HTMLTemplateElement, html: string): void {
  if (grant.status === "forbidden") template.content.append(...buildNodes(html));
  else template.innerHTML = html;
}

const SVG = "http://www.w3.org/2000/svg";
const VOID_ELEMENTS = new Set(["br", "hr", "img", "input"]);
const PIECE = /<!--([\s\S]*?)-->|<\?([^>]*)>|<\/([^\s>]+)\s*>|<([a-z][^\s/>]*)((?:[^>"']|"[^"]*"|'[^']*')*)>|([^<]+)/gi;
const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?/g;

function buildNodes(html: string): Node[] {
  const root = document.createDocumentFragment();
  const open: ParentNode[] = [root];
  for (const [, comment, marker, closing, name, attributes = "", text] of html.matchAll(PIECE)) {
    const parent = open.at(-1) ?? root;
    if (text !== undefined) parent.append(text);
    else if (comment !== undefined) parent.append(document.createComment(comment));
    else if (marker !== undefined) parent.append(document.createComment(`?${marker}`));
    else if (closing !== undefined) open.pop();
    else if (name !== undefined) {
      const element = buildElement(name, attributes, parent);
      parent.append(element);
      if (!VOID_ELEMENTS.has(name) && !attributes.endsWith("/")) open.push(element);
    }
  }
  return [...root.childNodes];
}

function buildElement(name: string, attributes: string, parent: ParentNode): Element {
  const isSvg = name === "svg" || (parent instanceof Element && parent.namespaceURI === SVG);
  const element = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [, attribute = "", double, single, bare] of attributes.matchAll(ATTRIBUTE)) {
    // Lit marks its own attributes at the end and keeps their kind elsewhere: the sign in front, which the DOM
    // refuses in older browsers, may go.
    element.setAttribute(attribute.replace(/^[.?@]/, "on-"), double ?? single ?? bare ?? "");
  }
  return element;
}
