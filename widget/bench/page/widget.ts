/** The widget's transcript, given its messages as the panel gives them. */
import { html, render } from "lit";
import type { Message } from "../../src/conversation/conversation.ts";
import { defineViews } from "../../src/define-views.ts";
import { englishStrings } from "../../src/strings/en.ts";
import { ChatBotMarkdown } from "../../src/views/markdown.ts";
import { ChatBotMessageView } from "../../src/views/message.ts";
import { ChatBotMessageList } from "../../src/views/message-list.ts";
import { ChatBotStatus } from "../../src/views/status.ts";
import type { Contestant } from "./contestant.ts";

defineViews({
  "chat-bot-message-list": ChatBotMessageList,
  "chat-bot-message-view": ChatBotMessageView,
  "chat-bot-markdown": ChatBotMarkdown,
  "chat-bot-status": ChatBotStatus,
});

const strings = englishStrings("en");

/** What goes beyond is shown as text; an answer may have more text than that in several parts. */
const LONGEST_PART = 200_000;

export function createWidget(box: HTMLElement): Contestant {
  // Lit remembers what it rendered where.
  const place = document.createElement("div");
  place.style.display = "contents";
  box.replaceChildren(place);
  const texts = [""];
  const show = (streaming: boolean): void => {
    const parts = texts.map((text, index) => ({ type: "text" as const, key: `p${index}`, text, bytes: text.length }));
    showMessages(place, [{ role: "assistant", id: "a", parts, createdAt: null, streaming, stopped: false }]);
  };
  return {
    append(pieces) {
      for (const piece of pieces) {
        const last = texts.pop() ?? "";
        if (last.length < LONGEST_PART) texts.push(last + piece);
        else texts.push(last, piece);
      }
      show(true);
    },
    end: () => show(false),
    remove: () => place.remove(),
  };
}

/** Shows the messages in the box; those that are there already stay. */
export function showMessages(box: HTMLElement, messages: readonly Message[]): void {
  render(
    html`<chat-bot-message-list .messages=${messages} .activity=${null} .strings=${strings}></chat-bot-message-list>`,
    box,
  );
}
