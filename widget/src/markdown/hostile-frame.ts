/**
 * Runs in a frame, under the policy its page has. It streams each hostile text letter by letter into the living
 * document, looks at every element after each letter, and listens for whatever the browser would tell of a request.
 */
import { HOSTILE_EXAMPLES } from "./hostile-examples.ts";
import { MarkdownDocument } from "./markdown-document.ts";

/** What the frame found. All lists are empty when nothing happened. */
export interface HostileReport {
  examples: number;
  prefixes: number;
  problems: string[];
  /** Of the browser: directives that were violated, with what violated them. */
  violations: string[];
  /** Addresses of other hosts that were asked. */
  requests: string[];
  didRun: boolean;
  /** What ordinary Markdown looked like in between. */
  ordinary: string;
  /** What the same watch tells when something does happen. */
  control: { violations: number; requests: number; problems: number };
}

const ELEMENTS = new Set(
  "a blockquote br button code del details div em figcaption figure h2 h3 h4 h5 h6 hr kbd li mark ol p pre span strong sub summary sup table tbody td th thead tr ul".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "aria-label class data-doubtful href part rel role start tabindex target title type".split(" "),
);
const CLASSES = new Set(
  "align-center align-left align-right checkbox code-block code-comment code-keyword code-literal code-name code-string code-title is-checked lines link-host plain-text raw-html section table-scroller task".split(
    " ",
  ),
);

const texts = { copyCode: "Copy code", codeCopied: "Copied" };
const violations: string[] = [];
const requests: string[] = [];

document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) => {
  violations.push(`${effectiveDirective} ${blockedURI} ${sample}`);
});
const resources = new PerformanceObserver((list) => noteRequests(list.getEntries()));
resources.observe({ type: "resource", buffered: true });

// WebKit times no request that has failed; what asked for it hears of the failure in every engine.
for (const type of ["load", "error"]) {
  document.addEventListener(
    type,
    ({ target }) => {
      const isOwn = target instanceof HTMLScriptElement && target.src.startsWith(`${origin}/`);
      if (target instanceof Element && !isOwn) requests.push(target.outerHTML);
    },
    true,
  );
}

function noteRequests(entries: readonly PerformanceEntry[]): void {
  for (const { name } of entries) if (!name.startsWith(`${origin}/`)) requests.push(name);
}

/** Why an element must not be there; null when it may. */
function problemWith(element: Element): string | null {
  if (!ELEMENTS.has(element.localName)) return `<${element.localName}>`;
  for (const { name, value } of element.attributes) {
    if (!ATTRIBUTES.has(name)) return `<${element.localName} ${name}>`;
    if (name === "class" && !value.split(" ").every((one) => CLASSES.has(one))) return `class ${value}`;
    if (name === "part" && value !== "code-block") return `part ${value}`;
  }
  if (!(element instanceof HTMLAnchorElement)) return null;
  if (!/^(?:https?|mailto):$/.test(element.protocol)) return `a link to ${element.href}`;
  const isApart = element.rel === "noopener noreferrer nofollow" && element.target === "_blank";
  return isApart && element.title === element.href ? null : "a link that does not say where it leads";
}

function problemsIn(root: Element): string[] {
  return [...root.querySelectorAll("*")].flatMap((element) => problemWith(element) ?? []);
}

async function run(): Promise<HostileReport> {
  const problems: string[] = [];
  let prefixes = 0;
  const roots: [title: string, root: HTMLElement][] = [];
  for (const [title, markdown] of HOSTILE_EXAMPLES) {
    const root = document.createElement("div");
    document.body.append(root);
    const shown = new MarkdownDocument(root, texts);
    for (let end = 1; end <= markdown.length; end += 1) {
      shown.update(markdown.slice(0, end), end === markdown.length);
      prefixes += 1;
      problems.push(...problemsIn(root).map((problem) => `${title}: ${problem}`));
    }
    roots.push([title, root]);
  }
  // The sanitiser and the colours come in their own time.
  await Promise.all([import("./html-sanitiser.ts"), import("./code-highlighter.ts")]);
  await settled();
  for (const [title, root] of roots) problems.push(...problemsIn(root).map((problem) => `${title}: ${problem}`));
  noteRequests(resources.takeRecords());
  const report = { examples: HOSTILE_EXAMPLES.length, prefixes, problems: [...new Set(problems)] };
  const found = { violations: [...violations], requests: [...requests] };
  const didRun = "pwned" in window || "pwned" in parent;
  return { ...report, ...found, didRun, ordinary: showOrdinary(), control: await watchControl() };
}

function showOrdinary(): string {
  const root = document.createElement("div");
  new MarkdownDocument(root, texts).update(
    "# a\n\n*b* [example.com](https://example.com/) <kbd>c</kbd>\n\n- d\n",
    true,
  );
  return root.innerHTML;
}

/** The same watch, with something to see. */
async function watchControl(): Promise<HostileReport["control"]> {
  const before = { violations: violations.length, requests: requests.length };
  const image = document.createElement("img");
  image.src = "https://evil.example/control.png";
  document.body.append(image);
  await new Promise((resolve) => {
    image.addEventListener("error", resolve);
    image.addEventListener("load", resolve);
  });
  await settled();
  noteRequests(resources.takeRecords());
  return {
    violations: violations.length - before.violations,
    requests: requests.length - before.requests,
    problems: problemsIn(document.body).length,
  };
}

/** What was queued has been done: two frames, or timers where the frame is not drawn. */
async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
  }
}

// The address of this frame has no origin of its own.
void run().then(
  (report) => parent.postMessage({ report }, origin),
  (error: unknown) => parent.postMessage({ problem: String(error) }, origin),
);
