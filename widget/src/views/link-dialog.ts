import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";
import { trapFocus } from "./trap-focus.ts";
import { View } from "./view.ts";
import { visibleText } from "./visible-text.ts";

/** Shows the full address of a link before it is followed. */
export class ChatBotLinkDialog extends View {
  static override properties: PropertyDeclarations = {
    href: { attribute: false },
    strings: { attribute: false },
    close: { attribute: false },
  };

  /** Null: nothing to ask. */
  declare href: string | null;
  declare strings: Strings;
  declare close: () => void;

  protected override render(): TemplateResult | typeof nothing {
    const { href, strings } = this;
    if (href === null) return nothing;
    return html`<div class="backdrop">
      <div
        class="dialog"
        part="link-dialog"
        role="alertdialog"
        aria-modal="true"
        aria-labelledby="link-title"
        aria-describedby="link-question"
        @keydown=${this.#onKeydown}
      >
        <div class="dialog-head">
          <span class="dialog-icon">${icons.link}</span>
          <h2 id="link-title">${strings.linkTitle}</h2>
        </div>
        <div class="dialog-body" tabindex="0">
          <p id="link-question">${strings.linkConfirm(destination(href))}</p>
          <pre class="address" dir="ltr">${visibleText(href)}</pre>
        </div>
        <div class="dialog-foot">
          <div class="buttons">
            <button type="button" class="button cancel" @click=${() => this.close()}>${strings.linkCancel}</button>
            <a
              class="button primary"
              href=${href}
              target="_blank"
              rel="noopener noreferrer nofollow"
              @click=${() => this.close()}
              >${strings.linkOpen}</a
            >
          </div>
        </div>
      </div>
    </div>`;
  }

  protected override updated(): void {
    this.querySelector<HTMLElement>(".cancel")?.focus();
  }

  readonly #onKeydown = (event: KeyboardEvent): void => {
    trapFocus(event);
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  };
}

function destination(href: string): string {
  const url = new URL(href);
  return url.protocol === "mailto:" ? url.pathname : url.host;
}
