import { expect, fixtureSync, html, waitUntil } from "@open-wc/testing";
import { englishStrings } from "../strings/en.ts";
import { ChatBotMarkdown, loadMarkdown } from "./markdown.ts";

customElements.define("chat-bot-markdown", ChatBotMarkdown);

async function show(text: string): Promise<ChatBotMarkdown> {
  const strings = englishStrings("en");
  const view = fixtureSync<ChatBotMarkdown>(
    html`<chat-bot-markdown .text=${text} .isStreaming=${true} .strings=${strings}></chat-bot-markdown>`,
  );
  await view.updateComplete;
  return view;
}

describe("ChatBotMarkdown", () => {
  it("shows text as it is written until what makes Markdown of it is there", async () => {
    // The first one on this page: nothing is loaded.
    const view = await show("a **b**\n\nc");
    expect(view.textContent).to.equal("a **b**\n\nc");
    expect(view.className).to.equal("plain-text");
    await loadMarkdown();
    await view.updateComplete;
    await waitUntil(() => view.querySelector("strong") !== null);
    expect(view.className).to.equal("");
    expect([...view.querySelectorAll("p")].map(({ textContent }) => textContent)).to.deep.equal(["a b", "c"]);
  });

  it("goes on with its text, and begins anew in another language", async () => {
    await loadMarkdown();
    const view = await show("a\n\nb\n\n");
    const [first] = view.querySelectorAll("p");
    view.text = "a\n\nb\n\nc";
    await view.updateComplete;
    expect(view.querySelector("p")).to.equal(first);
    view.strings = { ...view.strings, copyCode: "Copiar" };
    view.text = "```\nd\n```";
    await view.updateComplete;
    expect(view.textContent).to.equal("Copiard");
  });

  it("tells that it has grown, while it streams", async () => {
    await loadMarkdown();
    const view = await show("a");
    let told = 0;
    view.addEventListener("markdown-grown", () => {
      told += 1;
    });
    view.text = "ab";
    await view.updateComplete;
    expect(told).to.equal(1);
    view.isStreaming = false;
    await view.updateComplete;
    expect(told).to.equal(1);
  });
});
