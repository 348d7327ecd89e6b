/**
 * Colours in code. The highlighter is fetched when the first block of code that names its language is seen. Blocks are
 * coloured one after the other, when the browser has time, and not while somebody has selected text in them.
 */
import { codeIn, markColoured } from "./code-block.ts";
import type { CodeRun, Highlighter } from "./code-highlighter.ts";

/** Longer code stays plain: it would hold up the page. */
const MAX_LENGTH = 20_000;
/** A page that is never idle gets its colours, too. */
const IDLE_WITHIN_MS = 500;

/** Colours are there before a block comes into view. */
const SEEN_MARGIN = "300px";

let seen: IntersectionObserver | null = null;
const waiting = new Set<Element>();
let highlighter: Promise<Highlighter | null> | null = null;
let isWorking = false;

/**
 * Colours a complete block of code when it is seen. Where the highlighter cannot be fetched it stays as it is; the next
 * block asks for it again.
 */
export function highlightCode(figure: Element): void {
  const block = codeIn(figure);
  if (block === null || block.language === "" || block.code === "" || block.code.length > MAX_LENGTH) return;
  seen ??= new IntersectionObserver(onSeen, { rootMargin: SEEN_MARGIN });
  seen.observe(figure);
}

function onSeen(entries: readonly IntersectionObserverEntry[], observer: IntersectionObserver): void {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    waiting.add(target);
  }
  if (waiting.size > 0) void work();
}

async function work(): Promise<void> {
  if (isWorking) return;
  isWorking = true;
  highlighter ??= import("./code-highlighter.ts").catch(() => null);
  const loaded = await highlighter;
  for (const figure of waiting) {
    await idle();
    if (figure.isConnected && (loaded === null || isSelected(figure))) continue;
    waiting.delete(figure);
    if (loaded !== null && figure.isConnected) colour(figure, loaded);
  }
  isWorking = false;
  if (loaded === null) highlighter = null;
  else if (waiting.size > 0) document.addEventListener("selectionchange", () => void work(), { once: true });
}

function colour(figure: Element, { adoptCodeColours, highlight }: Highlighter): void {
  const block = codeIn(figure);
  const runs = block === null ? null : highlight(block.code, block.language);
  if (block === null || runs === null) return;
  adoptCodeColours(figure.getRootNode());
  const rest = [...runs];
  for (const text of block.blocks) text.replaceWith(...takeRuns(rest, text.length).map(renderRun));
  markColoured(figure);
}

/** The first `length` characters of the runs, which are taken from them. */
function takeRuns(runs: CodeRun[], length: number): CodeRun[] {
  const taken: CodeRun[] = [];
  for (let left = length; left > 0; ) {
    const run = runs.shift();
    if (run === undefined) break;
    if (run.text.length > left) runs.unshift({ ...run, text: run.text.slice(left) });
    taken.push({ ...run, text: run.text.slice(0, left) });
    left -= run.text.length;
  }
  return taken;
}

function renderRun({ text, className }: CodeRun): Node {
  if (className === "") return document.createTextNode(text);
  const span = document.createElement("span");
  span.className = className;
  span.textContent = text;
  return span;
}

function isSelected(element: Element): boolean {
  const range = selectedRange(element.getRootNode());
  if (range === null || range.collapsed) return false;
  const selected = document.createRange();
  selected.setStart(range.startContainer, range.startOffset);
  selected.setEnd(range.endContainer, range.endOffset);
  return selected.intersectsNode(element);
}

/** Browsers differ in how they tell what is selected within a shadow root. */
function selectedRange(root: Node): AbstractRange | null {
  const selection = document.getSelection();
  if (selection === null || selection.rangeCount === 0) return null;
  if (root instanceof ShadowRoot && "getComposedRanges" in selection) {
    return selection.getComposedRanges({ shadowRoots: [root] })[0] ?? null;
  }
  return selection.getRangeAt(0);
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: IDLE_WITHIN_MS });
    else setTimeout(resolve);
  });
}
