import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Message } from "../conversation/conversation.ts";
import { errorFromTransport } from "../conversation/conversation-error.ts";
import { type CallDecision, type CallNote, type ReceiptEntry, receiptOf } from "../conversation/receipt.ts";
import type { SessionResponse, UsageTotals } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import {
  forgetApproval,
  loadApprovals,
  loadSession,
  type RememberedApproval,
  type SessionTransport,
} from "../transport/session-api.ts";
import { TransportError } from "../transport/transport-error.ts";
import { icons } from "./icons.ts";
import { joinSentences } from "./join-sentences.ts";
import { stateClass, stateIcon, stateText } from "./tool-state.ts";
import { View } from "./view.ts";
import { visibleText } from "./visible-text.ts";

/** Below this part of a daily limit its meter warns. */
const LOW = 0.2;

/** What the server told. */
type Told =
  | { status: "loading" }
  | { status: "failed"; message: string }
  | { status: "ready"; session: SessionResponse; approvals: readonly RememberedApproval[] };

/**
 * Who the person is here, what the assistant may do for them and how much, what they allowed for good, and what was
 * done in this conversation. It stands in the document only while it is shown.
 */
export class ChatBotSessionView extends View {
  static override properties: PropertyDeclarations = {
    transport: { attribute: false },
    conversationId: { attribute: false },
    messages: { attribute: false },
    notes: { attribute: false },
    strings: { attribute: false },
    close: { attribute: false },
    told: { state: true },
    report: { state: true },
  };

  declare transport: () => SessionTransport;
  declare conversationId: string | null;
  declare messages: readonly Message[];
  /** What this window knows of the tool calls in them. */
  declare notes: ReadonlyMap<string, CallNote>;
  declare strings: Strings;
  /** Back to the conversation. */
  declare close: () => void;
  declare told: Told;
  /** What became of a wish, read out and shown. */
  declare report: string;

  #loading: AbortController | null = null;

  constructor() {
    super();
    this.told = { status: "loading" };
    this.report = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#loading?.abort();
  }

  /** Moves the focus to the way back. */
  override focus(): void {
    this.querySelector<HTMLElement>(".back")?.focus();
  }

  protected override firstUpdated(): void {
    this.focus();
  }

  protected override render(): TemplateResult {
    const { strings } = this;
    return html`<section class="session" part="session" aria-labelledby="session-title" @keydown=${this.#onKeydown}>
      <header class="header">
        <button
          type="button"
          class="icon-button back"
          aria-label=${strings.sessionBack}
          title=${strings.sessionBack}
          @click=${() => this.close()}
        >
          ${icons.chevron}
        </button>
        <h2 id="session-title">${strings.sessionTitle}</h2>
      </header>
      <div class="session-body" tabindex="0" role="group" aria-labelledby="session-title">
        ${this.#renderTold()} ${this.#renderReceipt()}
        ${this.told.status === "ready" ? this.#renderTools(this.told.session) : nothing}
      </div>
    </section>`;
  }

  #renderTold(): TemplateResult {
    const { strings, told } = this;
    switch (told.status) {
      case "loading":
        return html`<div class="session-loading" role="status" aria-label=${strings.sessionLoading}>
          <div class="skeleton"></div>
          <div class="skeleton"></div>
          <div class="skeleton short"></div>
        </div>`;
      case "failed":
        return html`<div class="error session-error" role="alert">
          <span class="error-icon">${icons.warning}</span>
          <p>${joinSentences(strings.sessionFailed, told.message)}</p>
          <button type="button" class="text-button" @click=${() => this.#loadAgain()}>${strings.remedyRetry}</button>
        </div>`;
      case "ready":
        return html`${this.#renderWho(told.session)} ${this.#renderBudget(told.session)}
        ${this.#renderApprovals(told.approvals)}`;
    }
  }

  #renderWho({ user, organization, model }: SessionResponse): TemplateResult {
    const { strings } = this;
    // An organization the host did not name is the person alone.
    const isNamed = organization.id !== `user:${user.id}`;
    return html`<dl class="who">
      <div>
        <dt>${strings.sessionUser}</dt>
        <dd dir="auto">${visibleText(user.name ?? user.id)}</dd>
      </div>
      ${
        isNamed
          ? html`<div>
              <dt>${strings.sessionOrganization}</dt>
              <dd dir="auto">${visibleText(organization.id)}</dd>
            </div>`
          : nothing
      }
      <div>
        <dt>${strings.sessionModel}</dt>
        <dd dir="ltr">${visibleText(model)}</dd>
      </div>
    </dl>`;
  }

  #renderBudget({ limits }: SessionResponse): TemplateResult {
    const { strings } = this;
    const resetsAt = new Date(limits.user.resets_at);
    return this.#renderSection(
      "budget",
      strings.budget,
      html`${this.#renderMeter(strings.budgetUser, limits.user)}
        ${this.#renderMeter(strings.budgetOrganization, limits.organization)}
        ${Number.isNaN(resetsAt.getTime()) ? nothing : html`<p class="note">${strings.limitResetsAt(resetsAt)}</p>`}`,
    );
  }

  #renderMeter(label: string, { used, reserved, limit }: UsageTotals): TemplateResult {
    const remaining = Math.max(0, limit - used - reserved);
    const amount = this.strings.budgetRemaining(remaining, limit);
    return html`<div class="budget">
      <span>${label}</span><span class="amount">${amount}</span>
      <meter
        aria-label=${`${label}: ${amount}`}
        min="0"
        max=${Math.max(1, limit)}
        low=${limit * LOW}
        optimum=${Math.max(1, limit)}
        .value=${remaining}
      ></meter>
    </div>`;
  }

  #renderTools({ tools }: SessionResponse): TemplateResult {
    const { strings } = this;
    return this.#renderSection(
      "tools",
      strings.tools,
      tools.length === 0
        ? html`<p class="note">${strings.toolsNone}</p>`
        : html`<ul>
            ${tools.map(
              ({ name, title, description, approval }) =>
                html`<li>
                  <div class="row">
                    <span class="name" dir="auto">${visibleText(title)}</span>
                    <span class="rule is-${approval}">${strings.toolApproval[approval]}</span>
                  </div>
                  <p class="note"><code dir="ltr">${visibleText(name)}</code></p>
                  ${description === "" ? nothing : html`<p class="note" dir="auto">${visibleText(description)}</p>`}
                </li>`,
            )}
          </ul>`,
    );
  }

  #renderApprovals(approvals: readonly RememberedApproval[]): TemplateResult {
    const { strings } = this;
    return this.#renderSection(
      "approvals",
      strings.approvals,
      html`${
        approvals.length === 0
          ? html`<p class="note">${strings.approvalsNone}</p>`
          : html`<ul>
                ${repeat(
                  approvals,
                  ({ name }) => name,
                  (approval) =>
                    html`<li class="row">
                      <div>
                        <span class="name" dir="auto">${visibleText(approval.title)}</span>
                        <p class="note">${since(approval, strings)}</p>
                      </div>
                      <button
                        type="button"
                        class="button minor"
                        aria-label=${strings.approvalRevokeOf(approval.title)}
                        @click=${() => void this.#revoke(approval)}
                      >
                        ${strings.approvalRevoke}
                      </button>
                    </li>`,
                )}
              </ul>`
      }
        <p class="note report" role="status">${this.report}</p>`,
    );
  }

  #renderReceipt(): TemplateResult {
    const { strings } = this;
    const entries = receiptOf(this.messages, this.notes);
    return this.#renderSection(
      "receipt",
      strings.receipt,
      entries.length === 0
        ? html`<p class="note">${strings.receiptNone}</p>`
        : html`<ol>
            ${entries.map((entry) => this.#renderEntry(entry))}
          </ol>`,
    );
  }

  #renderEntry({ call, decision, at }: ReceiptEntry): TemplateResult {
    const { strings } = this;
    const path = call.input?.["path"];
    return html`<li class="entry ${stateClass(call)}">
      <span class="tool-icon">${stateIcon(call)}</span>
      <div>
        <div class="row">
          <span class="name" dir="auto">${visibleText(call.title)}</span>
          <span class="amount">${stateText(call, strings)}</span>
        </div>
        ${typeof path === "string" ? html`<p class="note path" dir="ltr">${visibleText(path)}</p>` : nothing}
        ${at === null || isTimeOf(decision, at) ? nothing : html`<p class="note">${strings.receiptTime(at)}</p>`}
        ${decision === null ? nothing : html`<p class="note">${decisionText(decision, strings)}</p>`}
      </div>
    </li>`;
  }

  #renderSection(name: string, title: string, content: TemplateResult): TemplateResult {
    return html`<section class="session-section is-${name}" aria-labelledby="session-${name}">
      <h3 id="session-${name}" tabindex="-1">${title}</h3>
      ${content}
    </section>`;
  }

  #loadAgain(): void {
    void this.#load();
    // The button goes, and with it would the focus.
    this.focus();
  }

  async #load(): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.told = { status: "loading" };
    try {
      const transport = this.transport();
      const { conversationId } = this;
      const [session, approvals] = await Promise.all([
        loadSession(transport, loading.signal),
        conversationId === null ? [] : loadApprovals(transport, conversationId, loading.signal),
      ]);
      if (this.#loading === loading) this.told = { status: "ready", session, approvals };
    } catch (error) {
      if (loading.signal.aborted) return;
      this.told = { status: "failed", message: this.#reason(error) };
    }
  }

  async #revoke({ name, title }: RememberedApproval): Promise<void> {
    const { conversationId, strings } = this;
    if (conversationId === null) return;
    try {
      await forgetApproval(this.transport(), conversationId, name);
    } catch (error) {
      this.report = joinSentences(strings.approvalRevokeFailed(title), this.#reason(error));
      return;
    }
    const { told } = this;
    if (told.status !== "ready") return;
    this.told = { ...told, approvals: told.approvals.filter((approval) => approval.name !== name) };
    this.report = strings.approvalRevoked(title);
    await this.updateComplete;
    // The button is gone: on to the next one, or to where they were.
    const next = this.querySelector<HTMLElement>(".is-approvals .button");
    (next ?? this.querySelector<HTMLElement>("#session-approvals"))?.focus();
  }

  #reason(error: unknown): string {
    const known = error instanceof TransportError ? error : new TransportError("internal", { cause: error });
    // That the connection is lost says what is said already, and of a message that nobody wrote here.
    return known.code === "network" ? "" : errorFromTransport(known, this.strings).message;
  }

  readonly #onKeydown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  };
}

function since({ decided_at: decidedAt }: RememberedApproval, strings: Strings): string | typeof nothing {
  const date = new Date(decidedAt);
  return Number.isNaN(date.getTime()) ? nothing : strings.approvalSince(date);
}

/** Whether what is said about a decision tells this time, to the minute, already. */
function isTimeOf(decision: CallDecision | null, time: Date): boolean {
  const [decided, told] = [decision?.at ?? Number.NaN, time.getTime()].map((at) => Math.floor(at / 60_000));
  return decided === told;
}

function decisionText({ type, at }: CallDecision, strings: Strings): string {
  const isApproved = type === "approved";
  if (at === null) return isApproved ? strings.receiptApprovedElsewhere : strings.receiptDeniedElsewhere;
  return isApproved ? strings.receiptApproved(new Date(at)) : strings.receiptDenied(new Date(at));
}
