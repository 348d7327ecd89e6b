import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { ToolInput, ToolRequestEvent } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import type { ApprovalAnswer } from "./approval-answer.ts";
import { ApprovalGuard } from "./approval-guard.ts";
import { icons } from "./icons.ts";
import { SecondTicker } from "./second-ticker.ts";
import { trapFocus } from "./trap-focus.ts";
import { View } from "./view.ts";
import { visibleText } from "./visible-text.ts";

/** Longer input is folded where it is also shown field by field. */
const LONG_INPUT = 1_200;

/**
 * Asks whether a tool may run, with the exact input: nothing is shortened, nothing invisible stays so. Several
 * questions come one after another. Escape answers nothing, and the focus is on Deny.
 */
export class ChatBotApprovalDialog extends View {
  static override properties: PropertyDeclarations = {
    requests: { attribute: false },
    strings: { attribute: false },
    answer: { attribute: false },
  };

  /** Asked and not answered, oldest first. */
  declare requests: readonly ToolRequestEvent[];
  declare strings: Strings;
  declare answer: (answer: ApprovalAnswer) => void;

  readonly #guard = new ApprovalGuard(this);
  readonly #ticker = new SecondTicker(this);
  #shownId: string | null = null;
  /** Requests answered in a row so far, for "2 of 3". */
  #answered = 0;
  /** This clock says it was over when it came: the clock is wrong, and the server decides. */
  #isClockDoubtful = false;

  /** Moves the focus to Deny. */
  override focus(): void {
    this.querySelector<HTMLElement>(".deny")?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("requests")) return;
    const id = this.requests[0]?.tool_use_id ?? null;
    if (id !== this.#shownId && this.requests[0] !== undefined) {
      this.#isClockDoubtful = Date.parse(this.requests[0].expires_at) <= Date.now();
    }
    if (id === null) this.#answered = 0;
  }

  protected override render(): TemplateResult | typeof nothing {
    const [request] = this.requests;
    if (request === undefined) return nothing;
    const { strings } = this;
    const total = this.#answered + this.requests.length;
    return html`<div class="backdrop">
      <div
        class="dialog"
        part="approval-dialog"
        role="alertdialog"
        aria-modal="true"
        aria-labelledby="approval-title"
        aria-describedby="approval-question"
        @keydown=${this.#onKeydown}
      >
        <div class="dialog-head">
          <span class="dialog-icon">${icons.shield}</span>
          <h2 id="approval-title">${strings.approvalTitle}</h2>
          ${total > 1 ? html`<span class="count">${strings.approvalPosition(this.#answered + 1, total)}</span>` : nothing}
        </div>
        <div class="dialog-body" tabindex="0">
          <p id="approval-question" class="question">${visibleText(strings.approvalAsks(request.title))}</p>
          ${request.description === "" ? nothing : html`<p class="description" dir="auto">${visibleText(request.description)}</p>`}
          ${
            request.annotations.destructiveHint === true
              ? html`<p class="destructive">${icons.warning}<span>${strings.approvalDestructive}</span></p>`
              : nothing
          }
          ${renderInput(request.input, strings)}
        </div>
        ${this.#renderActions(request)}
      </div>
    </div>`;
  }

  protected override updated(): void {
    const id = this.requests[0]?.tool_use_id ?? null;
    this.#ticker.run(id !== null);
    if (id === this.#shownId) return;
    this.#shownId = id;
    const remember = this.querySelector<HTMLInputElement>(".remember input");
    if (remember !== null) remember.checked = false;
    this.querySelector(".dialog-body")?.scrollTo(0, 0);
    this.#guard.watch(this.querySelector<HTMLElement>(".approve"));
    if (!this.#isFocusElsewhere()) this.focus();
  }

  /** Somebody who writes in the host page must not answer by the way. */
  #isFocusElsewhere(): boolean {
    const { activeElement, body } = this.ownerDocument;
    if (activeElement === null || activeElement === body) return false;
    const root = this.getRootNode();
    return root instanceof ShadowRoot ? activeElement !== root.host : !this.contains(activeElement);
  }

  #renderActions(request: ToolRequestEvent): TemplateResult {
    const { strings } = this;
    const remainingMs = Date.parse(request.expires_at) - Date.now();
    const isExpired = remainingMs <= 0 && !this.#isClockDoubtful;
    return html`<div class="dialog-foot">
      ${
        request.remember.includes("conversation")
          ? html`<label class="remember"><input type="checkbox" /> ${strings.approvalRememberConversation}</label>`
          : nothing
      }
      <p class="expiry" role="timer">
        ${icons.clock}<span
          >${isExpired ? strings.approvalExpired : this.#isClockDoubtful ? nothing : strings.approvalExpiresIn(remainingMs)}</span
        >
      </p>
      <div class="buttons">
        <button type="button" class="button deny" part="deny" @click=${() => this.#decide(request, false)}>
          ${strings.approvalDeny}
        </button>
        <button
          type="button"
          class="button approve"
          part="approve"
          aria-disabled=${isExpired || !this.#guard.isArmed}
          @click=${(event: Event) => {
            if (event.isTrusted && this.#guard.isArmed && !isExpired) this.#decide(request, true);
          }}
        >
          ${strings.approvalApprove}
        </button>
      </div>
    </div>`;
  }

  #decide(request: ToolRequestEvent, isApproved: boolean): void {
    const isRemembered = isApproved && this.querySelector<HTMLInputElement>(".remember input")?.checked === true;
    this.#answered += 1;
    this.answer({ toolUseId: request.tool_use_id, isApproved, isRemembered });
  }

  readonly #onKeydown = (event: KeyboardEvent): void => {
    trapFocus(event);
    if (event.key !== "Escape") return;
    // Neither an answer nor a way to close the panel.
    event.preventDefault();
    event.stopPropagation();
  };
}

/** It may scroll, and then the keyboard must reach it. */
function isTall(value: unknown): boolean {
  return typeof value === "string" && (value.length > 200 || value.split("\n", 5).length > 4);
}

function renderInput(input: ToolInput, strings: Strings): TemplateResult {
  const fields = Object.entries(input);
  if (fields.length === 0) return html`<p class="no-input">${strings.approvalNoInput}</p>`;
  const json = JSON.stringify(input, null, 2);
  const isFlat = fields.every(([, value]) => value === null || typeof value !== "object");
  return html`${
    isFlat
      ? html`<dl class="fields">
          ${fields.map(
            ([name, value]) =>
              html`<dt>${visibleText(name)}</dt>
                <dd class=${typeof value} dir="auto" tabindex=${isTall(value) ? 0 : nothing}>${visibleText(String(value))}</dd>`,
          )}
        </dl>`
      : nothing
  }
    <details class="exact" ?open=${!isFlat || json.length <= LONG_INPUT}>
      <summary>${icons.chevron}<span>${strings.approvalInput}</span></summary>
      <pre tabindex="0" dir="ltr">${visibleText(json)}</pre>
    </details>`;
}
