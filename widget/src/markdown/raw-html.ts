/**
 * The little raw HTML that is shown as such: `br kbd sub sup mark details summary`, without attributes. Everything
 * else is shown as the text it is. The sanitiser is fetched when the first of these appears.
 */
import type { HtmlSanitiser } from "./html-sanitiser.ts";

const ALLOWED = ["br", "kbd", "sub", "sup", "mark", "details", "summary"];
const MENTIONS_ALLOWED = new RegExp(`</?(?:${ALLOWED.join("|")})\\s*/?>`, "i");

const sources = new WeakMap<Node, string>();
let sanitiser: HtmlSanitiser | null = null;
let loading: Promise<HtmlSanitiser | null> | null = null;

/** A wrapper around raw HTML. It holds text, until and unless the sanitiser is there and may work on this page. */
export function renderRawHtml(raw: string): Node {
  const wrapper = document.createElement("span");
  wrapper.className = "raw-html";
  wrapper.textContent = raw;
  sources.set(wrapper, raw);
  if (!MENTIONS_ALLOWED.test(raw)) return wrapper;
  if (sanitiser === null) {
    loading ??= loadSanitiser();
    void loading.then((loaded) => showSanitised(wrapper, loaded, raw));
  } else {
    showSanitised(wrapper, sanitiser, raw);
  }
  return wrapper;
}

/** Whether two wrappers stand for the same HTML, however far they are. */
export function isSameRawHtml(one: Node, other: Node): boolean {
  const source = sources.get(one);
  return source !== undefined && source === sources.get(other);
}

function showSanitised(wrapper: Element, sanitise: HtmlSanitiser | null, raw: string): void {
  const nodes = sanitise?.(raw) ?? null;
  if (nodes !== null) wrapper.replaceChildren(nodes);
}

async function loadSanitiser(): Promise<HtmlSanitiser | null> {
  const module = await import("./html-sanitiser.ts").catch(() => null);
  sanitiser = module?.createHtmlSanitiser(ALLOWED) ?? null;
  return sanitiser;
}
