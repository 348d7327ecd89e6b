import { expect, fixtureSync, html, nextFrame, waitUntil } from "@open-wc/testing";
import { sendMouse } from "@web/test-runner-commands";
import type { ToolOutputStream } from "../conversation/conversation.ts";
import { appendText, noText } from "../conversation/output-text.ts";
import { englishStrings } from "../strings/en.ts";
import { defineToolViews } from "../tool-views.ts";
import { panelStyles } from "./panel.styles.ts";
import type { ChatBotToolOutput } from "./tool-output.ts";

const toolStyles = defineToolViews();
const LINE = `${"a line of forty characters with its end".padEnd(39)}\n`;

function streamOf(text: string, details: Partial<ToolOutputStream> = {}): ToolOutputStream {
  const whole = appendText(noText, text);
  return { channel: "file", path: "a.txt", text: whole, bytes: text.length, progress: null, total: null, ...details };
}

function grown(stream: ToolOutputStream, added: string): ToolOutputStream {
  return { ...stream, text: appendText(stream.text, added), bytes: stream.bytes + added.length };
}

interface Shown {
  view: ChatBotToolOutput;
  box: HTMLElement;
  text(): string;
  /** Renders a stream, and lets the box follow it. */
  update(stream: ToolOutputStream): Promise<void>;
  press(label: string): Promise<void>;
}

async function show(stream: ToolOutputStream): Promise<Shown> {
  document.adoptedStyleSheets = [...panelStyles(), ...toolStyles];
  const view = fixtureSync<ChatBotToolOutput>(
    html`<chat-bot-tool-output .stream=${stream} .isLive=${true} .strings=${englishStrings("en")}></chat-bot-tool-output>`,
  );
  await view.updateComplete;
  const box = view.querySelector("pre");
  if (box === null) throw new Error("There is no text.");
  return {
    view,
    box,
    text: () => box.textContent ?? "",
    async update(next) {
      view.stream = next;
      await view.updateComplete;
      await nextFrame();
    },
    async press(label) {
      const button = [...view.querySelectorAll("button")].find(
        ({ textContent, ariaLabel }) => textContent?.trim() === label || ariaLabel === label,
      );
      if (button === undefined) throw new Error(`There is no button ${label}.`);
      button.click();
      await view.updateComplete;
      await nextFrame();
    },
  };
}

function isAtEnd(box: HTMLElement): boolean {
  return box.scrollHeight - box.clientHeight - box.scrollTop <= 2;
}

/** As a reader does, with the wheel. */
async function scrollUp({ view, box }: Shown): Promise<void> {
  const { x, y, width, height } = box.getBoundingClientRect();
  await sendMouse({ type: "move", position: [Math.round(x + width / 2), Math.round(y + height / 2)] });
  box.scrollTop -= 200;
  await waitUntil(() => view.querySelector(".stream-follow") !== null, "it goes on following");
}

/** Nodes below an element, and the characters in them. */
function contentOf(root: Node): { nodes: number; characters: number } {
  const walker = document.createTreeWalker(root);
  let nodes = 0;
  while (walker.nextNode() !== null) nodes += 1;
  return { nodes, characters: root.textContent?.length ?? 0 };
}

describe("ChatBotToolOutput", () => {
  afterEach(() => {
    document.adoptedStyleSheets = [];
  });

  it("follows what is added", async () => {
    const shown = await show(streamOf(LINE.repeat(50)));
    await nextFrame();
    expect(isAtEnd(shown.box)).to.equal(true);
    await shown.update(streamOf(LINE.repeat(90)));
    await waitUntil(() => isAtEnd(shown.box));
  });

  it("stays where the reader has scrolled to, however much is added, until the reader comes back", async () => {
    let stream = streamOf(LINE.repeat(300));
    const shown = await show(stream);
    await nextFrame();
    await scrollUp(shown);
    const [top, start] = [shown.box.scrollTop, shown.text().slice(0, 4_000)];
    for (let count = 0; count < 40; count += 1) {
      stream = grown(stream, LINE.repeat(100));
      await shown.update(stream);
    }
    expect(shown.box.scrollTop).to.equal(top);
    expect(shown.text().slice(0, 4_000)).to.equal(start);
    expect(shown.text().length).to.be.at.most(32_000);
    await shown.press("Go to the end of the output");
    await shown.update(grown(stream, "the end\n"));
    await waitUntil(() => shown.text().endsWith("the end\n") && isAtEnd(shown.box));
    expect(shown.view.querySelector(".stream-follow")).to.equal(null);
  });

  it("keeps 5 MB in a few nodes: the end of them, from the beginning of a line", async () => {
    let stream = streamOf("");
    const shown = await show(grown(stream, "first line\n"));
    let most = { nodes: 0, characters: 0 };
    const piece = LINE.repeat(400);
    while (stream.bytes < 5_000_000) {
      stream = grown(stream, piece);
      shown.view.stream = stream;
      await shown.view.updateComplete;
      const { nodes, characters } = contentOf(shown.view);
      most = { nodes: Math.max(most.nodes, nodes), characters: Math.max(most.characters, characters) };
    }
    expect(most.nodes).to.be.below(60);
    expect(most.characters).to.be.below(33_000);
    expect(shown.text().endsWith(LINE)).to.equal(true);
    expect(shown.text().startsWith("a line")).to.equal(true);
    expect(shown.view.querySelector(".stream-choice")?.textContent).to.contain("5 MB above not shown");
  });

  it("bounds the nodes of characters that it makes visible, too", async () => {
    const { view, text } = await show(streamOf("a\u200b".repeat(100_000)));
    expect(contentOf(view).nodes).to.be.below(100);
    expect(text()).to.contain("[U+200B]a[U+200B]");
  });

  it("shows all when asked to, with what is added, and only the end again", async () => {
    const start = Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`).join("");
    const stream = streamOf(start);
    const shown = await show(stream);
    expect(shown.text()).not.to.contain("line 0\n");
    await shown.press("Show all");
    expect(shown.text()).to.equal(start);
    expect(shown.box.scrollTop).to.equal(0);
    await shown.update(grown(stream, "more\n"));
    expect(shown.text()).to.equal(`${start}more\n`);
    expect(shown.box.scrollTop).to.equal(0);
    await shown.press("Show only the end");
    await waitUntil(() => isAtEnd(shown.box));
    expect(shown.text().length).to.be.at.most(32_000);
  });

  it("offers to show all only where not all is shown", async () => {
    const { view } = await show(streamOf("short\n"));
    expect(view.querySelector(".stream-choice")).to.equal(null);
  });

  it("tells how much there is", async () => {
    const { view } = await show(streamOf(LINE.repeat(31)));
    expect(view.querySelector(".amount")?.textContent).to.equal("1.2 kB");
  });

  it("measures progress where the tool tells the total", async () => {
    const { view } = await show(streamOf("x", { channel: "progress", path: null, progress: 3, total: 8 }));
    expect(view.querySelector("progress")?.position).to.equal(3 / 8);
    expect(view.querySelector(".amount")?.textContent).to.equal("3 of 8");
  });

  it("shows progress without a measure otherwise, and none when the call has ended", async () => {
    const { view } = await show(streamOf("x", { channel: "progress", path: null, progress: 3 }));
    expect(view.querySelector("progress")?.position).to.equal(-1);
    view.isLive = false;
    await view.updateComplete;
    expect(view.querySelector("progress")).to.equal(null);
  });

  it("never parses output as markup", async () => {
    const { view, text } = await show(streamOf("<img src=x onerror=alert(1)>"));
    expect(view.querySelector("img")).to.equal(null);
    expect(text()).to.equal("<img src=x onerror=alert(1)>");
  });

  it("takes lines as they end elsewhere, and makes other controls visible", async () => {
    const { text } = await show(streamOf("one\r\ntwo\u001b[0m"));
    expect(text()).to.equal("one\ntwoU+001B[0m");
  });
});
