import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Activity, Message } from "../conversation/conversation.ts";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";
import { StickToEnd } from "./stick-to-end.ts";
import { View } from "./view.ts";

/** The transcript: messages, and what the assistant is doing. It follows the answer unless the reader scrolled up. */
export class ChatBotMessageList extends View {
  static override properties: PropertyDeclarations = {
    messages: { attribute: false },
    activity: { attribute: false },
    isCancelling: { attribute: false },
    isLoading: { attribute: false },
    isCut: { attribute: false },
    strings: { attribute: false },
    empty: { attribute: false },
    retry: { attribute: false },
  };

  declare messages: readonly Message[];
  declare activity: Activity | null;
  declare isCancelling: boolean;
  declare isLoading: boolean;
  /** The last answer ended because it was as long as it may be. */
  declare isCut: boolean;
  declare strings: Strings;
  /** Shown while nothing has been said. */
  declare empty: TemplateResult;
  /** Sends a message again that was not sent. */
  declare retry: (messageId: string) => void;

  readonly #scroll = new StickToEnd(this);

  protected override render(): TemplateResult {
    const { messages, strings } = this;
    return html`
      <div class="messages" part="messages" role="log" aria-live="off" aria-label=${strings.messageList} tabindex="0" @markdown-grown=${this.#follow} @click=${this.#onClick}>
        <div class="transcript">
          ${this.isLoading ? this.#renderLoading() : messages.length === 0 && this.activity === null ? this.empty : nothing}
          ${repeat(
            messages,
            (message) => message.id,
            (message) =>
              html`<chat-bot-message-view .message=${message} .strings=${strings} .retry=${this.retry}></chat-bot-message-view>`,
          )}
          ${this.isCut ? html`<p class="note">${strings.answerCutAtLimit}</p>` : nothing}
          <chat-bot-status
            .activity=${this.activity}
            .isCancelling=${this.isCancelling}
            .messages=${messages}
            .strings=${strings}
          ></chat-bot-status>
        </div>
      </div>
      ${
        this.#scroll.isAtEnd || messages.length === 0
          ? nothing
          : html`<button
              type="button"
              class="scroll-to-latest"
              part="scroll-to-latest"
              aria-label=${strings.scrollToLatest}
              title=${strings.scrollToLatest}
              @click=${() => this.#scroll.toEnd("smooth")}
            >
              ${icons.down}
            </button>`
      }
    `;
  }

  readonly #follow = (): void => this.#scroll.follow();

  readonly #onClick = ({ target }: Event): void => {
    if (target instanceof Element && target.closest("[aria-expanded], summary") !== null) this.#scroll.stay();
  };

  protected override updated(changed: PropertyValues<this>): void {
    const [scroller, content] = [this.querySelector<HTMLElement>(".messages"), this.querySelector(".transcript")];
    if (scroller !== null && content !== null) this.#scroll.observe(scroller, content);
    if (!changed.has("messages")) return;
    if (this.messages.length === 0) this.#scroll.toStart();
    else if (this.#hasSaidSomethingNew(changed.get("messages"))) this.#scroll.toEnd();
  }

  /** Who sends a message wants to see it, wherever they have scrolled to. */
  #hasSaidSomethingNew(before: readonly Message[] | undefined): boolean {
    const last = this.messages.findLast((message) => message.role === "user");
    return last !== undefined && last.id !== before?.findLast((message) => message.role === "user")?.id;
  }

  #renderLoading(): TemplateResult {
    return html`<div class="loading" role="status" aria-label=${this.strings.loadingConversation}>
      <div class="skeleton mine"></div>
      <div class="skeleton"></div>
      <div class="skeleton short"></div>
    </div>`;
  }
}
