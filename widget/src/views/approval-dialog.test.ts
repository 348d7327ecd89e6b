import { expect, fixtureSync, html, nextFrame, waitUntil } from "@open-wc/testing";
import { resetMouse, sendKeys, sendMouse, setViewport } from "@web/test-runner-commands";
import { request } from "../../test/sample-panel.ts";
import { until } from "../../test/until.ts";
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
  const clicked = new Promise((resolve) => window.addEventListener("click", resolve, { capture: true, once: true }));
  await sendMouse({ type: "click", position: [Math.round(x + width / 2), Math.round(y + height / 2)] });
  // Not every engine has handled it when the command is done.
  await clicked;
  await nextFrame();
}

describe("ChatBotApprovalDialog", () => {
  afterEach(async () => {
    await resetMouse();
    await setViewport({ width: 800, height: 600 });
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

  it("shows input field by field", async () => {
    const { dialog } = await show(request("a", { path: "a.txt", size: 3 }));
    expect([...dialog.querySelectorAll("dt, dd")].map(({ textContent }) => textContent)).to.deep.equal([
      "path",
      "a.txt",
      "size",
      "3",
    ]);
  });

  it("tells strings that look like other values from these", async () => {
    const nested = { h: "[1]", i: '"007"', j: '{"k":\n1}', l: "x\n" };
    const flat = { a: "true", b: true, c: "", d: " x", e: "007", f: null, g: "plain" };
    const { dialog } = await show(request("a", { ...flat, ...nested }));
    expect([...dialog.querySelectorAll("dd")].map(({ textContent }) => textContent)).to.deep.equal([
      '"true"',
      "true",
      '""',
      '" x"',
      '"007"',
      "null",
      "plain",
      ...Object.values(nested).map((value) => JSON.stringify(value)),
    ]);
  });

  it("shows a file that is to be written line by line, with what becomes of one that exists", async () => {
    const { dialog, find } = await show(request("a", { path: "a.txt", content: "one\n\ttwo\n\nfour\n" }));
    expect([...dialog.querySelectorAll(".lines .line")].map(({ textContent }) => textContent)).to.deep.equal([
      "one",
      "\ttwo",
      "",
      "four",
    ]);
    expect(find(".lines .line:last-child").dataset["number"]).to.equal("4");
    expect(find(".file-note").textContent).to.equal("New file");
    expect(find(".file-size").textContent).to.equal("4 lines, 15 bytes");
    expect(dialog.querySelector("dl")?.textContent).not.to.contain("content");
    dialog.requests = [request("b", { path: "a.txt", content: "x", overwrite: true })];
    await dialog.updateComplete;
    expect(find(".file-note").textContent).to.equal("Replaces the file if it exists");
  });

  it("shows a change as lines added and removed", async () => {
    const input = { path: "a.txt", old_text: "one\ntwo\nthree\n", new_text: "one\n2\nthree\n" };
    const { dialog, find } = await show(request("a", input, { name: "workspace__edit_file" }));
    expect(
      [...dialog.querySelectorAll(".lines .line")].map(({ localName, textContent }) => [localName, textContent]),
    ).to.deep.equal([
      ["div", "one"],
      ["del", "Removed:two"],
      ["ins", "Added:2"],
      ["div", "three"],
    ]);
    expect(find(".file-size").textContent).to.equal("1 line added, 1 removed");
  });

  it("names the tool itself, whatever its title says", async () => {
    const { find } = await show(request("a", {}, { title: "Harmless", name: "files__delete_all" }));
    expect(find(".tool-name").textContent).to.equal("files__delete_all");
  });

  for (const [title, input] of [
    ["a file", { path: "a.txt", content: `${"long line of a file ".repeat(20)}\n`.repeat(900) }],
    ["fields", { text: "word ".repeat(20_000) }],
    ["JSON", { list: Array.from({ length: 2_000 }, (_, index) => `item ${index}`) }],
  ] as const) {
    it(`keeps its buttons in view on a small screen, however long the input is, and shows all of it: ${title}`, async () => {
      await setViewport({ width: 320, height: 480 });
      const panel = fixtureSync<HTMLElement>(html`<div></div>`);
      Object.assign(panel.style, { position: "fixed", inset: "0" });
      const shown = await show(
        request("a", input, { remember: ["once", "conversation"], description: "Does something. ".repeat(20) }),
        request("b", {}),
      );
      panel.append(shown.dialog);
      await armed(shown);
      for (const button of shown.dialog.querySelectorAll(".answers button")) {
        const { top, bottom, left, right } = button.getBoundingClientRect();
        expect(top > 0 && bottom <= 480 && left >= 0 && right <= 320, button.textContent ?? "").to.equal(true);
      }
      const body = shown.find(".dialog-body");
      expect(body.clientHeight).to.be.above(100);
      expect(body.scrollHeight).to.be.above(1_000);
      expect(body.scrollWidth).to.equal(body.clientWidth);
      expect(shown.find(".exact pre").textContent).to.equal(JSON.stringify(input, null, 2));
    });
  }

  it("shows nested input as JSON in its field, and the text beside it as text", async () => {
    const input = { to: ["ada@example.org"], body: "[Club] Dear all,\nwe row.\n" };
    const { dialog, find } = await show(request("a", input));
    expect([...dialog.querySelectorAll("dt, dd")].map(({ textContent }) => textContent)).to.deep.equal([
      "to",
      JSON.stringify(input.to, null, 2),
      "body",
      input.body,
    ]);
    expect(find(".exact pre").textContent).to.equal(JSON.stringify(input, null, 2));
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

  it("is not armed while something lies over it that takes the pointer from it", async () => {
    const shown = await show(request("a", {}));
    await armed(shown);
    const cover = fixtureSync<HTMLElement>(html`<div class="cover"></div>`);
    Object.assign(cover.style, { position: "fixed", inset: "0", zIndex: "9", background: "white" });
    await until(() => shown.find(".approve").ariaDisabled === "true", "Approve stayed armed");
    shown.find(".approve").focus();
    const released = new Promise((resolve) => shown.dialog.addEventListener("keyup", resolve, { once: true }));
    await sendKeys({ press: "Enter" });
    await released;
    expect(shown.answers).to.deep.equal([]);
  });

  it("is not armed while something lies over it that lets the pointer through, where the browser can tell", async () => {
    const isTold = "isVisible" in IntersectionObserverEntry.prototype;
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
    if (isTold) await until(() => shown.find(".approve").ariaDisabled === "true", "Approve stayed armed");
    await click(shown.find(".approve"));
    expect(shown.answers.length).to.equal(isTold ? 0 : 1);
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
    await until(() => shown.answers.length > 0);
    expect(shown.answers).to.deep.equal([{ toolUseId: "a", isApproved: false, isRemembered: false }]);
  });

  it("takes no key for an answer that is meant for the message being written, or still held down", async () => {
    const shown = await show(request("a", {}));
    const press = (key: string, repeat = false): boolean =>
      shown.find(".deny").dispatchEvent(new KeyboardEvent("keydown", { key, repeat, bubbles: true, cancelable: true }));
    expect([press("Enter"), press("Enter", true)]).to.deep.equal([true, false]);
    press("x");
    expect([press(" "), press("Enter")]).to.deep.equal([false, false]);
  });

  it("takes a key for an answer after a pause in writing", async () => {
    const box = fixtureSync<HTMLTextAreaElement>(html`<textarea></textarea>`);
    box.focus();
    await sendKeys({ type: "done" });
    box.blur();
    const shown = await show(request("a", {}));
    await until(async () => {
      await sendKeys({ press: "Enter" });
      return shown.answers.length > 0;
    });
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

  it("is not armed for the next question at once, and has the focus on Deny again", async () => {
    const requests = [request("a", { n: 1 }), request("b", { n: 2 }, { remember: ["once", "conversation"] })];
    const shown = await show(...requests);
    expect(shown.find(".count").textContent).to.equal("1 of 2");
    await armed(shown);
    await click(shown.find(".approve"));
    expect(shown.answers.map(({ toolUseId }) => toolUseId)).to.deep.equal(["a"]);
    shown.dialog.requests = requests.slice(1);
    await shown.dialog.updateComplete;
    await nextFrame();
    expect(shown.dialog.querySelector(".count")).to.equal(null);
    expect(shown.find(".fields").textContent).to.contain("2");
    expect(shown.find(".approve").ariaDisabled).to.equal("true");
    expect(document.activeElement).to.equal(shown.find(".deny"));
  });

  it("goes through several, and answers the one that is shown", async () => {
    const shown = await show(request("a", { n: "first" }), request("b", { n: "second" }), request("c", { n: "third" }));
    expect(shown.find(".previous").ariaDisabled).to.equal("true");
    shown.find(".next").focus();
    await sendKeys({ press: "Enter" });
    await until(() => shown.find(".count").textContent === "2 of 3");
    expect(shown.find(".fields dd").textContent).to.equal("second");
    expect(document.activeElement).to.equal(shown.find(".next"));
    await armed(shown);
    await click(shown.find(".approve"));
    expect(shown.answers).to.deep.equal([{ toolUseId: "b", isApproved: true, isRemembered: false }]);
    shown.dialog.requests = [request("a", { n: "first" }), request("c", { n: "third" })];
    await shown.dialog.updateComplete;
    expect(shown.find(".fields dd").textContent).to.equal("third");
  });

  it("approves all at once only when each has been looked at", async () => {
    const shown = await show(
      request("a", {}),
      request("b", {}, { remember: ["once", "conversation"] }),
      request("c", {}),
    );
    await armed(shown);
    expect(shown.find(".unseen").textContent).to.contain("2 more requests");
    await click(shown.find(".approve-all"));
    expect(shown.answers).to.deep.equal([]);
    await click(shown.find(".next"));
    await until(() => shown.find(".count").textContent === "2 of 3");
    await nextFrame();
    await armed(shown);
    await click(shown.find(".remember input"));
    await click(shown.find(".next"));
    await until(() => shown.find(".count").textContent === "3 of 3");
    await nextFrame();
    expect(shown.find(".approve-all").ariaDisabled).to.equal("true");
    const place = (): DOMRect => shown.find(".answers").getBoundingClientRect();
    const before = place();
    await armed(shown);
    expect(shown.find(".approve-all").ariaDisabled).to.equal("false");
    expect(shown.find(".unseen").checkVisibility({ visibilityProperty: true })).to.equal(false);
    expect(place(), "what moves is disarmed").to.deep.equal(before);
    shown.find(".approve-all").click();
    expect(shown.answers).to.deep.equal([]);
    await click(shown.find(".approve-all"));
    expect(shown.answers).to.deep.equal([
      { toolUseId: "a", isApproved: true, isRemembered: false },
      { toolUseId: "b", isApproved: true, isRemembered: true },
      { toolUseId: "c", isApproved: true, isRemembered: false },
    ]);
  });

  it("wants another look when one comes that has not been looked at", async () => {
    const requests = [request("a", {}), request("b", {})];
    const shown = await show(...requests);
    await armed(shown);
    await click(shown.find(".next"));
    await armed(shown);
    expect(shown.find(".approve-all").ariaDisabled).to.equal("false");
    shown.dialog.requests = [...requests, request("c", {})];
    await shown.dialog.updateComplete;
    await armed(shown);
    expect(shown.find(".approve-all").ariaDisabled).to.equal("true");
    expect(shown.find(".unseen").textContent).to.contain("1 more request.");
    expect(shown.find(".count").textContent).to.equal("2 of 3");
  });

  it("denies all at once", async () => {
    const shown = await show(request("a", {}), request("b", {}));
    await click(shown.find(".deny-all"));
    expect(shown.answers.map(({ toolUseId, isApproved }) => [toolUseId, isApproved])).to.deep.equal([
      ["a", false],
      ["b", false],
    ]);
  });

  it("does not offer to approve together what may be lost for good", async () => {
    const { dialog } = await show(request("a", {}), request("b", {}, { annotations: { destructiveHint: true } }));
    expect(dialog.querySelector(".approve-all")).to.equal(null);
    expect(dialog.querySelector(".deny-all")).not.to.equal(null);
  });

  it("shows another question when the one that is shown is withdrawn, unarmed", async () => {
    const shown = await show(request("a", { n: "first" }), request("b", { n: "second" }));
    await armed(shown);
    shown.dialog.requests = [request("b", { n: "second" })];
    await shown.dialog.updateComplete;
    await shown.dialog.updateComplete;
    expect(shown.find(".fields dd").textContent).to.equal("second");
    expect(shown.find(".approve").ariaDisabled).to.equal("true");
  });

  it("stays with the question that is shown when another one is withdrawn", async () => {
    const shown = await show(request("a", { n: "first" }), request("b", { n: "second" }));
    await click(shown.find(".next"));
    shown.dialog.requests = [request("b", { n: "second" })];
    await shown.dialog.updateComplete;
    expect(shown.find(".fields dd").textContent).to.equal("second");
  });

  it("says why nothing can be approved while something lies over it", async () => {
    const shown = await show(request("a", {}));
    const cover = fixtureSync<HTMLElement>(html`<div class="cover"></div>`);
    Object.assign(cover.style, { position: "fixed", inset: "0", zIndex: "9", background: "white" });
    await waitUntil(() => shown.dialog.querySelector(".obstacle") !== null, "it keeps quiet", { timeout: 8_000 });
    expect(shown.find(".obstacle").textContent).to.contain("fully in view");
    cover.remove();
    await armed(shown);
    expect(shown.dialog.querySelector(".obstacle")).to.equal(null);
  });

  it("reads out once that little time is left", async () => {
    const { find } = await show(request("a", {}, { expires_at: new Date(Date.now() + 50_000).toISOString() }));
    expect(find(".expiry").classList.contains("is-soon")).to.equal(true);
    expect(find(".dialog-foot [role=status]").textContent).to.contain("Less than a minute");
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
