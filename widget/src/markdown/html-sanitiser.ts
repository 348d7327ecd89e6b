import createDOMPurify, { type Config } from "dompurify";
import { requestPolicy } from "../trusted-types.ts";

/** Nodes for a piece of HTML, or null where the page's policy forbids parsing it. */
export type HtmlSanitiser = (html: string) => DocumentFragment | null;

/** A sanitiser that keeps the elements named, without any attribute, and the text of all others. */
export function createHtmlSanitiser(allowedElements: string[]): HtmlSanitiser | null {
  // What DOMPurify parses goes into a document without a browsing context, and is filtered before it comes out.
  const grant = requestPolicy("chat-bot");
  if (grant.status === "forbidden") return null;
  const purify = createDOMPurify(window);
  const allowed = new Set(allowedElements);
  const options: Config & { RETURN_DOM_FRAGMENT: true } = {
    ALLOWED_TAGS: allowedElements,
    ALLOWED_ATTR: [],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  };
  if (grant.status === "granted") Reflect.set(options, "TRUSTED_TYPES_POLICY", grant.policy);
  return (html) => {
    try {
      const fragment = purify.sanitize(html, options);
      return isClean(fragment, allowed) ? fragment : null;
    } catch {
      return null;
    }
  };
}

/** A second look, so that one fault in the sanitiser is not enough. */
function isClean(fragment: DocumentFragment, allowed: Set<string>): boolean {
  return [...fragment.querySelectorAll("*")].every(
    (element) => allowed.has(element.localName) && element.attributes.length === 0,
  );
}
