import { chatBotStyles } from "./chat-bot.styles.ts";
import type { ChatPanel, PanelHost, PanelLoader } from "./chat-panel.ts";
import { isRemembered, type Persist } from "./conversation/is-remembered.ts";
import { ChatBotCloseEvent, ChatBotOpenEvent } from "./events.ts";
import { languageOf } from "./language-of.ts";
import { createLauncher, createPart } from "./launcher-button.ts";
import { launcherTexts } from "./launcher-texts.ts";
import type { PageContext } from "./protocol/index.ts";
import type { Strings } from "./strings.ts";

// A server has no HTMLElement: there the class is defined and never used.
const ElementBase: typeof HTMLElement = Reflect.get(globalThis, "HTMLElement") ?? Object;

/** Attributes and what they may be, the first being the default; nothing is listed where any text will do. */
const ATTRIBUTES = {
  mode: ["floating", "inline"],
  position: ["end", "start"],
  colorScheme: ["auto", "light", "dark"],
  persist: ["session", "local", "none"],
  endpoint: [],
  tokenUrl: [],
  heading: [],
  greeting: [],
  placeholder: [],
  frameAncestors: [],
} as const;
/** Those that are more than their attribute. */
const OTHERS = ["conversationId", "token", "open"] as const;

/** Properties without an attribute. */
type Held = Pick<ChatBot, "tokenProvider" | "suggestions" | "strings" | "page">;
const INITIALLY: Held = { tokenProvider: null, suggestions: [], strings: {}, page: null };

/**
 * An assistant any site can embed. It draws a button; the panel behind it is fetched when somebody wants to chat.
 *
 * @tag chat-bot
 *
 * @attr {string} endpoint - Address of the assistant's server, including `/api/chatbot`.
 * @attr {string} token - Bearer token. Taken into memory and removed from the document at once.
 * @attr {string} token-url - The host's own address that answers `{token, expires_at?}` to the signed-in user.
 * @attr {"floating" | "inline"} mode - A button in the corner with a panel, or the panel alone where the element stands.
 * @attr {"end" | "start"} position - Which corner of the page.
 * @attr {boolean} open - Whether the panel is shown.
 * @attr {"auto" | "light" | "dark"} color-scheme - `auto` follows the person's system.
 * @attr {string} lang - Language of the texts; without it the page's, then the browser's.
 * @attr {string} heading - Title of the panel.
 * @attr {string} greeting - Shown while nothing has been said.
 * @attr {string} placeholder - Shown in the empty message box.
 * @attr {string} conversation-id - The conversation to show.
 * @attr {string} frame-ancestors - Origins of other sites that may frame the page and still let people approve.
 * @attr {"session" | "local" | "none"} persist - How long the conversation is come back to.
 *
 * @slot launcher - Replaces the button's icon.
 * @slot header - Replaces the panel's title.
 * @slot empty - Replaces the greeting.
 * @slot footer - Below the message box, such as a note on privacy.
 *
 * @csspart launcher - The button.
 * @csspart badge - The number of unread messages on it.
 * @csspart notice - Says that the panel could not be loaded.
 * @csspart panel - The panel.
 * @csspart header - Its head.
 * @csspart heading - Its title.
 * @csspart session-button - The button that shows what the assistant may do.
 * @csspart new-conversation - The button for a new conversation.
 * @csspart close - The button that closes the panel.
 * @csspart messages - The scrolling list of messages.
 * @csspart scroll-to-latest - The button that goes back to the end of it.
 * @csspart greeting - The text of an empty conversation.
 * @csspart suggestion - One suggestion.
 * @csspart user-message - A message of the person.
 * @csspart assistant-message - An answer.
 * @csspart code-block - A block of code with its head.
 * @csspart tool-call - A tool call.
 * @csspart tool-output - Its live output.
 * @csspart status - What the assistant is doing.
 * @csspart error - An error and the way out of it.
 * @csspart composer - The message box and its button.
 * @csspart input - The message box.
 * @csspart send - The button that sends.
 * @csspart stop - The button that stops the answer.
 * @csspart approval-dialog - Asks whether a tool may run.
 * @csspart approve - Its button Approve.
 * @csspart deny - Its button Deny.
 * @csspart notice-line - A quiet line above the message box, as when the daily limit comes near.
 * @csspart dismiss - The button that takes it away.
 * @csspart session - What the assistant may do, and what it did.
 * @csspart link-dialog - Shows where a link leads.
 *
 * @cssproperty --chat-bot-accent - Colour of the button, of the person's messages and of what is to be pressed first.
 * @cssproperty --chat-bot-on-accent - Colour of what stands on the accent.
 * @cssproperty --chat-bot-link - Colour of links, progress and the focus ring.
 * @cssproperty --chat-bot-background - Background of the panel.
 * @cssproperty --chat-bot-surface - Background of cards and of the message box.
 * @cssproperty --chat-bot-text - Colour of text.
 * @cssproperty --chat-bot-muted - Colour of secondary text.
 * @cssproperty --chat-bot-border - Colour of lines.
 * @cssproperty --chat-bot-danger - Colour of errors and denials.
 * @cssproperty --chat-bot-warning - Colour of questions and delays.
 * @cssproperty --chat-bot-success - Colour of what went well.
 * @cssproperty --chat-bot-font-family - Typeface.
 * @cssproperty --chat-bot-font-family-code - Typeface of code.
 * @cssproperty --chat-bot-font-size - Size of text.
 * @cssproperty --chat-bot-line-height - Height of lines.
 * @cssproperty --chat-bot-code-font-size - Size of code.
 * @cssproperty --chat-bot-heading-size - Size of the panel's title.
 * @cssproperty --chat-bot-width - Width of the floating panel.
 * @cssproperty --chat-bot-height - Height of the floating panel, and of the inline one.
 * @cssproperty --chat-bot-content-width - How wide a conversation gets in a wide panel.
 * @cssproperty --chat-bot-padding - Room beside the conversation.
 * @cssproperty --chat-bot-offset - Distance from the edges of the page.
 * @cssproperty --chat-bot-offset-inline - The same at the side.
 * @cssproperty --chat-bot-offset-block - The same at the bottom.
 * @cssproperty --chat-bot-z-index - Place in the page's stack.
 * @cssproperty --chat-bot-radius - Roundness of the panel's corners.
 * @cssproperty --chat-bot-card-radius - Roundness of tool calls, tables, code and suggestions.
 * @cssproperty --chat-bot-button-radius - Roundness of a dialog's buttons.
 * @cssproperty --chat-bot-shadow - Shadow of the panel.
 * @cssproperty --chat-bot-duration - How long the panel and the button take to move.
 * @cssproperty --chat-bot-focus - Colour of the ring around what has the focus.
 * @cssproperty --chat-bot-focus-width - Width of that ring.
 * @cssproperty --chat-bot-launcher-size - Size of the button.
 * @cssproperty --chat-bot-launcher-radius - Roundness of the button.
 * @cssproperty --chat-bot-launcher-background - Background of the button.
 * @cssproperty --chat-bot-launcher-color - Colour of its icon.
 * @cssproperty --chat-bot-launcher-shadow - Its shadow.
 * @cssproperty --chat-bot-badge-background - Background of the number of unread messages.
 * @cssproperty --chat-bot-badge-color - Colour of that number.
 * @cssproperty --chat-bot-header-background - Background of the panel's head.
 * @cssproperty --chat-bot-header-color - Colour of the panel's head.
 * @cssproperty --chat-bot-user-message-background - Background of the person's messages.
 * @cssproperty --chat-bot-user-message-color - Colour of the person's messages.
 * @cssproperty --chat-bot-assistant-message-background - Background of answers.
 * @cssproperty --chat-bot-message-radius - Roundness of the person's messages.
 * @cssproperty --chat-bot-message-gap - Distance between messages.
 * @cssproperty --chat-bot-code-background - Background of code and of what tools take and give.
 * @cssproperty --chat-bot-input-background - Background of the message box.
 * @cssproperty --chat-bot-input-border - Colour of its line.
 * @cssproperty --chat-bot-input-radius - Its roundness.
 * @cssproperty --chat-bot-send-background - Background of the button that sends.
 * @cssproperty --chat-bot-send-color - Colour of its icon.
 * @cssproperty --chat-bot-backdrop - What a dialog lays over the conversation.
 *
 * @event {ChatBotOpenEvent} chat-bot-open - The panel was opened.
 * @event {ChatBotCloseEvent} chat-bot-close - The panel was closed.
 * @event {ChatBotMessageEvent} chat-bot-message - A message was taken by the server, or an answer is complete.
 * @event {ChatBotToolRequestEvent} chat-bot-tool-request - A tool waits for approval. Cancelable: the host decides.
 * @event {ChatBotToolResultEvent} chat-bot-tool-result - A tool call has its outcome.
 * @event {ChatBotTurnEndEvent} chat-bot-turn-end - The assistant has stopped.
 * @event {ChatBotErrorEvent} chat-bot-error - The person sees an error.
 * @event {ChatBotLinkEvent} chat-bot-link - The person follows a link. Cancelable.
 */
export class ChatBot extends ElementBase implements PanelHost {
  /** How to get the panel; set by what registers the element. */
  static loadPanel: PanelLoader | null = null;

  static readonly observedAttributes: readonly string[] = [...Object.keys(ATTRIBUTES), ...OTHERS, "lang"].map(
    attributeName,
  );

  declare endpoint: string | null;
  declare tokenUrl: string | null;
  declare mode: "floating" | "inline";
  declare position: "end" | "start";
  declare colorScheme: "auto" | "light" | "dark";
  declare heading: string | null;
  declare greeting: string | null;
  declare placeholder: string | null;
  declare frameAncestors: string | null;
  declare persist: Persist;
  /** Called for a bearer token whenever one is needed. */
  declare tokenProvider: (() => Promise<string>) | null;
  /** Offered while nothing has been said. */
  declare suggestions: readonly string[];
  /** Texts in place of ours. */
  declare strings: Partial<Strings>;
  /** What the page shows, told to the model with each message. */
  declare page: PageContext | null;

  static {
    for (const [name, values] of Object.entries<readonly string[]>(ATTRIBUTES)) {
      const attribute = attributeName(name);
      define(
        ChatBot.prototype,
        name,
        (element) => {
          const value = element.getAttribute(attribute);
          return values.some((known) => known === value) ? value : (values[0] ?? value);
        },
        (element, value) => setAttribute(element, attribute, value),
      );
    }
    for (const [name, initially] of Object.entries(INITIALLY)) {
      define(
        ChatBot.prototype,
        name,
        (element) => Reflect.get(element.#held, name),
        (element, value) => {
          Reflect.set(element.#held, name, value ?? initially);
          element.#changed();
        },
      );
    }
  }

  readonly #held: Held = { ...INITIALLY };
  readonly #root: ShadowRoot;
  #launcher: HTMLElement | null = null;
  #notice: HTMLElement | null = null;
  #token: string | null = null;
  #loading: Promise<ChatPanel> | null = null;
  #panel: ChatPanel | null = null;
  #wasOpen = false;
  /** The person opened the panel before it was there. */
  #isFocusDue = false;

  constructor() {
    super();
    this.#root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
  }

  /** The bearer token in use. Never an attribute, whichever way it came. */
  get token(): string | null {
    return this.#token;
  }

  set token(value: string | null) {
    this.#token = value ?? null;
    this.#changed();
  }

  /** Whether the panel is shown. */
  get open(): boolean {
    return this.hasAttribute("open");
  }

  set open(isOpen: boolean) {
    this.toggleAttribute("open", isOpen);
  }

  /** The conversation shown. Setting it shows another one. */
  get conversationId(): string | null {
    return this.#panel?.conversationId ?? this.getAttribute("conversation-id");
  }

  set conversationId(value: string | null) {
    setAttribute(this, "conversation-id", value);
  }

  connectedCallback(): void {
    if (this.#launcher === null) {
      this.#takeEarlyProperties();
      this.#draw();
    }
    this.#openChanged(true);
    this.#loadIfWanted();
  }

  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    if (name === "token") {
      if (value === null) return;
      this.token = value;
      this.removeAttribute("token");
    } else if (this.isConnected && this.#launcher !== null) {
      if (name === "open") this.#openChanged(false);
      else this.#changed();
      this.#loadIfWanted();
    }
  }

  /** Opens the panel. */
  show(): void {
    this.open = true;
  }

  /** Closes the panel; what is being answered goes on. */
  hide(): void {
    this.open = false;
  }

  /** Opens the panel, or closes it. */
  toggle(): void {
    this.open = !this.open;
  }

  /** Says something for the person. False when it was not taken: nothing to say, or an answer is being written. */
  async send(text: string): Promise<boolean> {
    return (await this.#load()).send(text);
  }

  /** Stops the answer being written. */
  async cancel(): Promise<void> {
    await (await this.#loading)?.cancel();
  }

  /** Leaves this conversation and starts an empty one. */
  async newConversation(): Promise<void> {
    (await this.#load()).newConversation();
  }

  /** Approves a tool call, after `chat-bot-tool-request`. */
  async approve(toolUseId: string): Promise<void> {
    await (await this.#loading)?.answerApproval(toolUseId, true);
  }

  /** Denies a tool call, after `chat-bot-tool-request`. */
  async deny(toolUseId: string): Promise<void> {
    await (await this.#loading)?.answerApproval(toolUseId, false);
  }

  /** Values set before the element was defined lie on the instance and would hide the properties. */
  #takeEarlyProperties(): void {
    for (const name of [...Object.keys(ATTRIBUTES), ...Object.keys(INITIALLY), ...OTHERS]) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  #draw(): void {
    try {
      const styles = new CSSStyleSheet();
      styles.replaceSync(chatBotStyles);
      this.#root.adoptedStyleSheets.push(styles);
    } catch {
      // An older browser. The page may forbid other kinds of styles, and without any there would be half a widget.
      this.#root.textContent = launcherTexts(languageOf(this)).failed;
      return;
    }
    this.#launcher = createLauncher(
      () => this.#loadQuietly(),
      () => this.toggle(),
    );
    this.#root.append(this.#launcher);
    this.#updateLauncher();
  }

  /** The panel is fetched before anybody asks for it when it is to be seen, or when there is something to go on with. */
  #loadIfWanted(): void {
    const { endpoint } = this;
    const isWanted =
      this.open ||
      this.mode === "inline" ||
      this.hasAttribute("conversation-id") ||
      (endpoint !== null && isRemembered(this.persist, endpoint));
    if (isWanted) this.#loadQuietly();
  }

  /** A failure is shown, and needs no telling. */
  #loadQuietly(): void {
    this.#load().catch(() => {});
  }

  #load(): Promise<ChatPanel> {
    this.#loading ??= this.#fetchPanel().catch((error: unknown) => {
      // The next intent tries again.
      this.#loading = null;
      this.#showNotice();
      throw error;
    });
    this.#updateLauncher();
    return this.#loading;
  }

  async #fetchPanel(): Promise<ChatPanel> {
    const { loadPanel } = ChatBot;
    if (loadPanel === null) throw new Error("<chat-bot> is to be registered with defineChatBot().");
    const panel = await (await loadPanel()).createPanel(this);
    this.#panel = panel;
    this.#notice?.remove();
    this.#launcher?.classList.remove("is-loading");
    this.#root.append(panel);
    this.#changed();
    if (this.#isFocusDue) panel.takeFocus();
    this.#isFocusDue = false;
    return panel;
  }

  #showNotice(): void {
    this.#notice?.remove();
    this.#notice = createPart("div", "notice");
    this.#notice.role = "alert";
    this.#root.prepend(this.#notice);
    this.#notice.textContent = launcherTexts(languageOf(this)).failed;
  }

  #openChanged(isInitial: boolean): void {
    const isOpen = this.open;
    if (isOpen === this.#wasOpen) return;
    this.#wasOpen = isOpen;
    this.#changed();
    // A panel that is open from the start must not take the focus from the page.
    if (!isInitial) this.#moveFocus(isOpen);
    this.dispatchEvent(isOpen ? new ChatBotOpenEvent() : new ChatBotCloseEvent());
  }

  #moveFocus(isOpen: boolean): void {
    this.#isFocusDue = isOpen && this.#panel === null;
    if (isOpen) this.#panel?.takeFocus();
    else if (this.#root.activeElement !== null) this.#launcher?.focus();
  }

  #changed(): void {
    if (this.#panel === null) this.#updateLauncher();
    else this.#panel.hostChanged();
  }

  /** Until the panel is there, which then dresses it. */
  #updateLauncher(): void {
    if (this.#panel !== null || this.#launcher === null) return;
    const texts = launcherTexts(languageOf(this));
    const { launcherOpen = texts.open, launcherClose = texts.close } = this.strings;
    const isOpen = this.open;
    this.#launcher.ariaExpanded = String(isOpen);
    this.#launcher.ariaLabel = isOpen ? launcherClose : launcherOpen;
    this.#launcher.classList.toggle("is-loading", isOpen && this.#loading !== null);
  }
}

function define(
  prototype: ChatBot,
  name: string,
  get: (element: ChatBot) => unknown,
  set: (element: ChatBot, value: unknown) => void,
): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: ChatBot) {
      return get(this);
    },
    set(this: ChatBot, value: unknown) {
      set(this, value);
    },
  });
}

function attributeName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Frameworks pass `undefined` for what is not set. */
function setAttribute(element: Element, name: string, value: unknown): void {
  if (typeof value === "string") element.setAttribute(name, value);
  else element.removeAttribute(name);
}
