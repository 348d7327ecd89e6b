import { expect, fixtureSync, html } from "@open-wc/testing";
import { emulateMedia } from "@web/test-runner-commands";
import { endOfTurn, openPanel, type SampleServer, says, settled, startSampleServer } from "../test/sample-panel.ts";
import { sampleStates } from "../test/sample-states.ts";
import { until } from "../test/until.ts";
import { ChatBot } from "./chat-bot.ts";

const README = await (await fetch("/widget/README.md")).text();

/** What stands in backticks in the tables of the README between two of its phrases. */
function documented(from: string, to: string, pattern: RegExp): string[] {
  const section = README.slice(README.indexOf(from), README.indexOf(to));
  return [...new Set(Array.from(section.matchAll(pattern), ([, name = ""]) => name))];
}

const PROPERTIES = documented("**Custom properties**", "**Parts**", /`(--chat-bot-[a-z-]+)`/g);
const PARTS = documented("**Parts**", "The panel is full screen", /`([a-z-]+)`/g);

/** What a host may want to set: another than any default. */
function anotherValue(property: string): string {
  if (/font-family/.test(property)) return "fantasy";
  if (/z-index/.test(property)) return "17";
  if (/line-height/.test(property)) return "2.5";
  if (/duration/.test(property)) return "3s";
  if (/shadow/.test(property)) return "rgb(1, 2, 3) 0px 0px 7px 0px";
  if (/size|width|height|radius|offset|padding|gap/.test(property)) return "333px";
  return "rgb(1, 2, 3)";
}

const LOOKED_AT = [
  "color",
  "background-color",
  "border-top-color",
  "border-bottom-color",
  "border-top-left-radius",
  "bottom",
  "box-shadow",
  "font-family",
  "font-size",
  "height",
  "line-height",
  "max-width",
  "outline-color",
  "outline-width",
  "padding-left",
  "row-gap",
  "right",
  "stroke",
  "transition-duration",
  "width",
  "z-index",
];

/** How everything in the element looks, as one text. */
function looks(root: ShadowRoot): string {
  return Array.from(root.querySelectorAll("*"), (element) => {
    const style = getComputedStyle(element);
    return LOOKED_AT.map((name) => style.getPropertyValue(name)).join(";");
  }).join("\n");
}

const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";

/** What the element's style sheets say for who wants no motion. Not every engine can be told that somebody does not. */
function reducedMotionRules(root: ShadowRoot): CSSMediaRule[] {
  return root.adoptedStyleSheets
    .flatMap(({ cssRules }) => [...cssRules])
    .filter((rule) => rule instanceof CSSMediaRule)
    .filter(({ media }) => media.mediaText === REDUCED_MOTION);
}

async function prepare(title: string, element: ChatBot, root: ShadowRoot, server: SampleServer): Promise<void> {
  const state = sampleStates[title];
  if (state === undefined) throw new Error(`There is no state "${title}".`);
  await state(element, root, server);
}

/** The button that sends is in its colours when there is something to send, the ring when something has the focus. */
function writeDraft(root: ShadowRoot): void {
  const input = root.querySelector("textarea");
  if (input === null) return;
  input.value = "A draft";
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  input.focus();
}

describe("Looks", () => {
  let server: SampleServer;
  let element: ChatBot;
  let root: ShadowRoot;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
    ({ element, root } = await openPanel());
  });
  afterEach(() => server.restore());

  it("are documented by more than forty properties and twenty-five parts", () => {
    expect(PROPERTIES.length).to.be.at.least(40);
    expect(PARTS.length).to.be.at.least(25);
  });

  it("change with each documented property", async () => {
    const states: string[] = [
      "an empty conversation",
      "a conversation with all that an answer may hold",
      "an approval",
    ];
    const without = new Set(PROPERTIES);
    const look = (): void => {
      const before = looks(root);
      for (const property of without) {
        element.style.setProperty(property, anotherValue(property));
        if (looks(root) !== before) without.delete(property);
        element.style.removeProperty(property);
      }
    };
    for (const state of [...states, "an error"]) {
      if (state === "an approval") await element.newConversation();
      await prepare(state, element, root, server);
      writeDraft(root);
      await settled(root);
      look();
    }
    // How long something moves is to be seen only where things move.
    const stillness = reducedMotionRules(root);
    expect(stillness).not.to.deep.equal([]);
    for (const { media } of stillness) media.mediaText = "not all";
    look();
    for (const { media } of stillness) media.mediaText = REDUCED_MOTION;
    expect([...without]).to.deep.equal([]);
  });

  it("can be changed by each documented part", async () => {
    const missing = new Set(PARTS);
    const look = (): void => {
      for (const part of missing) if (root.querySelector(`[part~="${part}"]`) !== null) missing.delete(part);
    };
    for (const state of Object.keys(sampleStates)) {
      server.restore();
      server = startSampleServer();
      await element.newConversation();
      element.remove();
      ({ element, root } = await openPanel());
      await prepare(state, element, root, server);
      look();
    }
    // More than fits.
    server.restore();
    server = startSampleServer();
    ({ element, root } = await openPanel());
    await prepare("an answer being written", element, root, server);
    server.stream(says("\n\nMore.".repeat(80), "One moment".length), endOfTurn);
    await until(() => root.querySelectorAll(".markdown p").length > 50);
    await settled(root);
    await until(() => {
      // A reader whom the answer takes along as it settles scrolls again.
      root.querySelector(".messages")?.scrollTo(0, 0);
      return root.querySelector(".scroll-to-latest");
    });
    look();
    // A panel that cannot be had.
    const { loadPanel } = ChatBot;
    ChatBot.loadPanel = () => Promise.reject(new TypeError("Failed to fetch"));
    const other = fixtureSync<ChatBot>(html`<chat-bot open></chat-bot>`);
    await until(() => other.shadowRoot?.querySelector("[part='notice']"));
    ChatBot.loadPanel = loadPanel;
    missing.delete("notice");
    expect([...missing]).to.deep.equal([]);
  });
});
