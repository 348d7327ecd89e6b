import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { ConversationError } from "../conversation/conversation.ts";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";
import { joinSentences } from "./join-sentences.ts";
import { View } from "./view.ts";

/** What went wrong, and the way out of it. */
export class ChatBotErrorBanner extends View {
  static override properties: PropertyDeclarations = {
    error: { attribute: false },
    strings: { attribute: false },
    remedy: { attribute: false },
    dismiss: { attribute: false },
  };

  declare error: ConversationError | null;
  declare strings: Strings;
  declare remedy: (error: ConversationError) => void;
  declare dismiss: () => void;

  protected override render(): TemplateResult | typeof nothing {
    const { error, strings } = this;
    if (error === null) return nothing;
    const label = wayOutLabel(wayOut(error), strings);
    return html`<div class="error" part="error">
      <span class="error-icon">${icons.warning}</span>
      <p>${errorText(error, strings)}</p>
      ${
        label === null
          ? nothing
          : html`<button type="button" class="text-button" @click=${() => this.remedy(error)}>${label}</button>`
      }
      <button
        type="button"
        class="icon-button"
        aria-label=${strings.dismiss}
        title=${strings.dismiss}
        @click=${() => this.dismiss()}
      >
        ${icons.close}
      </button>
    </div>`;
  }
}

/** What went wrong, and when it is over: times as the person's clock shows them. */
export function errorText(error: ConversationError, strings: Strings): string {
  const resetsAt = error.resetsAt === null ? Number.NaN : Date.parse(error.resetsAt);
  if (!Number.isNaN(resetsAt)) return joinSentences(error.message, strings.limitResetsAt(new Date(resetsAt)));
  if (error.retryAfterMs !== null) return joinSentences(error.message, strings.retryIn(error.retryAfterMs));
  return error.message;
}

/** What a person can do here and now: more than the error's remedy, which is for hosts. */
type WayOut = "retry" | "sign_in" | "new_conversation" | "show_session";

/** Null where only time, or somebody else, can help. */
export function wayOut({ code, remedy }: ConversationError): WayOut | null {
  switch (code) {
    case "not_found":
    case "context_too_long":
    case "provider_rejected":
      return "new_conversation";
    case "limit_exceeded":
      return "show_session";
    default:
      return remedy === "retry" || remedy === "sign_in" ? remedy : null;
  }
}

function wayOutLabel(way: WayOut | null, strings: Strings): string | null {
  switch (way) {
    case "retry":
      return strings.remedyRetry;
    case "sign_in":
      return strings.remedySignIn;
    case "new_conversation":
      return strings.newConversation;
    case "show_session":
      return strings.budgetShow;
    case null:
      return null;
  }
}
