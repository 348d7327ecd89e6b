/**
 * The little raw HTML that is shown as such: `br kbd sub sup mark details summary`, without attributes. Everything
 * else is shown as the text it is. The sanitiser is fetched when the first of these appears.
 */
import type { HtmlSanitiser } from "./html-sanitiser.ts";

const ALLOWED = ["br", "kbd", "sub", "sup", "mark", "details", "summary"];
const NAMES = ALLOWED.join("|");
const ALLOWED_TAG = new RegExp(`<(/?)(${NAMES})(?=[\\s/>])[^<>]*>`, "gi");
const OTHER_TAG = new RegExp(`<(?!/?(?:${NAMES})>)`, "gi");

const sources = new WeakMap<Node, string>();
let sanitiser: HtmlSanitiser | null = null;
let loading: Promise<HtmlSanitiser | null> | null = null;

/** A wrapper around raw HTML. It holds text, until and unless the sanitiser is there and may work on this page. */
export function renderRawHtml(raw: string): Node {
  const wrapper = document.createElement("span");
  wrapper.className = "raw-html";
  wrapper.textContent = raw;
  sources.set(wrapper, raw);
  const html = onlyAllowedTags(raw);
  if (html === null) return wrapper;
  if (sanitiser === null) {
    loading ??= loadSanitiser();
    void loading.then((loaded) => showSanitised(wrapper, loaded, html));
  } else {
    showSanitised(wrapper, sanitiser, html);
  }
  return wrapper;
}

/**
 * The HTML with the allowed tags bare and all others as text; null when there is none of them. The sanitiser would take
 * the others out, but not before a page's policy has reported their styles and scripts.
 */
function onlyAllowedTags(raw: string): string | null {
  const bare = raw.replace(ALLOWED_TAG, (_, slash: string, name: string) => `<${slash}${name.toLowerCase()}>`);
  const html = bare.replace(OTHER_TAG, "&lt;");
  return html.includes("<") ? html : null;
}

/** Whether two wrappers stand for the same HTML, however far they are. */
export function isSameRawHtml(one: Node, other: Node): boolean {
  const source = sources.get(one);
  return source !== undefined && source === sources.get(other);
}

function showSanitised(wrapper: Element, sanitise: HtmlSanitiser | null, html: string): void {
  const nodes = sanitise?.(html) ?? null;
  if (nodes !== null) wrapper.replaceChildren(nodes);
}

async function loadSanitiser(): Promise<HtmlSanitiser | null> {
  const module = await import("./html-sanitiser.ts").catch(() => null);
  sanitiser = module?.createHtmlSanitiser(ALLOWED) ?? null;
  return sanitiser;
}
