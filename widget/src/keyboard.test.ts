import { expect, fixtureSync, html } from "@open-wc/testing";
import { emulateMedia, sendKeys } from "@web/test-runner-commands";
import { openPanel, type SampleServer, settled, startSampleServer } from "../test/sample-panel.ts";
import { sampleStates } from "../test/sample-states.ts";
import { until } from "../test/until.ts";
import type { ChatBot } from "./chat-bot.ts";

/** Through the shadow roots. */
function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

describe("By keyboard", () => {
  let server: SampleServer;
  let element: ChatBot;
  let root: ShadowRoot;
  let pageButton: HTMLButtonElement;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
    pageButton = fixtureSync(html`<button>Of the page</button>`);
    ({ element, root } = await openPanel());
  });
  afterEach(() => server.restore());

  it("F6 goes from the page into the open panel, and back to where it was", async () => {
    pageButton.focus();
    await sendKeys({ press: "F6" });
    await until(() => focused()?.matches("textarea"));
    await sendKeys({ press: "F6" });
    expect(focused()).to.equal(pageButton);
  });

  it("F6 goes to the beginning of a page in which nothing had the focus", async () => {
    root.querySelector("textarea")?.focus();
    await sendKeys({ press: "F6" });
    expect(root.activeElement).to.equal(null);
    expect(document.body.hasAttribute("tabindex")).to.equal(false);
  });

  it("F6 leads to the question that waits for an answer, and out of it", async () => {
    await sampleStates["an approval"]?.(element, root, server);
    pageButton.focus();
    await sendKeys({ press: "F6" });
    await until(() => focused()?.matches(".deny"));
    await sendKeys({ press: "F6" });
    expect(focused()).to.equal(pageButton);
  });

  it("F6 is left to the page while the panel is closed, and with Ctrl", async () => {
    const taken: boolean[] = [];
    const note = (event: KeyboardEvent): void => void taken.push(event.defaultPrevented);
    window.addEventListener("keydown", note);
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "F6", ctrlKey: true, bubbles: true, cancelable: true }));
    element.hide();
    await settled(root);
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "F6", bubbles: true, cancelable: true }));
    window.removeEventListener("keydown", note);
    expect(taken).to.deep.equal([false, false]);
  });

  it("Tab goes through the panel in the order in which it is read, and out of it", async () => {
    await sampleStates["an empty conversation"]?.(element, root, server);
    await settled(root);
    root.querySelector<HTMLElement>("[part='close']")?.focus();
    const stops: string[] = [];
    for (;;) {
      await sendKeys({ press: "Tab" });
      const stop = focused();
      if (root.activeElement === null || stop === null || stops.length > 9) break;
      stops.push(stop.getAttribute("part") ?? "");
    }
    expect(stops).to.deep.equal(["messages", "suggestion", "suggestion", "input"]);
  });

  it("Tab stays in a dialog, both ways", async () => {
    await sampleStates["an approval"]?.(element, root, server);
    const dialog = root.querySelector("[role='alertdialog']");
    const stops = new Set<Element | null>();
    for (const keys of ["Tab", "Shift+Tab"]) {
      for (let press = 0; press < 9; press += 1) {
        if (keys === "Shift+Tab") await sendKeys({ down: "Shift" });
        await sendKeys({ press: "Tab" });
        if (keys === "Shift+Tab") await sendKeys({ up: "Shift" });
        stops.add(focused());
      }
    }
    expect([...stops].every((stop) => dialog?.contains(stop))).to.equal(true);
    expect(stops.size).to.be.at.least(3);
  });

  for (const [state, prepare] of Object.entries(sampleStates)) {
    it(`everything that can be pressed in ${state} measures 24 pixels or more, or stands in a sentence`, async () => {
      await prepare(element, root, server);
      await settled(root);
      const small = [...root.querySelectorAll("button, summary, input, textarea, a[href]:not(.markdown a)")]
        .filter((target) => target.checkVisibility({ visibilityProperty: true }))
        .map((target) => (target.matches("input") ? (target.closest("label") ?? target) : target))
        .filter((target) => {
          const { width, height } = target.getBoundingClientRect();
          return width < 24 || height < 24;
        });
      expect(small.map(({ outerHTML }) => outerHTML)).to.deep.equal([]);
    });
  }
});
