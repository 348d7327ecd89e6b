import { expect } from "@open-wc/testing";
import { emulateMedia, setViewport } from "@web/test-runner-commands";
import { layOutAll, openPanel, type SampleServer, settled, startSampleServer } from "../test/sample-panel.ts";
import { sampleStates } from "../test/sample-states.ts";

/** WCAG 1.4.12: texts have to bear as much. */
const SPACIOUS =
  "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }";

/** A window of 1280 × 1024 pixels, magnified twice and four times; and a small phone. */
const WINDOWS = [
  { width: 640, height: 512 },
  { width: 320, height: 256 },
  { width: 320, height: 568 },
];

/** Boxes that may be wider than the window, since they scroll by themselves: WCAG excepts code and tables. */
const SCROLLERS = "pre, .table-scroller, dd";

function reachesOut(root: ShadowRoot): string[] {
  const width = document.documentElement.clientWidth;
  return [...root.querySelectorAll(".panel *")]
    .filter(
      (element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(`:is(${SCROLLERS}) *`),
    )
    .filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      return left < -0.5 || right > width + 0.5;
    })
    .map(({ outerHTML }) => outerHTML.slice(0, 120));
}

/** Text that is cut off where nothing lets it be scrolled to. */
function cutOff(root: ShadowRoot): string[] {
  return [...root.querySelectorAll<HTMLElement>(".panel *")]
    .filter((element) => {
      const { overflowX, overflowY } = getComputedStyle(element);
      const isWider = overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
      const isTaller = overflowY === "hidden" && element.scrollHeight > element.clientHeight + 1;
      return element.checkVisibility() && (isWider || isTaller) && element.localName !== "progress";
    })
    .map(({ outerHTML }) => outerHTML.slice(0, 120));
}

/** What somebody needs to go on can be brought into the window. */
function isReachable(element: Element): boolean {
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return top >= -1 && left >= -1 && bottom <= innerHeight + 1 && right <= innerWidth + 1;
}

describe("In small windows and with much space between letters", () => {
  let server: SampleServer;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
  });
  afterEach(async () => {
    server.restore();
    await setViewport({ width: 800, height: 600 });
  });

  for (const [state, prepare] of Object.entries(sampleStates)) {
    it(`${state} needs no scrolling sideways, cuts nothing off, and keeps its buttons in reach`, async () => {
      const { element, root } = await openPanel();
      await prepare(element, root, server);
      layOutAll(root);
      const spacious = new CSSStyleSheet();
      spacious.replaceSync(SPACIOUS);
      for (const sheets of [[], [spacious]]) {
        const own = [...root.adoptedStyleSheets];
        root.adoptedStyleSheets = [...own, ...sheets];
        for (const { width, height } of WINDOWS) {
          await setViewport({ width, height });
          await settled(root);
          const where = `${width} × ${height}${sheets.length > 0 ? ", spacious" : ""}`;
          expect(reachesOut(root), where).to.deep.equal([]);
          expect(cutOff(root), where).to.deep.equal([]);
          const dialog = root.querySelector('[role="alertdialog"]');
          const targets = [
            ...(dialog ?? root).querySelectorAll(dialog === null ? ".composer, .header button" : "button"),
          ];
          const visible = targets.filter((target) => target.checkVisibility({ visibilityProperty: true }));
          expect(visible.length, where).to.be.greaterThan(0);
          expect(
            visible.filter((target) => !isReachable(target)).map((target) => target.outerHTML),
            where,
          ).to.deep.equal([]);
        }
        root.adoptedStyleSheets = own;
      }
    });
  }
});
