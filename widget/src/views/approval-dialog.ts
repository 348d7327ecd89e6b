import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { ToolRequestEvent } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import type { ApprovalAnswer } from "./approval-answer.ts";
import { ApprovalGuard } from "./approval-guard.ts";
import { isDestructive } from "./describe-input.ts";
import { icons } from "./icons.ts";
import { framedPage, mayApprove } from "./may-approve.ts";
import { SecondTicker } from "./second-ticker.ts";
import { StillWriting } from "./still-writing.ts";
import { renderToolInput } from "./tool-input.ts";
import { trapFocus } from "./trap-focus.ts";
import { View } from "./view.ts";
import { visibleText, visibleWithin } from "./visible-text.ts";

/** So long before the end it is read out that little time is left. */
const SOON_MS = 60_000;

/**
 * Asks whether tools may run, each with its exact input: nothing is shortened, nothing invisible stays so. Several
 * questions are gone through one by one; together they can be approved only when each has been looked at. Escape
 * answers nothing, and the focus is on Deny.
 */
export class ChatBotApprovalDialog extends View {
  static override properties: PropertyDeclarations = {
    requests: { attribute: false },
    frameAncestors: { attribute: false },
    strings: { attribute: false },
    answer: { attribute: false },
    index: { state: true },
  };

  /** Asked and not answered, oldest first. */
  declare requests: readonly ToolRequestEvent[];
  /** Origins of other sites that may frame this page and still let people approve, separated by blanks. */
  declare frameAncestors: string | null;
  declare strings: Strings;
  declare answer: (answer: ApprovalAnswer) => void;
  /** Which of the requests is shown. */
  declare index: number;

  readonly #guard = new ApprovalGuard(this);
  readonly #ticker = new SecondTicker(this);
  #shownId: string | null = null;
  /** What the buttons would answer, as ids. */
  #guarded = "";
  /** Requests that have stood in view, uncovered, so long that a click would have counted. */
  readonly #seen = new Set<string>();
  /** Requests that were over by this clock when they came: the clock is wrong, and the server decides. */
  readonly #doubtful = new Set<string>();
  readonly #remembered = new Set<string>();

  constructor() {
    super();
    this.requests = [];
    this.frameAncestors = null;
    this.index = 0;
    this.addController(new StillWriting(this));
  }

  /** Moves the focus to Deny. */
  override focus(): void {
    this.querySelector<HTMLElement>(".deny")?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.#guard.isArmed && this.#shownId !== null) this.#seen.add(this.#shownId);
    if (!changed.has("requests")) return;
    const ids = this.requests.map((request) => request.tool_use_id);
    const before: readonly ToolRequestEvent[] = changed.get("requests") ?? [];
    for (const request of this.requests) {
      const isNew = !before.some(({ tool_use_id: id }) => id === request.tool_use_id);
      if (isNew && Date.parse(request.expires_at) <= Date.now()) this.#doubtful.add(request.tool_use_id);
    }
    // The one being looked at stays; where it was answered or withdrawn, the next one takes its place.
    const kept = this.#shownId === null ? -1 : ids.indexOf(this.#shownId);
    this.index = kept === -1 ? Math.max(0, Math.min(this.index, ids.length - 1)) : kept;
    for (const known of [this.#seen, this.#doubtful, this.#remembered]) {
      for (const id of known) if (!ids.includes(id)) known.delete(id);
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const request = this.requests[this.index];
    if (request === undefined) return nothing;
    const { strings } = this;
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
          ${this.requests.length > 1 ? this.#renderPosition() : nothing}
        </div>
        <div class="dialog-body" tabindex="0">
          <p id="approval-question" class="question">${visibleWithin(strings.approvalAsks(request.title), request.title)}</p>
          <p class="tool-name"><code dir="ltr">${visibleText(request.name)}</code></p>
          ${
            isDestructive(request.name, request.input, request.annotations)
              ? html`<p class="destructive">${icons.warning}<span>${strings.approvalDestructive}</span></p>`
              : nothing
          }
          ${renderToolInput(request.name, request.input, strings)}
          ${request.description === "" ? nothing : html`<p class="description" dir="auto">${visibleText(request.description)}</p>`}
        </div>
        ${this.#renderFoot(request)}
      </div>
    </div>`;
  }

  protected override updated(): void {
    const id = this.requests[this.index]?.tool_use_id ?? null;
    this.#ticker.run(id !== null);
    const guarded = [id, ...this.requests.map((request) => request.tool_use_id)].join(" ");
    if (guarded === this.#guarded) return;
    this.#guarded = guarded;
    this.#guard.watch(this.querySelector(".answers"));
    if (id === this.#shownId) return;
    const isFirst = this.#shownId === null;
    this.#shownId = id;
    this.querySelector(".dialog-body")?.scrollTo(0, 0);
    // Who goes through the requests keeps the focus where it is.
    const isOnPosition = this.querySelector(".position:focus-within") !== null;
    if (isFirst ? !this.#isFocusElsewhere() : !isOnPosition && this.#hadFocus()) this.focus();
  }

  /** Somebody who writes in the host page must not answer by the way. */
  #isFocusElsewhere(): boolean {
    const { activeElement, body } = this.ownerDocument;
    if (activeElement === null || activeElement === body) return false;
    const root = this.getRootNode();
    return root instanceof ShadowRoot ? activeElement !== root.host : !this.contains(activeElement);
  }

  /** The focus is in the dialog, or was on something in it that is gone. */
  #hadFocus(): boolean {
    return !this.#isFocusElsewhere();
  }

  #renderPosition(): TemplateResult {
    const { strings, index, requests } = this;
    const button = (label: string, step: number, className: string): TemplateResult => html`<button
      type="button"
      class="icon-button ${className}"
      aria-label=${label}
      title=${label}
      aria-disabled=${requests[index + step] === undefined}
      @click=${() => {
        if (requests[index + step] !== undefined) this.index = index + step;
      }}
    >
      ${icons.chevron}
    </button>`;
    return html`<div class="position">
      ${button(strings.approvalPrevious, -1, "previous")}
      <span class="count" aria-live="polite">${strings.approvalPosition(index + 1, requests.length)}</span>
      ${button(strings.approvalNext, 1, "next")}
    </div>`;
  }

  #renderFoot(request: ToolRequestEvent): TemplateResult {
    const { strings } = this;
    const id = request.tool_use_id;
    return html`<div class="dialog-foot">
      ${
        request.remember.includes("conversation")
          ? html`<label class="remember"
              ><input
                type="checkbox"
                .checked=${this.#remembered.has(id)}
                @change=${(event: Event) => {
                  const isChecked = event.target instanceof HTMLInputElement && event.target.checked;
                  if (isChecked) this.#remembered.add(id);
                  else this.#remembered.delete(id);
                }}
              />
              ${strings.approvalRememberConversation}</label
            >`
          : nothing
      }
      ${this.#renderExpiry(request)} ${this.#renderObstacle()}
      <div class="answers buttons">
        <button type="button" class="button deny" part="deny" @click=${() => this.#decide([request], false)}>
          ${strings.approvalDeny}
        </button>
        ${this.#renderApprove("button approve", strings.approvalApprove, [request], this.#mayApprove([request]))}
        ${this.requests.length > 1 ? this.#renderTogether() : nothing}
      </div>
    </div>`;
  }

  #renderExpiry(request: ToolRequestEvent): TemplateResult {
    const { strings } = this;
    const remainingMs = this.#remainingMs(request);
    const isSoon = remainingMs > 0 && remainingMs <= SOON_MS;
    const text = remainingMs <= 0 ? strings.approvalExpired : strings.approvalExpiresIn(remainingMs);
    return html`<p class="expiry ${isSoon ? "is-soon" : ""}" role="timer" ?hidden=${remainingMs === Number.POSITIVE_INFINITY}>
        ${icons.clock}<span>${remainingMs === Number.POSITIVE_INFINITY ? nothing : text}</span>
      </p>
      <p class="announcer" role="status">${isSoon ? strings.approvalExpiresSoon : nothing}</p>`;
  }

  /** Why nothing can be approved, and what to do about it. */
  #renderObstacle(): TemplateResult | typeof nothing {
    const { strings } = this;
    if (!this.#isAllowedHere()) {
      return html`<p class="obstacle" role="status">
        ${icons.warning}<span
          >${strings.approvalFramed}
          <a class="text-button" href=${location.href} target="_blank" rel="noopener">${strings.approvalOpenPage}</a></span
        >
      </p>`;
    }
    return this.#guard.isHidden
      ? html`<p class="obstacle" role="status">${icons.warning}<span>${strings.approvalNotVisible}</span></p>`
      : nothing;
  }

  /** What may be lost for good is decided about one by one. */
  #renderTogether(): TemplateResult {
    const { strings, requests } = this;
    const unseen = requests.filter((request) => !this.#seen.has(request.tool_use_id)).length;
    const isOffered = !requests.some(({ name, input, annotations }) => isDestructive(name, input, annotations));
    return html`<button type="button" class="button minor deny-all" @click=${() => this.#decide(requests, false)}>
        ${strings.approvalDenyAll(requests.length)}
      </button>
      ${
        isOffered
          ? this.#renderApprove(
              "button minor approve-all",
              strings.approvalApproveAll(requests.length),
              requests,
              unseen === 0 && this.#mayApprove(requests),
            )
          : nothing
      }
      ${
        // What was said keeps its room: to take it away would move the buttons, and disarm them.
        isOffered
          ? html`<p id=${unseen > 0 ? "approval-unseen" : nothing} class="unseen ${unseen === 0 ? "is-over" : ""}">
              ${strings.approvalLookAtAll(Math.max(1, unseen))}
            </p>`
          : nothing
      }`;
  }

  #renderApprove(
    className: string,
    label: string,
    requests: readonly ToolRequestEvent[],
    isEnabled: boolean,
  ): TemplateResult {
    const isForAll = requests.length > 1;
    return html`<button
      type="button"
      class=${className}
      part=${isForAll ? nothing : "approve"}
      aria-disabled=${!isEnabled}
      aria-describedby=${isForAll ? "approval-unseen" : nothing}
      @click=${(event: Event) => {
        // Once more, as it is now: time has passed since this was rendered.
        if (event.isTrusted && isEnabled && this.#mayApprove(requests)) this.#decide(requests, true);
      }}
    >
      ${label}
    </button>`;
  }

  #mayApprove(requests: readonly ToolRequestEvent[]): boolean {
    return this.#guard.isArmed && this.#isAllowedHere() && requests.every((request) => this.#remainingMs(request) > 0);
  }

  #isAllowedHere(): boolean {
    return mayApprove(framedPage(window), this.frameAncestors);
  }

  /** Infinite where this clock cannot tell. */
  #remainingMs({ tool_use_id: id, expires_at: expiresAt }: ToolRequestEvent): number {
    return this.#doubtful.has(id) ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - Date.now();
  }

  #decide(requests: readonly ToolRequestEvent[], isApproved: boolean): void {
    const answers = requests.map(({ tool_use_id: toolUseId }) => ({
      toolUseId,
      isApproved,
      isRemembered: isApproved && this.#remembered.has(toolUseId),
    }));
    for (const answer of answers) this.answer(answer);
  }

  readonly #onKeydown = (event: KeyboardEvent): void => {
    trapFocus(event);
    if (event.key !== "Escape") return;
    // Neither an answer nor a way to close the panel.
    event.preventDefault();
    event.stopPropagation();
  };
}
