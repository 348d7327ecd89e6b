import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Message, Part } from "../conversation/conversation.ts";
import type { Strings } from "../strings.ts";
import { View } from "./view.ts";

type UserMessage = Extract<Message, { role: "user" }>;
type AssistantMessage = Extract<Message, { role: "assistant" }>;

/** One message: what the person wrote, as text, or an answer with its text and tool calls. */
export class ChatBotMessageView extends View {
  static override properties: PropertyDeclarations = {
    message: { attribute: false },
    strings: { attribute: false },
    retry: { attribute: false },
  };

  declare message: Message;
  declare strings: Strings;
  declare retry: (messageId: string) => void;

  protected override render(): TemplateResult {
    return this.message.role === "user" ? this.#renderUser(this.message) : this.#renderAssistant(this.message);
  }

  #renderUser(message: UserMessage): TemplateResult {
    const { strings } = this;
    return html`<article class="message mine" part="user-message" aria-label=${strings.you}>
      <div class="bubble is-${message.delivery}"><span dir="auto">${message.text}</span></div>
      ${
        message.delivery === "failed"
          ? html`<div class="note failed">
              ${strings.messageFailed}
              <button type="button" class="text-button" @click=${() => this.retry(message.id)}>${strings.messageRetry}</button>
            </div>`
          : nothing
      }
    </article>`;
  }

  #renderAssistant(message: AssistantMessage): TemplateResult {
    const { strings } = this;
    const last = message.parts.at(-1);
    return html`<article class="message theirs" part="assistant-message" aria-label=${strings.assistant}>
      ${repeat(
        message.parts,
        (part) => part.key,
        (part) => this.#renderPart(part, message.streaming && part === last),
      )}
      ${message.stopped ? html`<div class="note">${strings.answerStopped}</div>` : nothing}
    </article>`;
  }

  #renderPart(part: Part, isStreaming: boolean): TemplateResult {
    const { strings } = this;
    if (part.type === "tool_call") {
      return html`<chat-bot-tool-call .call=${part.call} .strings=${strings}></chat-bot-tool-call>`;
    }
    return html`<chat-bot-markdown
      class="markdown"
      dir="auto"
      .text=${part.text}
      .isStreaming=${isStreaming}
      .strings=${strings}
    ></chat-bot-markdown>`;
  }
}
