import { expect, fixtureSync, html } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import { englishStrings } from "../strings/en.ts";
import { ChatBotComposer } from "./composer.ts";

if (customElements.get("chat-bot-composer") === undefined) customElements.define("chat-bot-composer", ChatBotComposer);

interface Shown {
  composer: ChatBotComposer;
  input: HTMLTextAreaElement;
  sent: string[];
}

async function show(properties: Partial<ChatBotComposer> = {}): Promise<Shown> {
  const sent: string[] = [];
  const composer = fixtureSync<ChatBotComposer>(html`<chat-bot-composer
    .placeholder=${"Write…"}
    .strings=${englishStrings("en")}
    .send=${(text: string) => sent.push(text) > 0}
  ></chat-bot-composer>`);
  Object.assign(composer, properties);
  await composer.updateComplete;
  const input = composer.querySelector("textarea");
  if (input === null) throw new Error("There is no message box.");
  input.focus();
  return { composer, input, sent };
}

async function fill({ composer, input }: Shown, text: string): Promise<void> {
  input.value = text;
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await composer.updateComplete;
}

describe("ChatBotComposer", () => {
  it("sends on Enter, trimmed, and empties itself", async () => {
    const shown = await show();
    await fill(shown, "  Hello ");
    await sendKeys({ press: "Enter" });
    expect(shown.sent).to.deep.equal(["Hello"]);
    expect(shown.input.value).to.equal("");
    expect(document.activeElement).to.equal(shown.input);
  });

  it("begins a new line on Shift+Enter", async () => {
    const shown = await show();
    await fill(shown, "Hello");
    await sendKeys({ down: "Shift" });
    await sendKeys({ press: "Enter" });
    await sendKeys({ up: "Shift" });
    expect(shown.sent).to.deep.equal([]);
    expect(shown.input.value).to.equal("Hello\n");
  });

  it("does not send while an input method composes", async () => {
    const shown = await show();
    await fill(shown, "こんに");
    shown.input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }));
    shown.input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true }));
    expect(shown.sent).to.deep.equal([]);
  });

  it("sends nothing when nothing is written", async () => {
    const shown = await show();
    await fill(shown, " \n ");
    await sendKeys({ press: "Enter" });
    expect(shown.sent).to.deep.equal([]);
    expect(shown.composer.querySelector<HTMLButtonElement>(".send")?.disabled).to.equal(true);
  });

  it("keeps a draft that was not taken", async () => {
    const shown = await show({ send: () => false });
    await fill(shown, "Hello");
    await sendKeys({ press: "Enter" });
    expect(shown.input.value).to.equal("Hello");
  });

  it("grows with what is written", async () => {
    const shown = await show();
    const before = shown.input.offsetHeight;
    await fill(shown, "1\n2\n3\n4");
    expect(shown.input.offsetHeight).to.be.greaterThan(before * 2);
  });

  const lengths: [length: number, counter: string | null, isSendable: boolean][] = [
    [9_000, null, true],
    [9_001, "9,001 / 10,000", true],
    [10_000, "10,000 / 10,000", true],
    [10_001, "The message is too long: 10,001 of at most 10,000 characters.", false],
  ];
  for (const [length, counter, isSendable] of lengths) {
    it(`${isSendable ? "takes" : "refuses"} ${length} characters${counter === null ? "" : ", counting"}`, async () => {
      const shown = await show();
      await fill(shown, "x".repeat(length));
      expect(shown.composer.querySelector(".length")?.textContent?.trim() ?? null).to.equal(counter);
      await sendKeys({ press: "Enter" });
      expect(shown.sent.length).to.equal(isSendable ? 1 : 0);
    });
  }

  it("stops what is being answered", async () => {
    let stopped = 0;
    const { composer } = await show({
      isAnswering: true,
      stop: () => {
        stopped += 1;
      },
    });
    composer.querySelector<HTMLButtonElement>(".stop")?.click();
    expect(stopped).to.equal(1);
  });

  it("sends instead of stopping where a message may interrupt", async () => {
    const shown = await show({ isAnswering: true, mayInterrupt: true });
    await fill(shown, "Never mind");
    await sendKeys({ press: "Enter" });
    expect(shown.sent).to.deep.equal(["Never mind"]);
  });
});
