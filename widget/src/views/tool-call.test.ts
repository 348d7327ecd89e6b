import { expect, fixtureSync, html } from "@open-wc/testing";
import type { ToolCall, ToolCallState, ToolOutputStream } from "../conversation/conversation.ts";
import { appendText, noText } from "../conversation/output-text.ts";
import { englishStrings } from "../strings/en.ts";
import { createStyleSheet } from "./style-sheet.ts";
import { toolCallStyles } from "./tool-call.styles.ts";
import { ChatBotToolCall } from "./tool-call.ts";
import { ChatBotToolOutput } from "./tool-output.ts";

for (const [name, view] of [
  ["chat-bot-tool-call", ChatBotToolCall],
  ["chat-bot-tool-output", ChatBotToolOutput],
] as const) {
  if (customElements.get(name) === undefined) customElements.define(name, view);
}

const DONE: ToolCallState = { status: "finished", outcome: "ok", durationMs: 20, truncated: false };
const INPUT = { path: "a.txt", content: "one\ntwo" };

function stream(details: Partial<ToolOutputStream>): ToolOutputStream {
  const text = appendText(noText, "one\ntwo");
  return { channel: "file", path: "a.txt", text, bytes: 7, progress: null, total: null, ...details };
}

function callOf(details: Partial<ToolCall>): ToolCall {
  const call = { id: "c", name: "workspace__write_file", title: "Write file", input: INPUT, output: [], result: [] };
  return { ...call, state: { status: "running" }, ...details };
}

async function show(call: ToolCall): Promise<ChatBotToolCall> {
  const view = fixtureSync<ChatBotToolCall>(
    html`<chat-bot-tool-call .call=${call} .strings=${englishStrings("en")}></chat-bot-tool-call>`,
  );
  await settled(view);
  return view;
}

async function settled(view: ChatBotToolCall): Promise<void> {
  await view.updateComplete;
  await view.querySelector<ChatBotToolOutput>("chat-bot-tool-output")?.updateComplete;
}

function shown(view: ChatBotToolCall): string | null {
  return view.querySelector("pre")?.textContent ?? null;
}

async function press(view: ChatBotToolCall): Promise<void> {
  view.querySelector("button")?.click();
  await settled(view);
}

describe("ChatBotToolCall", () => {
  it("gives a result that is JSON its lines", async () => {
    const view = await show(callOf({ state: DONE, input: {}, result: [{ type: "text", text: '{"members":[]}' }] }));
    await press(view);
    expect(shown(view)).to.equal('{\n  "members": []\n}');
  });

  it("breaks no title that has room beside its state", async () => {
    document.adoptedStyleSheets = [createStyleSheet(toolCallStyles)];
    const state: ToolCallState = { ...DONE, outcome: "denied" };
    const view = await show(callOf({ state, title: "Remove the member" }));
    const title = view.querySelector<HTMLElement>(".tool-title");
    const head = view.querySelector<HTMLElement>(".tool-head");
    if (title === null || head === null) throw new Error("There is no title.");
    const one = title.getBoundingClientRect().height;
    const words = document.createRange();
    words.selectNodeContents(title);
    // As wide as the words, the state, the icons and the gaps.
    head.style.width = `${words.getBoundingClientRect().width + 170}px`;
    expect(title.getBoundingClientRect().height).to.equal(one);
    document.adoptedStyleSheets = [];
  });

  it("shows the input as lines while the model writes it", async () => {
    const text = String.raw`{"content": "say \"one\"\ntwo\\n`;
    const output = [stream({ channel: "input", path: null, text: appendText(noText, text) })];
    const view = await show(callOf({ state: { status: "preparing" }, input: null, output }));
    expect(shown(view)).to.equal('{"content": "say "one"\ntwo\\n');
    expect(view.querySelector(".stream-head span")?.textContent).to.equal("Input");
  });

  it("hides that input while somebody is asked about it in full", async () => {
    const output = [stream({ channel: "input", path: null })];
    const view = await show(callOf({ state: { status: "awaiting_approval" }, output }));
    expect(shown(view)).to.equal(null);
  });

  it("keeps the live output when the call has ended, until it is put away", async () => {
    const view = await show(callOf({ output: [stream({})] }));
    expect(shown(view)).to.equal("one\ntwo");
    view.call = callOf({ output: [stream({})], state: DONE });
    await settled(view);
    expect(shown(view)).to.equal("one\ntwo");
    await press(view);
    expect(view.querySelector("button")?.getAttribute("aria-expanded")).to.equal("true");
    expect([...view.querySelectorAll(".lines .line")].map(({ textContent }) => textContent)).to.deep.equal([
      "one",
      "two",
    ]);
    expect(view.querySelector(".exact pre")?.textContent).to.equal(JSON.stringify(INPUT, null, 2));
    expect(view.querySelector(".stream pre")?.textContent).to.equal("one\ntwo");
    await press(view);
    expect(view.querySelector("button")?.getAttribute("aria-expanded")).to.equal("false");
    expect(shown(view)).to.equal(null);
  });

  it("lets go of progress without text when the call has ended", async () => {
    const output = [stream({ channel: "progress", path: null, text: noText, progress: 1, total: 2 })];
    const view = await show(callOf({ output }));
    expect(view.querySelector("progress")).not.to.equal(null);
    view.call = callOf({ output, state: DONE });
    await settled(view);
    expect(view.querySelector("chat-bot-tool-output")).to.equal(null);
  });
});
