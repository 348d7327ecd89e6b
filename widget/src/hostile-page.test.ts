import { expect, fixtureSync, html } from "@open-wc/testing";
import { emulateMedia } from "@web/test-runner-commands";
import { layOutAll, openPanel, type SampleServer, settled, startSampleServer } from "../test/sample-panel.ts";
import { sampleStates } from "../test/sample-states.ts";

/** Style sheets of pages that know no measure. */
const SHEETS: Readonly<Record<string, string>> = {
  "a reset that spares nothing": "*, *::before, *::after { all: revert !important; }",
  "a reset to nothing": "* { all: unset !important; }",
  "rules for the element itself":
    "chat-bot { color: red !important; font: italic 3px/9 fantasy !important; letter-spacing: 1em !important; word-spacing: 2em !important; direction: rtl !important; unicode-bidi: bidi-override !important; text-align: right !important; text-transform: uppercase !important; text-indent: 90px !important; white-space: pre !important; cursor: wait !important; width: 7px !important; height: 9px !important; position: relative !important; top: 300px !important; margin: 40px !important; padding: 50px !important; border: 9px solid red !important; background: red !important; overflow: hidden !important; transform: scale(0.2) !important; opacity: 0.1 !important; filter: blur(9px) !important; clip-path: inset(50%) !important; z-index: -1 !important; pointer-events: none !important; user-select: none !important; color-scheme: dark !important; }",
  "rules for everything":
    "* { font-size: 3px !important; color: red !important; letter-spacing: 1em !important; line-height: 4 !important; box-sizing: content-box !important; float: left !important; list-style: square !important; outline: 5px solid red !important; border-radius: 0 !important; animation: none !important; transition: all 9s !important; scroll-behavior: smooth !important; }",
  "rules for what it is made of":
    "button { background: red !important; padding: 40px !important; } textarea { border: 9px solid red !important; } p, h1, ul, li, table, td, pre, code { margin: 70px !important; color: red !important; } .panel, .launcher, .message, .dialog { display: none !important; } svg { fill: red !important; width: 1px !important; }",
  "names of variables like ours":
    ":root, *, chat-bot { --accent: red; --background: red; --text: red; --border: 9px; --font: fantasy; --radius: 0; --muted: red; --surface: red; --shadow: red; --padding: 90px; --duration: 9s; --luminance: 7; --focus: red; }",
  "what the page says about itself":
    "html { font-size: 62.5%; direction: rtl; } body { font: 40px/3 fantasy; color: red; letter-spacing: 9px; text-align: right; direction: rtl; word-break: break-all; hyphens: auto; user-select: none; pointer-events: none; text-shadow: 0 0 9px red; font-variant: small-caps; quotes: none; tab-size: 20; }",
};

/** Distances from the edges of a window are its own: the page's scroll bar may come and go with a style sheet. */
const OF_THE_WINDOW = /^(?:top|right|bottom|left|inset-.*)$/;

/** Centres of boxes, to a fraction of a pixel; their sizes are among the rest. */
const CENTRES = /^(?:perspective|transform)-origin$/;

/** The computed styles of everything in the element. */
function computed(root: ShadowRoot): Map<Element, string> {
  const styles = new Map<Element, string>();
  for (const element of root.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    const isSkipped = (name: string): boolean =>
      CENTRES.test(name) || (style.position === "fixed" && OF_THE_WINDOW.test(name));
    const names = [...style].filter((name) => !isSkipped(name));
    styles.set(element, names.map((name) => `${name}: ${style.getPropertyValue(name)}`).join("\n"));
  }
  return styles;
}

function differences(before: Map<Element, string>, after: Map<Element, string>): string[] {
  return [...before].flatMap(([element, styles]) => {
    const now = new Set(after.get(element)?.split("\n"));
    const changed = styles.split("\n").filter((line) => !now.has(line));
    return changed.length === 0 ? [] : [`<${element.localName} class="${element.className}"> ${changed.join("; ")}`];
  });
}

/** How things of the page look, which its style sheets are to reach. */
function look(...things: Element[]): string {
  return things
    .map((thing) => getComputedStyle(thing))
    .flatMap((style) => [...style, "--accent"].map((name) => style.getPropertyValue(name)))
    .join("\n");
}

describe("Whatever the page's style sheets say, nothing in the element looks different:", () => {
  let server: SampleServer;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
  });
  afterEach(() => server.restore());

  for (const state of ["a conversation with all that an answer may hold", "an approval"]) {
    it(`in ${state}`, async () => {
      const { element, root } = await openPanel();
      layOutAll(root);
      await sampleStates[state]?.(element, root, server);
      await settled(root);
      const bystander = fixtureSync(html`<button class="panel" style="margin: 1px; color: blue">Of the page</button>`);
      const [before, untouched] = [computed(root), look(bystander, element)];
      for (const [title, css] of Object.entries(SHEETS)) {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        document.adoptedStyleSheets.push(sheet);
        const isInForce = look(bystander, element) !== untouched;
        const found = differences(before, computed(root));
        document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(sheet), 1);
        expect(isInForce, title).to.equal(true);
        expect(found, title).to.deep.equal([]);
      }
    });
  }

  it("`display: none` is the exception: it hides the element", async () => {
    const { element, root } = await openPanel();
    element.style.display = "none";
    expect(root.querySelector(".launcher")?.checkVisibility()).to.equal(false);
  });
});
