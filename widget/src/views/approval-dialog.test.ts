import { expect, fixtureSync, html, nextFrame, waitUntil } from "@open-wc/testing";
import { resetMouse, sendKeys, sendMouse } from "@web/test-runner-commands";
import { request } from "../../test/sample-panel.ts";
import type { ToolRequestEvent } from "../protocol/index.ts";
import { englishStrings } from "../strings/en.ts";
import { defineToolViews } from "../tool-views.ts";
import type { ApprovalAnswer } from "./approval-answer.ts";
import type { ChatBotApprovalDialog } from "./approval-dialog.ts";
import { panelStyles } from "./panel.styles.ts";

const toolStyles = defineToolViews();

interface Shown {
  dialog: ChatBotApprovalDialog;
  answers: ApprovalAnswer[];
  find(selector: string): HTMLElement;
}

async function show(...requests: ToolRequestEvent[]): Promise<Shown> {
  document.adoptedStyleSheets = [...panelStyles(), ...toolStyles];
  const answers: ApprovalAnswer[] = [];
  const dialog = fixtureSync<ChatBotApprovalDialog>(html`<chat-bot-approval-dialog
    .requests=${requests}
    .strings=${englishStrings("en")}
    .answer=${(answer: ApprovalAnswer) => answers.push(answer)}
  ></chat-bot-approval-dialog>`);
  await dialog.updateComplete;
  return {
    dialog,
    answers,
    find(selector) {
      const found = dialog.querySelector<HTMLElement>(selector);
      if (found === null) throw new Error(`There is no ${selector}.`);
      return found;
    },
  };
}

async function armed({ find }: Shown): Promise<void> {
  await waitUntil(() => find(".approve").ariaDisabled === "false", "Approve was not armed", { timeout: 5_000 });
}

async function click(target: HTMLElement): Promise<void> {
  const { x, y, width, height } = target.getBoundingClientRect();
  await sendMouse({ type: "click", position: [Math.round(x + width / 2), Math.round(y + height / 2)] });
}

describe("ChatBotApprovalDialog", () => {
  afterEach(async () => {
    await resetMouse();
    document.adoptedStyleSheets = [];
  });

  it("is an alert dialog with a name and a description", async () => {
    const { find } = await show(request("a", { path: "x" }));
    const dialog = find("[role=alertdialog]");
    expect(find(`#${dialog.getAttribute("aria-labelledby")}`).textContent).to.equal("Approval needed");
    expect(find(`#${dialog.getAttribute("aria-describedby")}`).textContent).to.contain("Write file");
    expect(dialog.ariaModal).to.equal("true");
  });

  it("has the focus on Deny", async () => {
    const { find } = await show(request("a", {}));
    expect(document.activeElement).to.equal(find(".deny"));
  });

  it("leaves the focus to somebody who writes elsewhere", async () => {
    const input = fixtureSync<HTMLInputElement>(html`<input />`);
    input.focus();
    await show(request("a", {}));
    expect(document.activeElement).to.equal(input);
  });

  it("shows the exact input", async () => {
    const input = { path: "a.txt", content: "1\n2", overwrite: false, mode: null, size: 3 };
    const { find } = await show(request("a", input));
    expect(find(".exact pre").textContent).to.equal(JSON.stringify(input, null, 2));
  });

  it("shows flat input field by field", async () => {
    const { dialog } = await show(request("a", { path: "a.txt", size: 3 }));
    expect([...dialog.querySelectorAll("dt, dd")].map(({ textContent }) => textContent)).to.deep.equal([
      "path",
      "a.txt",
      "size",
      "3",
    ]);
  });

  it("shows nested input as JSON only", async () => {
    const { dialog, find } = await show(request("a", { member: { id: 1 } }));
    expect(dialog.querySelector("dl")).to.equal(null);
    expect(find("details").hasAttribute("open")).to.equal(true);
  });

  const hidden: [title: string, character: string, shown: string][] = [
    ["a right-to-left override", "\u202e", "U+202E"],
    ["an isolate", "\u2066", "U+2066"],
    ["a zero-width space", "\u200b", "U+200B"],
    ["a soft hyphen", "\u00ad", "U+00AD"],
    ["a bell", "\u0007", "U+0007"],
    ["a carriage return", "\r", "U+000D"],
    ["a no-break space", "\u00a0", "U+00A0"],
    ["a Hangul filler", "\u3164", "U+3164"],
    ["a tag character", "\u{e0041}", "U+E0041"],
    ["a variation selector", "\ufe0f", "U+FE0F"],
    ["a Braille blank", "\u2800", "U+2800"],
    ["an unpaired surrogate", "\ud800", "U+D800"],
  ];
  for (const [title, character, shown] of hidden) {
    it(`makes ${title} visible`, async () => {
      const { find } = await show(request("a", { path: `a${character}b` }));
      expect(find(".fields dd").textContent).to.equal(`a${shown}b`);
      expect(find(".fields .hidden-character").textContent).to.equal(shown);
    });
  }

  it("never parses input as markup", async () => {
    const { dialog, find } = await show(request("a", { "<b>": "<img src=x onerror=alert(1)>" }));
    expect(dialog.querySelector("img, b")).to.equal(null);
    expect(find(".fields dd").textContent).to.equal("<img src=x onerror=alert(1)>");
  });

  it("approves after a real click once it is armed", async () => {
    const shown = await show(request("a", {}));
    await armed(shown);
    await click(shown.find(".approve"));
    expect(shown.answers).to.deep.equal([{ toolUseId: "a", isApproved: true, isRemembered: false }]);
  });

  it("does not approve before it is armed", async () => {
    const shown = await show(request("a", {}));
    await click(shown.find(".approve"));
    expect(shown.answers).to.deep.equal([]);
  });

  it("does not approve after a click a script made", async () => {
    const shown = await show(request("a", {}));
    await armed(shown);
    shown.find(".approve").click();
    shown.find(".approve").dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));
    expect(shown.answers).to.deep.equal([]);
  });

  it("is not armed while something lies over it", async function () {
    // Other browsers tell only whether it is scrolled into view: IntersectionObserver has no `trackVisibility` there.
    if (!("isVisible" in IntersectionObserverEntry.prototype)) this.skip();
    const shown = await show(request("a", {}));
    await armed(shown);
    const cover = fixtureSync<HTMLElement>(html`<div class="cover"></div>`);
    Object.assign(cover.style, {
      position: "fixed",
      inset: "0",
      zIndex: "9",
      background: "white",
      pointerEvents: "none",
    });
    await waitUntil(() => shown.find(".approve").ariaDisabled === "true", "Approve stayed armed");
    await click(shown.find(".approve"));
    expect(shown.answers).to.deep.equal([]);
  });

  it("is disarmed when it moves", async () => {
    const shown = await show(request("a", {}));
    await armed(shown);
    shown.find(".dialog").style.marginBlockEnd = "40px";
    await waitUntil(() => shown.find(".approve").ariaDisabled === "true", "Approve stayed armed");
  });

  it("denies at once", async () => {
    const shown = await show(request("a", {}));
    await sendKeys({ press: "Enter" });
    expect(shown.answers).to.deep.equal([{ toolUseId: "a", isApproved: false, isRemembered: false }]);
  });

  it("decides nothing on Escape, and keeps it to itself", async () => {
    const shown = await show(request("a", {}));
    let heard = 0;
    const listen = (): void => {
      heard += 1;
    };
    document.body.addEventListener("keydown", listen);
    await sendKeys({ press: "Escape" });
    document.body.removeEventListener("keydown", listen);
    expect(shown.answers).to.deep.equal([]);
    expect(heard).to.equal(0);
    expect(shown.dialog.querySelector(".dialog")).not.to.equal(null);
  });

  it("keeps Tab inside", async () => {
    const { dialog, find } = await show(request("a", { path: "x" }));
    for (let press = 0; press < 12; press += 1) {
      await sendKeys({ press: "Tab" });
      expect(dialog.contains(document.activeElement)).to.equal(true);
    }
    find(".deny").focus();
    for (let press = 0; press < 12; press += 1) {
      await sendKeys({ down: "Shift" });
      await sendKeys({ press: "Tab" });
      await sendKeys({ up: "Shift" });
      expect(dialog.contains(document.activeElement)).to.equal(true);
    }
  });

  it("offers to remember only where it may", async () => {
    const { dialog } = await show(request("a", {}));
    expect(dialog.querySelector(".remember")).to.equal(null);
  });

  it("remembers when asked to", async () => {
    const shown = await show(request("a", {}, { remember: ["once", "conversation"] }));
    await armed(shown);
    await click(shown.find(".remember input"));
    await click(shown.find(".approve"));
    expect(shown.answers).to.deep.equal([{ toolUseId: "a", isApproved: true, isRemembered: true }]);
  });

  it("asks several one after another, counting, and is not armed for the next at once", async () => {
    const requests = [request("a", { n: 1 }), request("b", { n: 2 }, { remember: ["once", "conversation"] })];
    const shown = await show(...requests);
    expect(shown.find(".count").textContent).to.equal("1 of 2");
    await armed(shown);
    await click(shown.find(".approve"));
    shown.dialog.requests = requests.slice(1);
    await shown.dialog.updateComplete;
    await nextFrame();
    expect(shown.find(".count").textContent).to.equal("2 of 2");
    expect(shown.find(".approve").ariaDisabled).to.equal("true");
    expect(document.activeElement).to.equal(shown.find(".deny"));
  });

  it("shows how long there is to decide", async () => {
    const { find } = await show(request("a", {}, { expires_at: new Date(Date.now() + 599_500).toISOString() }));
    expect(find(".expiry").textContent?.trim()).to.equal("Expires in 10:00");
  });

  it("leaves the decision to the server when the clock is wrong", async () => {
    const shown = await show(request("a", {}, { expires_at: new Date(Date.now() - 5_000).toISOString() }));
    await armed(shown);
    expect(shown.find(".expiry").textContent?.trim()).to.equal("");
  });

  it("warns of what may be lost for good", async () => {
    const { find } = await show(request("a", {}, { annotations: { destructiveHint: true } }));
    expect(find(".destructive").textContent).to.contain("for good");
  });

  it("shows nothing when nothing is asked", async () => {
    const { dialog } = await show();
    expect(dialog.querySelector("*")).to.equal(null);
  });
});
