import { expect, fixtureSync, html, waitUntil } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import { until } from "../../test/until.ts";
import type { Message } from "../conversation/conversation.ts";
import type { CallNote } from "../conversation/receipt.ts";
import type { RememberedApprovalList, SessionResponse, ToolOutcome } from "../protocol/index.ts";
import { defineSessionViews } from "../session-views.ts";
import { englishStrings } from "../strings/en.ts";
import { TransportError } from "../transport/transport-error.ts";
import type { ChatBotSessionView } from "./session-view.ts";

const styles = defineSessionViews();

const SESSION: SessionResponse = {
  user: { id: "u1", name: "Ana Souza" },
  organization: { id: "club" },
  permissions: ["chatbot:use"],
  tools: [
    { name: "files__read", title: "Read a file", description: "Reads.", approval: "never" },
    { name: "files__write", title: "Write a file", description: "Writes.", approval: "always" },
    { name: "files__list", title: "List files", description: "Lists.", approval: "auto" },
  ],
  limits: {
    user: { used: 30_000, reserved: 2_000, limit: 50_000, resets_at: "2026-11-22T00:00:00Z" },
    organization: { used: 950_000, reserved: 0, limit: 1_000_000, resets_at: "2026-11-22T00:00:00Z" },
  },
  model: "a-model",
  features: {},
};

const APPROVALS: RememberedApprovalList = {
  approvals: [
    { name: "files__write", title: "Write a file", decided_at: "2026-11-21T10:00:00Z" },
    { name: "a/b", title: "Odd", decided_at: "2026-11-21T11:00:00Z" },
  ],
};

/** The answers of a server, by request; an error is thrown. */
type Answers = Record<string, unknown>;

interface Shown {
  view: ChatBotSessionView;
  requests: string[];
  /** How often the person went back. */
  closed: () => number;
  text(selector: string): string;
  all(selector: string): string[];
}

function show(
  answers: Answers,
  more: { conversationId?: string | null; messages?: Message[]; notes?: Map<string, CallNote> } = {},
): Shown {
  const requests: string[] = [];
  let closed = 0;
  const { conversationId = "c1", messages = [], notes = new Map() } = more;
  const transport = {
    async fetchJson(method: string, path: string, signal?: AbortSignal): Promise<unknown> {
      requests.push(`${method} ${path}`);
      const answer = answers[`${method} ${path}`];
      if (answer instanceof Error) throw answer;
      if (answer === "never")
        await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      return answer;
    },
  };
  const view = fixtureSync<ChatBotSessionView>(html`<chat-bot-session-view
    .transport=${() => transport}
    .conversationId=${conversationId}
    .messages=${messages}
    .notes=${notes}
    .strings=${englishStrings("en-GB")}
    .close=${() => {
      closed += 1;
    }}
  ></chat-bot-session-view>`);
  const trimmed = (element: Element): string => element.textContent?.replace(/\s+/g, " ").trim() ?? "";
  return {
    view,
    requests,
    closed: () => closed,
    text(selector) {
      const found = view.querySelector(selector);
      if (found === null) throw new Error(`There is no ${selector}.`);
      return trimmed(found);
    },
    all: (selector) => [...view.querySelectorAll(selector)].map(trimmed),
  };
}

const TOLD: Answers = { "GET /session": SESSION, "GET /conversations/c1/approvals": APPROVALS };

async function loaded({ view }: Shown): Promise<void> {
  await waitUntil(() => view.querySelector(".who") !== null, "nothing was told");
}

function answerWith(outcome: ToolOutcome): Message {
  const state = { status: "finished", outcome, durationMs: 1_500, truncated: false } as const;
  const call = {
    id: "t1",
    name: "files__write",
    title: "Write a file",
    input: { path: "a.txt" },
    state,
    output: [],
    result: [],
  };
  const part = { type: "tool_call", key: "t1", call } as const;
  return {
    role: "assistant",
    id: "a",
    parts: [part],
    createdAt: "2026-11-21T10:00:00Z",
    streaming: false,
    stopped: false,
  };
}

describe("ChatBotSessionView", () => {
  it("tells who is signed in, and with which model they talk", async () => {
    const shown = show(TOLD);
    await loaded(shown);
    expect(shown.all(".who dd")).to.deep.equal(["Ana Souza", "club", "a-model"]);
  });

  it("does not name an organization that is the person alone", async () => {
    const shown = show({
      ...TOLD,
      "GET /session": { ...SESSION, user: { id: "u1" }, organization: { id: "user:u1" } },
    });
    await loaded(shown);
    expect(shown.all(".who dd")).to.deep.equal(["u1", "a-model"]);
  });

  it("measures what is left of the daily limits, and tells when they reset", async () => {
    const shown = show(TOLD);
    await loaded(shown);
    const meters = [...shown.view.querySelectorAll("meter")];
    expect(meters.map(({ value, max, low }) => [value, max, low])).to.deep.equal([
      [18_000, 50_000, 10_000],
      [50_000, 1_000_000, 200_000],
    ]);
    expect(shown.all(".budget .amount")).to.deep.equal([
      "18,000 of 50,000 tokens left",
      "50,000 of 1,000,000 tokens left",
    ]);
    expect(shown.text(".is-budget .note")).to.contain("resets on");
  });

  it("lists the tools, and whether each asks first", async () => {
    const shown = show(TOLD);
    await loaded(shown);
    expect(shown.all(".is-tools .row")).to.deep.equal([
      "Read a file Does not ask",
      "Write a file Asks you first",
      "List files Asks you first, unless it only reads",
    ]);
    expect(shown.all(".is-tools code")).to.deep.equal(["files__read", "files__write", "files__list"]);
  });

  it("takes back what was allowed for the conversation, and moves the focus on", async () => {
    const shown = show({
      ...TOLD,
      "DELETE /conversations/c1/approvals/files__write": null,
      "DELETE /conversations/c1/approvals/a%2Fb": null,
    });
    await loaded(shown);
    expect(shown.all(".is-approvals .name")).to.deep.equal(["Write a file", "Odd"]);
    const press = (): void => shown.view.querySelector<HTMLElement>(".is-approvals button")?.click();
    press();
    await waitUntil(() => shown.all(".is-approvals .name").length === 1);
    expect(shown.requests.at(-1)).to.equal("DELETE /conversations/c1/approvals/files__write");
    expect(shown.text(".report")).to.contain("asked again before “Write a file”");
    await waitUntil(() => document.activeElement === shown.view.querySelector(".is-approvals button"));
    press();
    await waitUntil(() => document.activeElement === shown.view.querySelector("#session-approvals"));
    expect(shown.text(".is-approvals")).to.contain("not allowed anything");
  });

  it("has the button that takes it back beside what was allowed", async () => {
    document.adoptedStyleSheets = styles;
    const shown = show(TOLD);
    await loaded(shown);
    const row = shown.view.querySelector<HTMLElement>(".is-approvals .row");
    const [told, button] = row?.children ?? [];
    if (row === null || told === undefined || button === undefined) throw new Error("Nothing is allowed.");
    row.style.maxWidth = `${button.getBoundingClientRect().width + 200}px`;
    expect(button.getBoundingClientRect().top).to.be.below(told.getBoundingClientRect().bottom);
    document.adoptedStyleSheets = [];
  });

  it("takes what was taken back elsewhere for done", async () => {
    const shown = show({ ...TOLD, "DELETE /conversations/c1/approvals/files__write": new TransportError("not_found") });
    await loaded(shown);
    shown.view.querySelector<HTMLElement>(".is-approvals button")?.click();
    await waitUntil(() => shown.all(".is-approvals .name").length === 1);
  });

  it("says when that did not work", async () => {
    const shown = show({ ...TOLD, "DELETE /conversations/c1/approvals/files__write": new TransportError("network") });
    await loaded(shown);
    shown.view.querySelector<HTMLElement>(".is-approvals button")?.click();
    await waitUntil(() => shown.text(".report").includes("still allowed"));
    expect(shown.all(".is-approvals .name").length).to.equal(2);
  });

  it("tells what was done, how it ended, when, and who allowed it", async () => {
    const notes = new Map<string, CallNote>([
      ["t1", { decision: { type: "approved", at: Date.UTC(2026, 10, 21, 9) } }],
    ]);
    const shown = show(TOLD, { messages: [answerWith("ok")], notes });
    await loaded(shown);
    expect(shown.text(".entry .row")).to.contain("Write a file Done · 1.5");
    expect(shown.text(".entry .path")).to.equal("a.txt");
    expect(shown.text(".entry")).to.contain("21 Nov 2026");
    expect(shown.text(".entry")).to.contain("You approved it on 21 November 2026");
  });

  it("tells the time of a decision and of its end once when it is the same", async () => {
    const at = Date.UTC(2026, 10, 21, 9);
    const notes = new Map<string, CallNote>([["t1", { decision: { type: "denied", at }, endedAt: at + 400 }]]);
    const shown = show(TOLD, { messages: [answerWith("denied")], notes });
    await loaded(shown);
    expect(shown.all(".entry .note:not(.path)").map((note) => note.includes("2026"))).to.deep.equal([true]);
  });

  it("tells what was denied in another window", async () => {
    const notes = new Map<string, CallNote>([["t1", { decision: { type: "denied", at: null } }]]);
    const shown = show(TOLD, { messages: [answerWith("denied")], notes });
    await loaded(shown);
    expect(shown.text(".entry")).to.contain("You denied it in another window");
  });

  it("has words for what is empty", async () => {
    const shown = show({ "GET /session": { ...SESSION, tools: [] } }, { conversationId: null });
    await loaded(shown);
    expect(shown.requests).to.deep.equal(["GET /session"]);
    expect(shown.text(".is-tools")).to.contain("no tools here");
    expect(shown.text(".is-approvals")).to.contain("not allowed anything");
    expect(shown.text(".is-receipt")).to.contain("not used any tools");
  });

  it("shows that it is loading, with what is known already", async () => {
    const shown = show(
      { "GET /session": "never", "GET /conversations/c1/approvals": "never" },
      { messages: [answerWith("ok")] },
    );
    await shown.view.updateComplete;
    expect(shown.view.querySelector("[role=status]")?.getAttribute("aria-label")).to.equal("Loading…");
    expect(shown.all(".entry").length).to.equal(1);
  });

  for (const [title, fault] of [
    ["cannot be had", new TransportError("network")],
    ["is not what it should be", { user: 1 }],
  ] as const) {
    it(`says when it ${title}, and tries again`, async () => {
      const answers: Answers = { ...TOLD, "GET /session": fault };
      const shown = show(answers);
      await waitUntil(() => shown.view.querySelector("[role=alert]") !== null);
      expect(shown.text("[role=alert]")).to.contain("could not be loaded");
      answers["GET /session"] = SESSION;
      shown.view.querySelector<HTMLElement>("[role=alert] button")?.click();
      await loaded(shown);
      expect(document.activeElement).to.equal(shown.view.querySelector(".back"));
    });
  }

  it("has the focus on the way back, which Escape takes too, keeping it to itself", async () => {
    const shown = show(TOLD);
    await shown.view.updateComplete;
    expect(document.activeElement).to.equal(shown.view.querySelector(".back"));
    let heard = 0;
    const listen = (): void => {
      heard += 1;
    };
    document.body.addEventListener("keydown", listen);
    await sendKeys({ press: "Escape" });
    document.body.removeEventListener("keydown", listen);
    expect(shown.closed()).to.equal(1);
    expect(heard).to.equal(0);
    await sendKeys({ press: "Enter" });
    await until(() => shown.closed() > 1);
    expect(shown.closed()).to.equal(2);
  });

  it("makes controls in names visible", async () => {
    const tools = [{ name: "t", title: "a\u202eb", description: "", approval: "always" as const }];
    const shown = show({ ...TOLD, "GET /session": { ...SESSION, tools } });
    await loaded(shown);
    expect(shown.text(".is-tools .name")).to.equal("aU+202Eb");
  });
});
