import { expect } from "@open-wc/testing";
import { emulateMedia, setViewport } from "@web/test-runner-commands";
import { openPanel, type SampleServer, settled, startSampleServer } from "../../test/sample-panel.ts";

/** What the window shows of the page, as a phone tells it while its keyboard is open. */
class Screen extends EventTarget {
  height = 800;
  offsetTop = 0;
  scale = 1;
  change(now: { height?: number; offsetTop?: number; scale?: number }): void {
    Object.assign(this, now);
    this.dispatchEvent(new Event("resize"));
  }
}

describe("On a phone", () => {
  const original = Object.getOwnPropertyDescriptor(window, "visualViewport");
  let server: SampleServer;
  let screen: Screen;
  beforeEach(async () => {
    server = startSampleServer();
    screen = new Screen();
    Object.defineProperty(window, "visualViewport", { configurable: true, value: screen });
    await emulateMedia({ reducedMotion: "reduce" });
    await setViewport({ width: 390, height: 800 });
  });
  afterEach(async () => {
    server.restore();
    if (original !== undefined) Object.defineProperty(window, "visualViewport", original);
    await setViewport({ width: 800, height: 600 });
  });

  it("the panel takes the whole screen, and the button gives way", async () => {
    const { root } = await openPanel();
    const { top, left, width, height } = root.querySelector(".panel")?.getBoundingClientRect() ?? new DOMRect();
    expect([top, left, width, height]).to.deep.equal([0, 0, 390, 800]);
    expect(root.querySelector(".launcher")?.checkVisibility({ visibilityProperty: true })).to.equal(false);
  });

  it("the message box stays above the keyboard, and comes back down with it", async () => {
    const { root } = await openPanel();
    const bottom = (): number => root.querySelector(".composer")?.getBoundingClientRect().bottom ?? Number.NaN;
    screen.change({ height: 420, offsetTop: 30 });
    await settled(root);
    expect(root.querySelector(".panel")?.getBoundingClientRect().top).to.equal(30);
    expect(bottom()).to.be.within(380, 450);
    screen.change({ height: 800, offsetTop: 0 });
    await settled(root);
    expect(bottom()).to.be.within(750, 800);
  });

  it("the panel does not shrink to what a person has magnified", async () => {
    const { root } = await openPanel();
    screen.change({ height: 200, offsetTop: 100, scale: 4 });
    await settled(root);
    expect(root.querySelector(".panel")?.getBoundingClientRect().height).to.equal(800);
  });

  it("text in the message box is so large that the phone does not zoom into it", async () => {
    const { root } = await openPanel();
    const input = root.querySelector("textarea") ?? document.body;
    expect(Number.parseFloat(getComputedStyle(input).fontSize)).to.be.at.least(16);
  });

  it("what is scrolled in the panel does not scroll the page behind it", async () => {
    const { root } = await openPanel();
    for (const scroller of [".messages", "textarea"]) {
      const element = root.querySelector(scroller) ?? document.body;
      expect(getComputedStyle(element).overscrollBehaviorY, scroller).to.equal("contain");
    }
  });
});
