import { expect } from "@open-wc/testing";
import {
  ChatBotCloseEvent,
  ChatBotErrorEvent,
  ChatBotLinkEvent,
  ChatBotMessageEvent,
  ChatBotOpenEvent,
  ChatBotToolRequestEvent,
  ChatBotToolResultEvent,
  ChatBotTurnEndEvent,
} from "./events.ts";

const conversationId = "c1";
const CASES: { event: Event & { detail: object }; name: string; cancelable: boolean }[] = [
  { event: new ChatBotOpenEvent(), name: "chat-bot-open", cancelable: false },
  { event: new ChatBotCloseEvent(), name: "chat-bot-close", cancelable: false },
  {
    event: new ChatBotMessageEvent({ conversationId, messageId: "m1", role: "user" }),
    name: "chat-bot-message",
    cancelable: false,
  },
  {
    event: new ChatBotToolRequestEvent({
      conversationId,
      toolUseId: "t",
      name: "n",
      expiresAt: "2026-11-21T12:00:00Z",
    }),
    name: "chat-bot-tool-request",
    cancelable: true,
  },
  {
    event: new ChatBotToolResultEvent({ conversationId, toolUseId: "t", name: "n", outcome: "ok" }),
    name: "chat-bot-tool-result",
    cancelable: false,
  },
  {
    event: new ChatBotTurnEndEvent({ conversationId, turnId: "t1", reason: "end_turn" }),
    name: "chat-bot-turn-end",
    cancelable: false,
  },
  {
    event: new ChatBotErrorEvent({ conversationId, code: "network", remedy: "retry" }),
    name: "chat-bot-error",
    cancelable: false,
  },
  {
    event: new ChatBotLinkEvent({ conversationId, href: "https://host.example/" }),
    name: "chat-bot-link",
    cancelable: true,
  },
];

describe("DOM events", () => {
  for (const { event, name, cancelable } of CASES) {
    it(`${name} bubbles out of shadow trees${cancelable ? " and can be prevented" : ""}`, () => {
      expect(event).to.include({ type: name, bubbles: true, composed: true, cancelable });
    });

    it(`${name} tells each detail as a field, too, and lets nobody change it`, () => {
      expect(Object.isFrozen(event.detail)).to.equal(true);
      for (const [key, value] of Object.entries(event.detail)) expect(Reflect.get(event, key), key).to.equal(value);
    });
  }

  it("are typed for listeners", () => {
    const target = document.createElement("div");
    const outcomes: string[] = [];
    target.addEventListener("chat-bot-tool-result", (event) => outcomes.push(event.outcome));
    target.dispatchEvent(new ChatBotToolResultEvent({ conversationId, toolUseId: "t", name: "n", outcome: "denied" }));
    expect(outcomes).to.deep.equal(["denied"]);
  });
});
