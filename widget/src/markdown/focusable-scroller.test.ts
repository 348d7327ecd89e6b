import { expect, nextFrame, waitUntil as waitUntilSoon } from "@open-wc/testing";
import { panelStyles } from "../views/panel.styles.ts";
import { MarkdownDocument } from "./markdown-document.ts";

const texts = { copyCode: "Copy code", codeCopied: "Copied" };
/** As wide as some hundred characters. */
const wideCode = `\`\`\`\n${"wide ".repeat(20)}\n\`\`\``;
const wideTable = `|${"wide |".repeat(20)}\n|${"-|".repeat(20)}`;
const narrowTable = "|a|\n|-|";

/** On a busy machine not at once. */
function waitUntil(isTrue: () => unknown): Promise<void> {
  return waitUntilSoon(isTrue, "it did not happen", { timeout: 20_000 });
}

/** Shows the Markdown in a box of a size, in pixels. */
function show(markdown: string, inlineSize: number): { box: HTMLElement; root: HTMLElement } {
  document.adoptedStyleSheets = panelStyles();
  const box = document.createElement("div");
  Object.assign(box.style, { overflow: "auto", blockSize: "300px", inlineSize: `${inlineSize}px` });
  const root = document.createElement("div");
  root.className = "markdown";
  box.append(root);
  document.body.append(box);
  new MarkdownDocument(root, texts).update(markdown, true);
  return { box, root };
}

function isReachable(root: HTMLElement, selector: string): boolean {
  return root.querySelector(selector)?.hasAttribute("tabindex") === true;
}

/** So long that sections before and after it are never in view at once. */
const longText = Array.from({ length: 200 }, (_, index) => `Paragraph ${index}`).join("\n\n");

/** Only where this holds what is read in its place does the widget let the browser pass over what is out of view. */
const isPassingOver = CSS.supports("overflow-anchor: auto");

describe("Boxes that scroll", () => {
  afterEach(() => {
    document.adoptedStyleSheets = [];
    document.body.replaceChildren();
  });

  it("are reachable by keyboard as long as their content is larger", async () => {
    const { box, root } = show(`${wideCode}\n\n${wideTable}\n\n`, 300);
    await waitUntil(() => isReachable(root, "pre") && isReachable(root, ".table-scroller"));
    box.style.inlineSize = "4000px";
    await waitUntil(() => !isReachable(root, "pre") && !isReachable(root, ".table-scroller"));
  });

  it("are not reachable when all of their content is shown", async () => {
    const { root } = show(`${narrowTable}\n\n${wideCode}`, 300);
    await waitUntil(() => isReachable(root, "pre"));
    expect(isReachable(root, ".table-scroller")).to.equal(false);
  });

  it("are looked at again when they come back into view", async () => {
    const { box, root } = show(`${wideCode}\n\n${wideTable}\n\n${longText}`, 4000);
    const skipped = new Promise((resolve) => {
      // In Firefox it does not bubble.
      root.firstElementChild?.addEventListener("contentvisibilityautostatechange", (event) => {
        if (event instanceof ContentVisibilityAutoStateChangeEvent && event.skipped) resolve(null);
      });
    });
    await nextFrame();
    await nextFrame();
    box.scrollTop = box.scrollHeight;
    if (isPassingOver) await skipped;
    box.style.inlineSize = "300px";
    box.scrollTop = 0;
    await waitUntil(() => isReachable(root, "pre") && isReachable(root, ".table-scroller"));
  });

  it("are not observed while the browser passes over them, out of view", async () => {
    const observed = new Set<Element>();
    const { observe, unobserve } = ResizeObserver.prototype;
    ResizeObserver.prototype.observe = function (target, options) {
      observed.add(target);
      observe.call(this, target, options);
    };
    ResizeObserver.prototype.unobserve = function (target) {
      observed.delete(target);
      unobserve.call(this, target);
    };
    try {
      const { box, root } = show(`${wideCode}\n\n${longText}\n\n${wideTable}`, 300);
      const [code, table] = [root.querySelector("pre > code"), root.querySelector("table")];
      if (code === null || table === null) throw new Error("There is no code, or no table.");
      await waitUntil(() => observed.has(code) && observed.has(table) !== isPassingOver);
      box.scrollTop = box.scrollHeight;
      await waitUntil(() => {
        box.scrollTop = box.scrollHeight;
        return observed.has(code) !== isPassingOver && observed.has(table);
      });
    } finally {
      Object.assign(ResizeObserver.prototype, { observe, unobserve });
    }
  });
});
