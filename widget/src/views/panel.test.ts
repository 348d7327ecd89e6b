import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import {
  asksFor,
  endOfTurn,
  firstTurn,
  openPanel,
  request,
  type SampleServer,
  says,
  settled,
  startSampleServer,
} from "../../test/sample-panel.ts";
import type { ChatBot } from "../chat-bot.ts";
import type { ServerEvent, UsageTotals } from "../protocol/index.ts";

const RESETS_AT = "2030-01-01T00:00:00.000Z";

function totals(limit: number): UsageTotals {
  return { used: 0, reserved: 0, limit, resets_at: RESETS_AT };
}

function usage(remaining: number): ServerEvent {
  return {
    type: "usage",
    step: 1,
    input_tokens: 1,
    output_tokens: 1,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    remaining: { user: remaining, organization: 1_000_000 },
  };
}

function resultOf(id: string, outcome: "ok" | "denied" | "expired" | "cancelled"): ServerEvent {
  return { type: "tool_result", tool_use_id: id, name: "workspace__write_file", outcome, content: [], duration_ms: 1 };
}

describe("The panel", () => {
  let server: SampleServer;
  beforeEach(() => {
    server = startSampleServer();
    const limits = { user: totals(10_000), organization: totals(1_000_000) };
    server.answer("GET /usage", limits);
    server.answer("GET /session", {
      user: { id: "u" },
      organization: { id: "o" },
      permissions: [],
      tools: [],
      limits,
      model: "m",
      features: {},
    });
    server.answer("GET /conversations/c1/approvals", { approvals: [] });
  });
  afterEach(() => server.restore());

  async function ask(element: ChatBot, ...events: ServerEvent[]): Promise<void> {
    void element.send("Hello");
    await waitUntil(() => server.requests.some(({ route }) => route === "POST /message"));
    server.stream(...firstTurn("Hello"), ...events);
  }

  function notices(root: ShadowRoot): string[] {
    return [...root.querySelectorAll(".notice-line p")].map(({ textContent }) => textContent ?? "");
  }

  async function openSession(root: ShadowRoot): Promise<void> {
    root.querySelector<HTMLElement>("[part=session-button]")?.click();
    await waitUntil(() => root.querySelector(".session .who") !== null, "no session", { timeout: 5_000 });
  }

  describe("shows what the assistant may do", () => {
    it("over the conversation, and goes back to it with Escape, to the button it came from", async () => {
      const { element, root } = await openPanel();
      await openSession(root);
      expect(root.querySelector(".content")?.hasAttribute("inert")).to.equal(true);
      await waitUntil(() => root.activeElement === root.querySelector(".back"));
      await sendKeys({ press: "Escape" });
      await waitUntil(() => root.activeElement === root.querySelector("[part=session-button]"));
      expect(root.querySelector("chat-bot-session-view")).to.equal(null);
      expect(element.open).to.equal(true);
    });

    it("below a question that comes meanwhile, and is gone back to when that is answered", async () => {
      const { element, root } = await openPanel();
      await ask(element);
      await openSession(root);
      server.stream(...asksFor("u1", {}), request("u1", {}));
      await waitUntil(() => root.activeElement === root.querySelector(".deny"), "Deny has no focus");
      expect(root.querySelector("chat-bot-session-view")?.hasAttribute("inert")).to.equal(true);
      root.querySelector<HTMLElement>(".deny")?.click();
      await waitUntil(() => root.activeElement === root.querySelector(".back"), "the way back has no focus");
      server.stream(resultOf("u1", "denied"));
      await waitUntil(() => root.querySelector(".entry.is-denied")?.textContent?.includes("You denied it on"));
    });
  });

  describe("says what became of a question that was not answered here:", () => {
    const cases: [title: string, events: ServerEvent[], expected: string[]][] = [
      [
        "approved in another window",
        [{ type: "status_update", state: "tool_running", tool_use_id: "u1" }],
        ["“Write file” was approved in another window."],
      ],
      ["denied in another window", [resultOf("u1", "denied")], ["“Write file” was denied in another window."]],
      [
        "not answered in time",
        [resultOf("u1", "expired")],
        ["Nobody answered in time, so “Write file” was not run. Ask again if you still want it."],
      ],
      ["nothing, when it was stopped", [resultOf("u1", "cancelled"), says("Stopped.")], []],
    ];
    for (const [title, events, expected] of cases) {
      it(title, async () => {
        const { element, root } = await openPanel();
        await ask(element, ...asksFor("u1", {}), request("u1", {}));
        await waitUntil(() => root.querySelector(".dialog") !== null);
        server.stream(...events);
        await waitUntil(() => root.querySelector(".dialog") === null);
        await settled(root);
        expect(notices(root)).to.deep.equal(expected);
        root.querySelector<HTMLElement>("[part=dismiss]")?.click();
        await settled(root);
        expect(notices(root)).to.deep.equal([]);
      });
    }

    it("nothing, when it was answered here", async () => {
      const { element, root } = await openPanel();
      await ask(element, ...asksFor("u1", {}), request("u1", {}));
      await waitUntil(() => root.querySelector(".dialog") !== null);
      root.querySelector<HTMLElement>(".deny")?.click();
      server.stream(resultOf("u1", "denied"));
      await waitUntil(() => root.querySelector(".tool-call.is-denied") !== null);
      expect(notices(root)).to.deep.equal([]);
    });
  });

  describe("tells the daily limit", () => {
    it("when little is left, with a way to more about it", async () => {
      const { element, root } = await openPanel();
      await ask(element, says("Hi"), usage(1_500), endOfTurn);
      await waitUntil(() => notices(root).length > 0);
      expect(notices(root)[0]).to.contain("About 15% of today’s limit is left. The limit resets on");
      root.querySelector<HTMLElement>(".notice-line .text-button")?.click();
      await waitUntil(() => root.querySelector("chat-bot-session-view") !== null);
    });

    it("not while there is enough", async () => {
      const { element, root } = await openPanel();
      await ask(element, says("Hi"), usage(2_000), endOfTurn);
      await waitUntil(() => server.requests.some(({ route }) => route === "GET /usage"));
      await settled(root);
      expect(notices(root)).to.deep.equal([]);
    });
  });

  it("offers a new conversation where this one cannot go on", async () => {
    const { element, root } = await openPanel();
    const fault: ServerEvent = {
      type: "error",
      error: "context_too_long",
      message: "Too long.",
      retryable: false,
      request_id: "r",
    };
    await ask(element, says("Hi"), fault, { type: "done", turn_id: "t1", reason: "error" });
    await waitUntil(() => root.querySelector(".error") !== null);
    const wayOut = root.querySelector<HTMLElement>(".error .text-button");
    expect(wayOut?.textContent).to.equal("New conversation");
    wayOut?.click();
    await settled(root);
    expect(root.querySelector(".error, .message")).to.equal(null);
    expect(element.conversationId).to.equal(null);
  });

  it("shows the host's conversation again when the host asks for it after a new one", async () => {
    const said = { id: "m", role: "user", created_at: RESETS_AT, content: [{ type: "text", text: "Said before" }] };
    const state = { active_turn: null, pending_approvals: [], last_event_id: "1-1" };
    server.answer("GET /conversations/c9", { id: "c9", messages: [said], ...state });
    const { element, root } = await openPanel();
    const isShown = (): boolean => root.querySelector(".bubble")?.textContent === "Said before";
    element.conversationId = "c9";
    await waitUntil(isShown);
    await element.newConversation();
    await settled(root);
    expect(root.querySelector(".message")).to.equal(null);
    expect(element.conversationId).to.equal(null);
    element.conversationId = "c9";
    await waitUntil(isShown);
  });

  it("tells of no conversation when the host's is gone", async () => {
    const { element, root } = await openPanel();
    element.conversationId = "gone";
    await waitUntil(() => root.querySelector(".error") !== null);
    expect(element.conversationId).to.equal(null);
  });

  it("leaves the width of an error to its words", async () => {
    const { element, root } = await openPanel();
    server.refuse(401, { error: "invalid_token", message: "x", request_id: "r" });
    void element.send("Hello");
    await waitUntil(() => root.querySelector(".error .text-button") !== null);
    await settled(root);
    const box = (selector: string): DOMRect =>
      root.querySelector(`.error ${selector}`)?.getBoundingClientRect() ?? new DOMRect();
    expect(box(".icon-button").left - box("p").right).to.be.within(0, 12);
    expect(box(".text-button").top).to.be.at.least(box("p").bottom);
  });

  it("shows each suggestion in the direction of its own language", async () => {
    const { element, root } = await openPanel();
    element.suggestions = ["מי חותר בשבת?"];
    await waitUntil(() => root.querySelector(".suggestions button") !== null);
    const range = document.createRange();
    range.selectNodeContents(root.querySelector(".suggestions button") ?? root);
    const { left, right } = range.getBoundingClientRect();
    const box = root.querySelector(".suggestions")?.getBoundingClientRect() ?? new DOMRect();
    expect(box.right - right).to.be.below(left - box.left);
  });

  it("shows what was used up when nothing is left", async () => {
    const { element, root } = await openPanel();
    server.refuse(429, {
      error: "limit_exceeded",
      message: "x",
      request_id: "r",
      limit_type: "organization",
      resets_at: RESETS_AT,
    });
    void element.send("Hello");
    await waitUntil(() => root.querySelector(".error") !== null);
    expect(root.querySelector(".error p")?.textContent).to.contain("Your organization has used up its daily limit.");
    root.querySelector<HTMLElement>(".error .text-button")?.click();
    await waitUntil(() => root.querySelector(".session .who") !== null, "no session", { timeout: 5_000 });
  });
});
