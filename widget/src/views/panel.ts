import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { ChatPanel, PanelHost, PanelSettings } from "../chat-panel.ts";
import type { ConversationError, Message } from "../conversation/conversation.ts";
import { ConversationController } from "../conversation/conversation-controller.ts";
import { rememberConversation } from "../conversation/remember-conversation.ts";
import {
  ChatBotErrorEvent,
  ChatBotLinkEvent,
  ChatBotMessageEvent,
  ChatBotToolRequestEvent,
  ChatBotToolResultEvent,
  ChatBotTurnEndEvent,
} from "../events.ts";
import { loadStrings } from "../load-strings.ts";
import type { ToolRequestEvent } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import type { ChatTransport } from "../transport/chat-transport.ts";
import { HttpTransport } from "../transport/http-transport.ts";
import { createTokenSource } from "../transport/token-source.ts";
import { TransportError } from "../transport/transport-error.ts";
import type { ApprovalAnswer } from "./approval-answer.ts";
import { errorText } from "./error-banner.ts";
import { FitViewport } from "./fit-viewport.ts";
import { icons } from "./icons.ts";
import { activityText } from "./status.ts";
import { View } from "./view.ts";

/** So much of an answer is read out; the rest is in the transcript. */
const ANNOUNCED_CHARACTERS = 1_000;

/** The panel: one conversation, and the views that show it. */
export class ChatBotPanel extends View implements ChatPanel {
  static override properties: PropertyDeclarations = {
    settings: { attribute: false },
    strings: { attribute: false },
    doubtfulLink: { state: true },
    announcement: { state: true },
    alert: { state: true },
  };

  declare settings: PanelSettings;
  /** Texts in the language of the settings, without the host's own. */
  declare strings: Strings;
  declare doubtfulLink: string | null;
  /** Read out when there is a pause. */
  declare announcement: string;
  /** Read out at once. */
  declare alert: string;
  host: PanelHost | null = null;

  readonly #conversation: ConversationController;
  #transport: ChatTransport | null = null;
  /** Requests that the host page answers itself. */
  readonly #leftToHost = new Set<string>();
  #unread = 0;
  #announcedActivity = "";
  #toolViews: Promise<void> | null = null;

  constructor() {
    super();
    this.doubtfulLink = null;
    this.announcement = "";
    this.alert = "";
    this.addController(new FitViewport(this));
    this.#conversation = new ConversationController(this, {
      transport: () => this.#currentTransport(),
      strings: () => this.#texts,
      memory: () => rememberConversation(this.settings.persist, this.settings.endpoint ?? ""),
      page: () => this.settings.page,
      observe: {
        onMessage: (messageId, message) => this.#onMessage(messageId, message),
        onToolRequest: (request) => this.#onToolRequest(request),
        onToolResult: ({ tool_use_id: toolUseId, name, outcome }) => {
          this.dispatchEvent(
            new ChatBotToolResultEvent({ conversationId: this.conversationId, toolUseId, name, outcome }),
          );
        },
        onTurnEnd: ({ turn_id: turnId, reason }) => {
          this.dispatchEvent(new ChatBotTurnEndEvent({ conversationId: this.conversationId, turnId, reason }));
        },
        onError: (error) => this.#onError(error),
      },
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#loadToolViews();
  }

  get conversationId(): string | null {
    return this.#conversation.conversation.id;
  }

  takeFocus(): void {
    void Promise.all([this.updateComplete, this.#shownRequests.length > 0 && this.#toolViews]).then(() => {
      const dialog = this.#shownRequests.length > 0 ? this.querySelector<View>("chat-bot-approval-dialog") : null;
      (dialog ?? this.querySelector<View>("chat-bot-composer"))?.focus();
    });
  }

  send(text: string): boolean {
    return this.#conversation.send(text);
  }

  async cancel(): Promise<void> {
    await this.#conversation.cancel();
  }

  newConversation(): void {
    this.#conversation.newConversation();
    this.#leftToHost.clear();
    if (this.settings.isOpen) this.takeFocus();
  }

  async answerApproval(toolUseId: string, isApproved: boolean): Promise<void> {
    await this.#conversation.answerApproval(toolUseId, isApproved);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#announceActivity();
    if (!changed.has("settings")) return;
    const before = changed.get("settings");
    const { settings } = this;
    if (before === undefined || TOKEN_AND_PLACE.some((name) => before[name] !== settings[name])) this.#transport = null;
    if (settings.isOpen && this.#unread > 0) {
      this.#unread = 0;
      this.host?.showUnread(0, "");
    }
    if (before !== undefined && before.language !== settings.language) void this.#changeLanguage(settings.language);
    this.#showConversation(before);
  }

  protected override render(): TemplateResult {
    const texts = this.#texts;
    const { settings } = this;
    const { messages, activity, activeTurn, error, pendingApprovals, lastEndReason } = this.#conversation.conversation;
    const requests = this.#shownRequests;
    const isAsking = requests.length > 0 || this.doubtfulLink !== null;
    const heading = settings.heading ?? texts.heading;
    return html`<section
      class="panel"
      part="panel"
      lang=${settings.language}
      role=${settings.mode === "inline" ? "region" : "dialog"}
      aria-label=${heading}
      ?inert=${!settings.isOpen}
      @keydown=${this.#onKeydown}
      @click=${this.#onClick}
    >
      <div class="content" ?inert=${isAsking}>
        <header class="header" part="header">
          <span class="avatar">${icons.spark}</span>
          <slot name="header"><h1 part="heading">${heading}</h1></slot>
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
      <chat-bot-approval-dialog
        .requests=${requests}
        .strings=${texts}
        .answer=${this.#answer}
      ></chat-bot-approval-dialog>
      <chat-bot-link-dialog
        .href=${this.doubtfulLink}
        .strings=${texts}
        .close=${this.#closeLink}
      ></chat-bot-link-dialog>
      <div class="announcer" role="status" aria-live="polite">${this.announcement}</div>
      <div class="announcer" role="alert">${this.alert}</div>
    </section>`;
  }

  get #texts(): Strings {
    return { ...this.strings, ...this.settings.strings };
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

  #currentTransport(): ChatTransport {
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
    const strings = await loadStrings(language);
    if (this.settings.language === language) this.strings = strings;
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
      this.announcement = spokenText(message);
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
      this.alert = this.#texts.approvalAnnouncement(title);
      this.#countUnread();
    } else {
      this.#leftToHost.add(toolUseId);
    }
    this.requestUpdate();
  }

  /** A file that did not come is asked for again when a tool is used. */
  #loadToolViews(): Promise<void> {
    this.#toolViews ??= import("../tool-views.ts").then(
      ({ defineToolViews }) => {
        const root = this.getRootNode();
        if (root instanceof ShadowRoot) root.adoptedStyleSheets.push(...defineToolViews());
      },
      () => {
        this.#toolViews = null;
      },
    );
    return this.#toolViews;
  }

  #onError(error: ConversationError): void {
    this.alert = errorText(error, this.#texts);
    const { code, remedy } = error;
    this.dispatchEvent(new ChatBotErrorEvent({ conversationId: this.conversationId, code, remedy }));
  }

  #countUnread(): void {
    if (this.settings.isOpen) return;
    this.#unread += 1;
    this.host?.showUnread(this.#unread, this.#texts.launcherUnread(this.#unread));
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
    // Signed in again: the token at hand is of the session that has ended.
    if (error.remedy === "sign_in") this.#transport = null;
    this.#conversation.retry();
    this.takeFocus();
  };

  readonly #dismissError = (): void => {
    this.#conversation.dismissError();
    this.takeFocus();
  };

  readonly #answer = ({ toolUseId, isApproved, isRemembered }: ApprovalAnswer): void => {
    void this.#conversation.answerApproval(toolUseId, isApproved, isRemembered ? { remember: "conversation" } : {});
    this.takeFocus();
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
    if (isOurs) this.doubtfulLink = link.href;
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
