import { expect } from "@open-wc/testing";
import { emulateMedia } from "@web/test-runner-commands";
import {
  asksFor,
  endOfTurn,
  firstTurn,
  openPanel,
  request,
  type SampleServer,
  says,
  startSampleServer,
} from "../test/sample-panel.ts";
import { sampleStates } from "../test/sample-states.ts";
import { until } from "../test/until.ts";
import type { ChatBot } from "./chat-bot.ts";

/** All that a screen reader is given to say, in order: each change of a live region. */
function listen(root: ShadowRoot, role: "status" | "alert"): string[] {
  const region = root.querySelector(`.announcer[role="${role}"]`);
  if (region === null) throw new Error(`There is no announcer with the role ${role}.`);
  const said: string[] = [];
  const observer = new MutationObserver(() => said.push(region.textContent?.trim() ?? ""));
  observer.observe(region, { childList: true, characterData: true, subtree: true });
  return said;
}

async function ask(element: ChatBot, server: SampleServer): Promise<void> {
  const before = server.requests.length;
  expect(await element.send("Hello")).to.equal(true);
  await until(() => server.requests.length > before);
}

describe("A screen reader", () => {
  let server: SampleServer;
  let element: ChatBot;
  let root: ShadowRoot;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
    ({ element, root } = await openPanel());
  });
  afterEach(() => server.restore());

  it("finds the conversation as a log that does not announce itself", async () => {
    await sampleStates["a conversation with all that an answer may hold"]?.(element, root, server);
    const log = root.querySelector('[role="log"]');
    expect(log?.ariaLive).to.equal("off");
    expect(log?.querySelector('[aria-live]:not([aria-live="off"]), [role="status"], [role="alert"]')).to.equal(null);
  });

  it("hears an answer when it is complete, and no piece of it before", async () => {
    const said = listen(root, "status");
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("One "), says("moment", 4));
    await until(() => root.querySelector(".markdown")?.textContent?.includes("One moment"));
    expect(said.filter((text) => text.includes("One"))).to.deep.equal([]);
    server.stream(endOfTurn);
    await until(() => said.includes("One moment"));
  });

  it("hears the same answer once more", async () => {
    const said = listen(root, "status");
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("Done."), endOfTurn);
    await until(() => said.includes("Done."));
    await ask(element, server);
    server.stream(
      { type: "status_update", state: "started", turn_id: "t2", message: { id: "m2", text: "Hello" } },
      says("Done."),
      { type: "done", turn_id: "t2", reason: "end_turn" },
    );
    await until(() => said.filter((text) => text === "Done.").length === 2);
  });

  it("hears at once that something fails, and that the same fails again", async () => {
    const said = listen(root, "alert");
    server.refuse(403, { error: "forbidden", message: "Not for you.", request_id: "r" });
    void element.send("Hello");
    await until(() => said.length === 1);
    void element.send("Hello");
    await until(() => said.length === 2);
    expect(said).to.deep.equal(["Not for you.", "Not for you."]);
  });

  it("hears at once that an approval is needed, also while the panel is closed", async () => {
    const said = listen(root, "alert");
    await ask(element, server);
    element.hide();
    server.stream(...firstTurn("Hello"), ...asksFor("u1", { path: "x" }), request("u1", { path: "x" }));
    await until(() => said.some((text) => text.includes("Write file")));
    const announcer = root.querySelector('.announcer[role="alert"]');
    expect(announcer?.closest("[inert]")).to.equal(null);
    expect(announcer?.checkVisibility({ visibilityProperty: true })).to.equal(true);
  });
});
