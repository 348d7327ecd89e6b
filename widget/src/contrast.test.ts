import { expect } from "@open-wc/testing";
import { emulateMedia } from "@web/test-runner-commands";
import { endOfTurn, firstTurn, openPanel, type SampleServer, says, startSampleServer } from "../test/sample-panel.ts";
import { until } from "../test/until.ts";

const STEPS = [0, 85, 170, 255];
const GRID = STEPS.flatMap((red) => STEPS.flatMap((green) => STEPS.map((blue) => `rgb(${red} ${green} ${blue})`)));
const NAMED = [
  "yellow",
  "gray",
  "#777",
  "#767676",
  "oklch(0.7 0.3 150)",
  "color(display-p3 1 0 0)",
  "hsl(60 100% 50%)",
];
const BACKGROUNDS = ["#ffffff", "#18181c", "#0b3d2e", "#ffe9c7"];

const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

/** WCAG's relative luminance of a colour as CSS may write it, 0 to 1. */
function luminance(colour: string): number {
  if (canvas === null) throw new Error("There is no canvas.");
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = Array.from(canvas.getImageData(0, 0, 1, 1).data.slice(0, 3), (channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG's contrast ratio, 1 to 21. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function find(root: ShadowRoot, selector: string): CSSStyleDeclaration {
  const found = root.querySelector(selector);
  if (found === null) throw new Error(`There is no ${selector}.`);
  return getComputedStyle(found);
}

describe("Whatever accent the host chooses", () => {
  let server: SampleServer;
  let root: ShadowRoot;
  let set: (name: string, value: string) => void;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
    const panel = await openPanel();
    ({ root } = panel);
    set = (name, value) => panel.element.style.setProperty(`--chat-bot-${name}`, value);
    void panel.element.send("Hello");
    await until(() => server.requests.length > 0);
    server.stream(...firstTurn("Hello"), says("[a link](https://example.com)"), endOfTurn);
    await until(() => root.querySelector(".markdown a"));
  });
  afterEach(() => server.restore());

  it("what stands on it has a contrast of 4.5", () => {
    const bubble = find(root, ".bubble");
    const launcher = find(root, ".launcher");
    const tooLow: string[] = [];
    for (const accent of [...GRID, ...NAMED]) {
      set("accent", accent);
      for (const { color, backgroundColor } of [bubble, launcher]) {
        if (contrast(color, backgroundColor) < 4.5) tooLow.push(`${accent}: ${color} on ${backgroundColor}`);
      }
    }
    expect(tooLow).to.deep.equal([]);
  });

  for (const background of BACKGROUNDS) {
    it(`links and the focus ring can be told from ${background}: contrasts of 4.5 and 3`, () => {
      const link = find(root, ".markdown a");
      root.querySelector<HTMLElement>(".launcher")?.focus();
      const { style } = root.host instanceof HTMLElement ? root.host : document.body;
      style.setProperty("--chat-bot-background", background);
      const panel = find(root, ".panel");
      const ring = find(root, ".composer");
      root.querySelector<HTMLElement>("textarea")?.focus();
      const tooLow: string[] = [];
      for (const accent of [...GRID, ...NAMED]) {
        set("accent", accent);
        if (contrast(link.color, panel.backgroundColor) < 4.5) tooLow.push(`${accent}: link ${link.color}`);
        if (contrast(ring.borderTopColor, panel.backgroundColor) < 3)
          tooLow.push(`${accent}: ring ${ring.borderTopColor}`);
      }
      expect(tooLow).to.deep.equal([]);
    });
  }

  it("one that is readable already stays as it is in links", () => {
    set("accent", "rgb(67 56 202)");
    const { color } = find(root, ".markdown a");
    expect(contrast(color, "rgb(67 56 202)")).to.be.below(1.02);
  });

  it("colours that the host sets for what stands on it, and for links, are taken as they are", () => {
    set("accent", "rgb(255 255 0)");
    set("on-accent", "rgb(1, 2, 3)");
    set("link", "rgb(4, 5, 6)");
    expect(find(root, ".bubble").color).to.equal("rgb(1, 2, 3)");
    expect(find(root, ".markdown a").color).to.equal("rgb(4, 5, 6)");
  });
});
