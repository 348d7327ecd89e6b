import { aTimeout, expect, fixtureSync, html, nextFrame, waitUntil } from "@open-wc/testing";
import { sendMouse } from "@web/test-runner-commands";
import type { Message } from "../conversation/conversation.ts";
import { englishStrings } from "../strings/en.ts";
import { ChatBotMarkdown, loadMarkdown } from "./markdown.ts";
import { ChatBotMessageView } from "./message.ts";
import { ChatBotMessageList } from "./message-list.ts";
import { panelStyles } from "./panel.styles.ts";
import { ChatBotStatus } from "./status.ts";

for (const [name, view] of [
  ["chat-bot-message-list", ChatBotMessageList],
  ["chat-bot-message-view", ChatBotMessageView],
  ["chat-bot-markdown", ChatBotMarkdown],
  ["chat-bot-status", ChatBotStatus],
] as const) {
  if (customElements.get(name) === undefined) customElements.define(name, view);
}

function answer(lines: number): Message {
  const text = Array.from({ length: lines }, (_, index) => `Line ${index}`).join("\n\n");
  const part = { type: "text" as const, key: "p", text, bytes: text.length };
  return { role: "assistant", id: "a", parts: [part], createdAt: null, streaming: true, stopped: false };
}

function question(id: string): Message {
  return { role: "user", id, text: "Question", createdAt: null, delivery: "sent" };
}

async function show(messages: readonly Message[]): Promise<{ list: ChatBotMessageList; scroller: HTMLElement }> {
  document.adoptedStyleSheets = panelStyles();
  const box = fixtureSync<HTMLElement>(html`<div><chat-bot-message-list
    .messages=${messages}
    .activity=${null}
    .strings=${englishStrings("en")}
  ></chat-bot-message-list></div>`);
  Object.assign(box.style, { display: "flex", blockSize: "300px", inlineSize: "300px" });
  const list = box.querySelector<ChatBotMessageList>("chat-bot-message-list");
  if (list === null) throw new Error("There is no list.");
  await list.updateComplete;
  const scroller = list.querySelector<HTMLElement>(".messages");
  if (scroller === null) throw new Error("There is nothing that scrolls.");
  await atEnd(scroller);
  return { list, scroller };
}

function distance({ scrollHeight, clientHeight, scrollTop }: HTMLElement): number {
  return Math.round(scrollHeight - clientHeight - scrollTop);
}

async function atEnd(scroller: HTMLElement): Promise<void> {
  await waitUntil(() => distance(scroller) <= 1, "the list is not at its end");
}

async function readBack(scroller: HTMLElement): Promise<void> {
  const { x, y } = scroller.getBoundingClientRect();
  await sendMouse({ type: "move", position: [Math.round(x) + 50, Math.round(y) + 50] });
  // A reader whom the growing answer takes along scrolls again.
  await waitUntil(async () => {
    scroller.scrollTop -= 400;
    await nextFrame();
    await nextFrame();
    const isTakenAlong = scroller.closest("chat-bot-message-list")?.querySelector(".scroll-to-latest") === null;
    return !isTakenAlong && distance(scroller) > 100;
  });
  // What comes into view for the first time is drawn, and takes the room it needs.
  await nextFrame();
  await nextFrame();
  await nextFrame();
}

function lineInView(scroller: HTMLElement): HTMLElement {
  const { top } = scroller.getBoundingClientRect();
  const line = [...scroller.querySelectorAll("p")].find((one) => one.getBoundingClientRect().top > top + 100);
  if (line === undefined) throw new Error("There is no line in view.");
  return line;
}

describe("ChatBotMessageList", () => {
  before(() => loadMarkdown());

  afterEach(() => {
    document.adoptedStyleSheets = [];
  });

  it("follows an answer that grows", async () => {
    const { list, scroller } = await show([question("q"), answer(20)]);
    list.messages = [question("q"), answer(60)];
    await list.updateComplete;
    await atEnd(scroller);
  });

  it("stays where the reader has scrolled to", async () => {
    const { list, scroller } = await show([question("q"), answer(40)]);
    await readBack(scroller);
    const line = lineInView(scroller);
    const { top } = line.getBoundingClientRect();
    list.messages = [question("q"), answer(80)];
    await list.updateComplete;
    await nextFrame();
    await nextFrame();
    expect(line.getBoundingClientRect().top).to.be.closeTo(top, 1);
  });

  it("keeps in view what the reader opens at the end of it, and follows again when that is closed", async () => {
    const { list, scroller } = await show([question("q"), answer(20)]);
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    const more = document.createElement("div");
    more.style.blockSize = "900px";
    details.append(summary, more);
    list.querySelector(".transcript")?.append(details);
    await atEnd(scroller);
    await nextFrame();
    const { top } = summary.getBoundingClientRect();
    summary.click();
    await waitUntil(() => list.querySelector(".scroll-to-latest") !== null);
    await nextFrame();
    expect(summary.getBoundingClientRect().top).to.be.closeTo(top, 1);
    summary.click();
    await waitUntil(() => list.querySelector(".scroll-to-latest") === null);
    list.messages = [question("q"), answer(60)];
    await list.updateComplete;
    await atEnd(scroller);
  });

  it("begins an empty conversation with its greeting, however long that is", async () => {
    const { list, scroller } = await show([]);
    list.empty = html`<div style="block-size: 900px"></div>`;
    await list.updateComplete;
    // Laid out, told, and followed if it were.
    for (let frame = 0; frame < 4; frame += 1) await nextFrame();
    expect(scroller.scrollHeight).to.be.above(800);
    expect(scroller.scrollTop).to.equal(0);
    expect(list.querySelector(".scroll-to-latest")).to.equal(null);
    list.messages = [question("q"), answer(40)];
    await list.updateComplete;
    await atEnd(scroller);
  });

  it("still follows when the message box gives its room back while the answer grows", async () => {
    const { list, scroller } = await show([question("q"), answer(30)]);
    const box = list.parentElement;
    if (box === null) throw new Error("There is no box.");
    await waitUntil(() => scroller.scrollHeight > 900);
    await atEnd(scroller);
    await nextFrame();
    // What is sent takes the list to its end, which is further up now; then, in the same frame, the list grows.
    box.style.blockSize = "600px";
    list.messages = [...list.messages, question("again")];
    await list.updateComplete;
    const more = document.createElement("div");
    more.style.blockSize = "900px";
    list.querySelector(".transcript")?.append(more);
    await atEnd(scroller);
    await nextFrame();
    expect(list.querySelector(".scroll-to-latest")).to.equal(null);
  });

  it("lets the reader scroll up at the moment at which the answer takes less room", async () => {
    const { list, scroller } = await show([question("q"), answer(40)]);
    const more = document.createElement("div");
    more.style.blockSize = "300px";
    list.querySelector(".transcript")?.append(more);
    await atEnd(scroller);
    // Between two frames, as readers do.
    await aTimeout(0);
    more.remove();
    scroller.scrollTop = 0;
    await waitUntil(() => list.querySelector(".scroll-to-latest") !== null, "it follows all the same");
    expect(scroller.scrollTop).to.equal(0);
  });

  it("offers the way back, and follows again from there", async () => {
    const { list, scroller } = await show([question("q"), answer(40)]);
    expect(list.querySelector(".scroll-to-latest")).to.equal(null);
    await readBack(scroller);
    await list.updateComplete;
    list.querySelector<HTMLElement>(".scroll-to-latest")?.click();
    await atEnd(scroller);
    await waitUntil(() => list.querySelector(".scroll-to-latest") === null);
    list.messages = [question("q"), answer(80)];
    await list.updateComplete;
    await atEnd(scroller);
  });

  it("goes to the end when the person sends something, wherever they were", async () => {
    const { list, scroller } = await show([question("q"), answer(40)]);
    await readBack(scroller);
    list.messages = [question("q"), answer(40), question("q2")];
    await list.updateComplete;
    await atEnd(scroller);
  });

  it("keeps what the reader has selected and where they are while the answer goes on", async () => {
    const { list, scroller } = await show([question("q"), answer(40)]);
    await waitUntil(() => list.querySelectorAll(".section p").length === 40);
    await readBack(scroller);
    const [first, second] = [...list.querySelectorAll(".section p")].slice(38).map((line) => line.firstChild);
    if (!(first instanceof Text && second instanceof Text)) throw new Error("There are no lines.");
    // The last of them is in the block being written.
    getSelection()?.setBaseAndExtent(first, 2, second, 4);
    const line = lineInView(scroller);
    const { top } = line.getBoundingClientRect();
    for (const lines of [41, 45, 60]) {
      list.messages = [question("q"), answer(lines)];
      await list.updateComplete;
      await waitUntil(() => list.querySelectorAll(".section p").length === lines);
      await nextFrame();
    }
    expect(getSelection()?.toString().replace(/\s+/g, " ")).to.equal("ne 38 Line");
    expect([getSelection()?.anchorNode, getSelection()?.focusNode]).to.deep.equal([first, second]);
    expect(line.getBoundingClientRect().top).to.be.closeTo(top, 1);
  });

  it("keeps the elements of messages that stay", async () => {
    const { list } = await show([question("q"), answer(3)]);
    const [first] = list.querySelectorAll("chat-bot-message-view");
    list.messages = [question("q"), answer(4), question("q2")];
    await list.updateComplete;
    expect(list.querySelector("chat-bot-message-view")).to.equal(first);
  });

  it("is a log that does not read itself out", async () => {
    const { scroller } = await show([question("q")]);
    expect(scroller.role).to.equal("log");
    expect(scroller.ariaLive).to.equal("off");
    expect(scroller.ariaLabel).to.equal("Conversation");
  });
});
