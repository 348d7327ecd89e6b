import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { ChatPanel, PanelHost, PanelSettings } from "../chat-panel.ts";
import { findCall } from "../conversation/answer.ts";
import type { BudgetWatch, LowBudget } from "../conversation/budget-watch.ts";
import type { ConversationError, Message } from "../conversation/conversation.ts";
import { ConversationController } from "../conversation/conversation-controller.ts";
import type { CallNote } from "../conversation/receipt.ts";
import { rememberConversation } from "../conversation/remember-conversation.ts";
import { whyWithdrawn } from "../conversation/withdrawn-request.ts";
import {
  ChatBotErrorEvent,
  ChatBotLinkEvent,
  ChatBotMessageEvent,
  ChatBotToolRequestEvent,
  ChatBotToolResultEvent,
  ChatBotTurnEndEvent,
} from "../events.ts";
import { isRightToLeft } from "../is-right-to-left.ts";
import { loadStrings } from "../load-strings.ts";
import { settingsOf } from "../panel-settings.ts";
import type { ToolRequestEvent } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import { HttpTransport } from "../transport/http-transport.ts";
import { createTokenSource } from "../transport/token-source.ts";
import { TransportError } from "../transport/transport-error.ts";
import type { ApprovalAnswer } from "./approval-answer.ts";
import type { DressedLauncher } from "./dressed-launcher.ts";
import { errorText, wayOut } from "./error-banner.ts";
import { FitViewport } from "./fit-viewport.ts";
import { icons } from "./icons.ts";
import { joinSentences } from "./join-sentences.ts";
import { KeepFocus } from "./keep-focus.ts";
import { loadMarkdown } from "./markdown.ts";
import { ReachByKey } from "./reach-by-key.ts";
import { activityText } from "./status.ts";
import { View } from "./view.ts";
import { visibleWithin } from "./visible-text.ts";

/** So much of an answer is read out; the rest is in the transcript. */
const ANNOUNCED_CHARACTERS = 1_000;

/** A quiet line above the message box. `title` is of a tool it names; `retry` is what to try again. */
interface Notice {
  text: string;
  title?: string;
  retry?: () => Promise<void>;
}

/** The panel: one conversation, and the views that show it. */
export class ChatBotPanel extends View implements ChatPanel {
  static override properties: PropertyDeclarations = {
    settings: { attribute: false },
    strings: { attribute: false },
    doubtfulLink: { state: true },
    announcement: { state: true },
    alert: { state: true },
    notice: { state: true },
    lowBudget: { state: true },
    isSessionShown: { state: true },
  };

  declare settings: PanelSettings;
  /** Texts in the language of the settings, without the host's own. */
  declare strings: Strings;
  declare doubtfulLink: string | null;
  /** Read out when there is a pause. */
  declare announcement: string;
  /** Read out at once. */
  declare alert: string;
  declare notice: Notice | null;
  declare lowBudget: LowBudget | null;
  declare isSessionShown: boolean;
  host: PanelHost | null = null;
  launcher: DressedLauncher | null = null;

  readonly #conversation: ConversationController;
  #merged: { strings: Strings; own: PanelSettings["strings"]; texts: Strings } | null = null;
  #transport: HttpTransport | null = null;
  /** Requests that the host page answers itself. */
  readonly #leftToHost = new Set<string>();
  #unread = 0;
  #announcedActivity = "";
  #toolViews: Promise<void> | null = null;
  #hasToolViews = false;
  #hadMessages = false;
  #sessionViews: Promise<BudgetWatch> | null = null;
  /** What the receipt tells of tool calls besides the conversation. */
  readonly #notes = new Map<string, CallNote>();
  /** Titles of the requests that the person was shown and that are pending, as far as is known. */
  readonly #asked = new Map<string, string>();

  constructor() {
    super();
    this.doubtfulLink = null;
    this.announcement = "";
    this.alert = "";
    this.notice = null;
    this.lowBudget = null;
    this.isSessionShown = false;
    this.addController(new FitViewport(this));
    this.addController(new KeepFocus(this));
    this.addController(new ReachByKey(this, { isOpen: () => this.settings.isOpen, enter: () => this.takeFocus() }));
    this.#conversation = new ConversationController(this, {
      transport: () => this.#currentTransport(),
      strings: () => this.#texts,
      memory: () => rememberConversation(this.settings.persist, this.settings.endpoint ?? ""),
      page: () => this.settings.page,
      observe: {
        onMessage: (messageId, message) => this.#onMessage(messageId, message),
        onToolRequest: (request) => this.#onToolRequest(request),
        onToolResult: ({ tool_use_id: toolUseId, name, outcome }) => {
          this.#note(toolUseId, { endedAt: Date.now() });
          this.dispatchEvent(
            new ChatBotToolResultEvent({ conversationId: this.conversationId, toolUseId, name, outcome }),
          );
        },
        onTurnEnd: ({ turn_id: turnId, reason }) => {
          this.dispatchEvent(new ChatBotTurnEndEvent({ conversationId: this.conversationId, turnId, reason }));
          void this.#weighBudget();
        },
        onError: (error) => this.#onError(error),
      },
    });
  }

  get conversationId(): string | null {
    return this.#conversation.conversation.id;
  }

  hostChanged(): void {
    if (this.host === null) return;
    this.settings = settingsOf(this.host);
    if (this.settings.isOpen) this.#unread = 0;
    this.#showUnread();
  }

  takeFocus(): void {
    void Promise.all([this.updateComplete, this.#shownRequests.length > 0 && this.#toolViews]).then(() => {
      const isAsking = this.#shownRequests.length > 0 && this.#hasToolViews;
      // The keyboard of a phone would cover what there is to read: it comes by a tap on the message box.
      const goingOn = matchMedia("(pointer: coarse)").matches ? ".messages" : "chat-bot-composer";
      const view = isAsking ? "chat-bot-approval-dialog" : this.isSessionShown ? "chat-bot-session-view" : goingOn;
      this.querySelector<HTMLElement>(view)?.focus();
    });
  }

  send(text: string): boolean {
    this.notice = null;
    return this.#conversation.send(text);
  }

  async cancel(): Promise<void> {
    await this.#conversation.cancel();
  }

  newConversation(): void {
    this.#conversation.newConversation();
    // What the host asked for is left: asked for again, it is shown again.
    this.host?.removeAttribute("conversation-id");
    this.#leftToHost.clear();
    this.#asked.clear();
    this.#notes.clear();
    this.notice = null;
    this.isSessionShown = false;
    if (this.settings.isOpen) this.takeFocus();
  }

  async answerApproval(toolUseId: string, isApproved: boolean, isRemembered = false): Promise<void> {
    this.#note(toolUseId, { decision: { type: isApproved ? "approved" : "denied", at: Date.now() } });
    await this.#conversation.answerApproval(toolUseId, isApproved, isRemembered ? { remember: "conversation" } : {});
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#loadAnswerViews();
    this.#announceActivity();
    this.#noticeWithdrawn();
    if (!changed.has("settings")) return;
    const before = changed.get("settings");
    const { settings } = this;
    if (before === undefined || TOKEN_AND_PLACE.some((name) => before[name] !== settings[name])) this.#transport = null;
    if (before !== undefined && before.language !== settings.language) void this.#changeLanguage(settings.language);
    this.#showConversation(before);
  }

  protected override render(): TemplateResult {
    const texts = this.#texts;
    const { settings } = this;
    const { messages, activity, activeTurn, error, pendingApprovals, lastEndReason } = this.#conversation.conversation;
    const requests = this.#shownRequests;
    const isAsking = this.#hasToolViews && (requests.length > 0 || this.doubtfulLink !== null);
    const heading = settings.heading ?? texts.heading;
    // The announcers stand outside of the panel: what happens while it is closed is told too.
    return html`<section
      class="panel"
      part="panel"
      lang=${settings.language}
      dir=${this.#isRightToLeft ? "rtl" : nothing}
      role=${settings.mode === "inline" ? "region" : "dialog"}
      aria-label=${heading}
      ?inert=${!settings.isOpen}
      @keydown=${this.#onKeydown}
      @click=${this.#onClick}
    >
      <div class="content" ?inert=${isAsking || this.isSessionShown}>
        <header class="header" part="header">
          <span class="avatar">${icons.spark}</span>
          <slot name="header"><h1 part="heading">${heading}</h1></slot>
          ${iconButton("session-button", texts.sessionOpen, icons.shield, () => void this.#showSession(), true)}
          ${iconButton("new-conversation", texts.newConversation, icons.compose, () => this.newConversation(), messages.length > 0)}
          ${iconButton("close", texts.close, icons.close, () => this.host?.hide(), settings.mode === "floating")}
        </header>
        <chat-bot-message-list
          .messages=${messages}
          .activity=${activity}
          .isCancelling=${activeTurn?.cancelling ?? false}
          .isLoading=${this.#conversation.isLoading}
          .isCut=${activeTurn === null && lastEndReason === "max_tokens"}
          .strings=${texts}
          .empty=${messages.length === 0 ? this.#renderEmpty() : null}
          .retry=${this.#retry}
        ></chat-bot-message-list>
        <chat-bot-error-banner
          .error=${error}
          .strings=${texts}
          .remedy=${this.#remedy}
          .dismiss=${this.#dismissError}
        ></chat-bot-error-banner>
        ${this.#renderNotice(texts)} ${error?.code === "limit_exceeded" ? nothing : this.#renderLowBudget(texts)}
        <chat-bot-composer
          .placeholder=${settings.placeholder ?? texts.placeholder}
          .isAnswering=${activeTurn !== null}
          .isStopping=${activeTurn?.cancelling ?? false}
          .mayInterrupt=${pendingApprovals.length > 0}
          .strings=${texts}
          .send=${this.#send}
          .stop=${this.#stop}
        ></chat-bot-composer>
        <slot name="footer"></slot>
      </div>
      ${
        this.isSessionShown
          ? html`<chat-bot-session-view
              ?inert=${isAsking}
              .transport=${this.#sessionTransport}
              .conversationId=${this.conversationId}
              .messages=${messages}
              .notes=${this.#notes}
              .strings=${texts}
              .close=${this.#closeSession}
            ></chat-bot-session-view>`
          : nothing
      }
      <chat-bot-approval-dialog
        .requests=${requests}
        .frameAncestors=${settings.frameAncestors}
        .strings=${texts}
        .answer=${this.#answer}
      ></chat-bot-approval-dialog>
      <chat-bot-link-dialog
        .href=${this.doubtfulLink}
        .strings=${texts}
        .close=${this.#closeLink}
      ></chat-bot-link-dialog>
    </section>
    <div class="announcer" lang=${settings.language} role="status" aria-live="polite">${this.announcement}</div>
    <div class="announcer" lang=${settings.language} role="alert">${this.alert}</div>`;
  }

  /** On a page in the other direction too, unless the host has chosen one for the element. */
  get #isRightToLeft(): boolean {
    return !this.host?.dir && isRightToLeft(this.settings.language);
  }

  /** The same object until one of its sources changes: views that get another one render anew, each answer with them. */
  get #texts(): Strings {
    const { strings, settings } = this;
    const own = settings.strings;
    if (this.#merged?.strings !== strings || this.#merged.own !== own) {
      this.#merged = { strings, own, texts: { ...strings, ...own } };
    }
    return this.#merged.texts;
  }

  #announceActivity(): void {
    const { activity, messages } = this.#conversation.conversation;
    const isTold = activity !== null && activity.type !== "awaiting_approval";
    const text = isTold ? activityText(activity, messages, this.#texts) : "";
    // What is over must not be found there later; an answer stays.
    if (isTold || this.announcement === this.#announcedActivity) this.announcement = text;
    this.#announcedActivity = text;
  }

  get #shownRequests(): readonly ToolRequestEvent[] {
    const { pendingApprovals } = this.#conversation.conversation;
    return pendingApprovals.filter((request) => !this.#leftToHost.has(request.tool_use_id));
  }

  #renderNotice(texts: Strings): TemplateResult | typeof nothing {
    const { notice } = this;
    if (notice === null) return nothing;
    const { text, title = "", retry } = notice;
    return html`<div class="notice-line" part="notice-line">
      <p>${visibleWithin(text, title)}</p>
      ${
        retry === undefined
          ? nothing
          : html`<button type="button" class="text-button" @click=${() => void retry()}>${texts.remedyRetry}</button>`
      }
      ${iconButton("dismiss", texts.dismiss, icons.close, this.#dismissNotice, true)}
    </div>`;
  }

  #renderLowBudget(texts: Strings): TemplateResult | typeof nothing {
    if (this.lowBudget === null) return nothing;
    const { fraction, resetsAt } = this.lowBudget;
    return html`<div class="notice-line" part="notice-line">
      <p>${joinSentences(texts.budgetLow(fraction), texts.limitResetsAt(resetsAt))}</p>
      <button type="button" class="text-button" @click=${() => void this.#showSession()}>${texts.budgetShow}</button>
    </div>`;
  }

  #renderEmpty(): TemplateResult {
    const { settings } = this;
    const texts = this.#texts;
    return html`<div class="empty">
      <slot name="empty">
        <span class="avatar large">${icons.spark}</span>
        <p class="greeting" part="greeting">${settings.greeting ?? texts.greeting}</p>
      </slot>
      ${
        settings.suggestions.length === 0
          ? nothing
          : html`<div class="suggestions" role="group" aria-label=${texts.suggestions}>
              ${settings.suggestions.map(
                (suggestion) =>
                  html`<button type="button" part="suggestion" @click=${() => this.send(suggestion)}>${suggestion}</button>`,
              )}
            </div>`
      }
    </div>`;
  }

  #currentTransport(): HttpTransport {
    const { endpoint, token, tokenUrl, tokenProvider } = this.settings;
    // Without an address a request would go to the host's own site.
    if (endpoint === null) throw new TransportError("internal");
    this.#transport ??= new HttpTransport({
      endpoint,
      tokens: createTokenSource({ token, tokenUrl, tokenProvider }),
      language: () => this.settings.language,
    });
    return this.#transport;
  }

  async #changeLanguage(language: string): Promise<void> {
    const strings = await loadStrings(language, this.strings);
    if (this.settings.language !== language) return;
    this.strings = strings;
    this.#showUnread();
  }

  #note(toolUseId: string, note: CallNote): void {
    this.#notes.set(toolUseId, { ...this.#notes.get(toolUseId), ...note });
  }

  /** Says what became of a request that goes without an answer from here. */
  #noticeWithdrawn(): void {
    const pending = new Map(this.#shownRequests.map(({ tool_use_id: id, title }) => [id, title]));
    for (const [id, title] of this.#asked) {
      if (pending.has(id)) continue;
      this.#asked.delete(id);
      if (this.#notes.get(id)?.decision !== undefined) continue;
      const reason = whyWithdrawn(findCall(this.#conversation.conversation, id));
      if (reason === null) continue;
      if (reason !== "expired") this.#note(id, { decision: { type: reason, at: null } });
      const { approvalApprovedElsewhere, approvalDeniedElsewhere, approvalRanOut } = this.#texts;
      const say = { approved: approvalApprovedElsewhere, denied: approvalDeniedElsewhere, expired: approvalRanOut };
      this.notice = { text: say[reason](title), title };
      this.announcement = this.notice.text;
    }
    for (const [id, title] of pending) {
      this.#asked.set(id, title);
      // An answer that did not get through: the question stands again.
      this.#notes.delete(id);
    }
  }

  /** Shows what the host asks for, or goes on with what is remembered. */
  #showConversation(before: PanelSettings | undefined): void {
    const { endpoint, conversationId } = this.settings;
    if (endpoint === null) return;
    const isElsewhere = before === undefined || before.endpoint !== endpoint;
    if (conversationId !== null) {
      if (isElsewhere || before.conversationId !== conversationId) {
        if (conversationId !== this.conversationId) void this.#conversation.load(conversationId);
      }
    } else if (isElsewhere) {
      void this.#conversation.restore();
    }
  }

  #onMessage(messageId: string, message: Message): void {
    const { role } = message;
    if (message.role === "assistant") {
      this.announcement = sayAgain(this.announcement, spokenText(message));
      this.#countUnread();
    }
    this.dispatchEvent(new ChatBotMessageEvent({ conversationId: this.conversationId, messageId, role }));
  }

  #onToolRequest(request: ToolRequestEvent): void {
    void this.#loadToolViews();
    const { tool_use_id: toolUseId, name, title, expires_at: expiresAt } = request;
    const { conversationId } = this;
    const isOurs = this.dispatchEvent(new ChatBotToolRequestEvent({ conversationId, toolUseId, name, expiresAt }));
    if (isOurs) {
      this.alert = sayAgain(this.alert, this.#texts.approvalAnnouncement(title));
      this.#countUnread();
    } else {
      this.#leftToHost.add(toolUseId);
    }
    this.requestUpdate();
  }

  /** With the first message, sent or come back to, and before an answer is there. Opening the panel fetches nothing. */
  #loadAnswerViews(): void {
    const hasMessages = this.#conversation.conversation.messages.length > 0;
    if (hasMessages && !this.#hadMessages) {
      void loadMarkdown();
      void this.#loadToolViews();
    }
    this.#hadMessages = hasMessages;
  }

  /** A file that did not come is asked for again when a tool is used, or by the person who is to be asked. */
  #loadToolViews(): Promise<void> {
    this.#toolViews ??= import("../tool-views.ts").then(
      ({ defineToolViews }) => {
        this.#adopt(defineToolViews());
        this.#hasToolViews = true;
        this.requestUpdate();
      },
      () => {
        this.#toolViews = null;
        if (this.#shownRequests.length > 0 || this.doubtfulLink !== null)
          this.notice = { text: this.#texts.errorPartMissing, retry: () => this.#loadToolViews() };
      },
    );
    return this.#toolViews;
  }

  #loadSessionViews(): Promise<BudgetWatch> {
    this.#sessionViews ??= import("../session-views.ts").then(({ defineSessionViews, watchBudget }) => {
      this.#adopt(defineSessionViews());
      return watchBudget(this.#sessionTransport);
    });
    this.#sessionViews.catch(() => {
      this.#sessionViews = null;
    });
    return this.#sessionViews;
  }

  #adopt(styleSheets: CSSStyleSheet[]): void {
    const root = this.getRootNode();
    if (root instanceof ShadowRoot) root.adoptedStyleSheets.push(...styleSheets);
  }

  async #showSession(): Promise<void> {
    this.notice = null;
    try {
      await Promise.all([this.#loadSessionViews(), this.#loadToolViews()]);
      this.isSessionShown = true;
    } catch {
      this.notice = { text: this.#texts.errorPartMissing, retry: () => this.#showSession() };
    }
  }

  /** Once an answer is there: it has cost something. A budget that cannot be told is not worth an error. */
  async #weighBudget(): Promise<void> {
    const { usage } = this.#conversation.conversation;
    if (usage === null) return;
    try {
      this.lowBudget = await (await this.#loadSessionViews()).weigh(usage.remaining);
    } catch {
      this.lowBudget = null;
    }
  }

  #onError(error: ConversationError): void {
    this.alert = sayAgain(this.alert, errorText(error, this.#texts));
    const { code, remedy } = error;
    // The conversation that the host asked for is gone.
    if (this.conversationId === null) this.host?.removeAttribute("conversation-id");
    this.dispatchEvent(new ChatBotErrorEvent({ conversationId: this.conversationId, code, remedy }));
  }

  #countUnread(): void {
    if (this.settings.isOpen) return;
    this.#unread += 1;
    this.#showUnread();
  }

  #showUnread(): void {
    const { launcherOpen, launcherClose, launcherUnread } = this.#texts;
    const { isOpen } = this.settings;
    const label = isOpen ? launcherClose : this.#unread > 0 ? launcherUnread(this.#unread) : launcherOpen;
    this.launcher?.show(isOpen, this.#unread, label);
  }

  readonly #send = (text: string): boolean => this.send(text);

  readonly #stop = (): void => {
    void this.cancel();
  };

  readonly #retry = (messageId: string): void => {
    this.#conversation.retry(messageId);
    this.takeFocus();
  };

  readonly #remedy = (error: ConversationError): void => {
    switch (wayOut(error)) {
      case "new_conversation":
        this.newConversation();
        return;
      case "show_session":
        void this.#showSession();
        return;
      case "sign_in":
        // Signed in again: the token at hand is of the session that has ended.
        this.#transport = null;
        break;
      case "retry":
      case null:
    }
    this.#conversation.retry();
    this.takeFocus();
  };

  readonly #dismissError = (): void => {
    this.#conversation.dismissError();
    this.takeFocus();
  };

  readonly #answer = ({ toolUseId, isApproved, isRemembered }: ApprovalAnswer): void => {
    void this.answerApproval(toolUseId, isApproved, isRemembered);
    this.takeFocus();
  };

  readonly #dismissNotice = (): void => {
    this.notice = null;
    this.takeFocus();
  };

  readonly #sessionTransport = (): HttpTransport => this.#currentTransport();

  readonly #closeSession = (): void => {
    this.isSessionShown = false;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("[part=session-button]")?.focus());
  };

  readonly #closeLink = (): void => {
    this.doubtfulLink = null;
    this.takeFocus();
  };

  readonly #onKeydown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    if (this.settings.mode === "inline" || this.#shownRequests.length > 0) return;
    event.preventDefault();
    this.host?.hide();
  };

  /** The host may take a link over; one that does not say where it leads is asked about. */
  readonly #onClick = (event: Event): void => {
    const target = event.composedPath()[0];
    const link = target instanceof Element ? target.closest<HTMLAnchorElement>("chat-bot-markdown a") : null;
    if (link === null) return;
    const isOurs = this.dispatchEvent(new ChatBotLinkEvent({ conversationId: this.conversationId, href: link.href }));
    if (isOurs && !("doubtful" in link.dataset)) return;
    event.preventDefault();
    if (!isOurs) return;
    this.doubtfulLink = link.href;
    void this.#loadToolViews();
  };
}

/** What decides where requests go and as whom. */
const TOKEN_AND_PLACE = ["endpoint", "token", "tokenUrl", "tokenProvider"] as const;

function iconButton(
  name: string,
  label: string,
  icon: TemplateResult,
  press: () => void,
  isShown: boolean,
): TemplateResult | typeof nothing {
  if (!isShown) return nothing;
  return html`<button type="button" class="icon-button" part=${name} aria-label=${label} title=${label} @click=${press}>
    ${icon}
  </button>`;
}

function spokenText(message: Extract<Message, { role: "assistant" }>): string {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  return text.length > ANNOUNCED_CHARACTERS ? `${text.slice(0, ANNOUNCED_CHARACTERS)}…` : text;
}

/** A screen reader tells what changes: the same words once more get a blank, which is not spoken. */
function sayAgain(before: string, text: string): string {
  return before === text ? `${text}\u00a0` : text;
}
