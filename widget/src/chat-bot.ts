import { chatBotStyles } from "./chat-bot.styles.ts";
import type { ChatPanel, PanelHost, PanelLoader } from "./chat-panel.ts";
import { isRemembered, type Persist } from "./conversation/is-remembered.ts";
import { ChatBotCloseEvent, ChatBotOpenEvent } from "./events.ts";
import { createLauncher, createPart } from "./launcher-button.ts";
import { FAILED, launcherText, OPEN } from "./launcher-texts.ts";
import type { PageContext } from "./protocol/index.ts";
import type { Strings } from "./strings.ts";

// A server has no HTMLElement: there the class is defined and never used.
const ElementBase: typeof HTMLElement = globalThis.HTMLElement ?? Object;

/** Attributes by the names of their properties, and what they may be, the first being the default; alone, any text will do. */
const ATTRIBUTES = [
  "mode floating inline",
  "position end start",
  "colorScheme auto light dark",
  "persist session local none",
  "endpoint",
  "tokenUrl",
  "heading",
  "greeting",
  "placeholder",
  "frameAncestors",
  "conversationId",
];

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
  declare static loadPanel: PanelLoader;

  static readonly observedAttributes: readonly string[] = [
    "token",
    "open",
    "lang",
    ...ATTRIBUTES.map((line) => defineAttribute(ChatBot.prototype, line)),
  ];

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
  /** The conversation shown. Setting it shows another one. */
  declare conversationId: string | null;
  /** The bearer token in use. Never an attribute, whichever way it came. */
  declare token: string | null;
  /** Called for a bearer token whenever one is needed. */
  declare tokenProvider: (() => Promise<string>) | null;
  /** Offered while nothing has been said. */
  declare suggestions: readonly string[];
  /** Texts in place of ours. */
  declare strings: Partial<Strings>;
  /** What the page shows, told to the model with each message. */
  declare page: PageContext | null;

  static {
    const held: Pick<ChatBot, "token" | "tokenProvider" | "suggestions" | "strings" | "page"> = {
      token: null,
      tokenProvider: null,
      suggestions: [],
      strings: {},
      page: null,
    };
    for (const [name, initially] of Object.entries(held)) {
      Object.defineProperty(ChatBot.prototype, name, {
        get(this: ChatBot) {
          return this.#held[name] ?? initially;
        },
        set(this: ChatBot, value: unknown) {
          this.#held[name] = value;
          this.#changed();
        },
      });
    }
  }

  /** Properties that are no attributes. */
  readonly #held: Record<string, unknown> = {};
  readonly #root: ShadowRoot = this.attachShadow({ mode: "open" });
  readonly #launcher: HTMLElement = createLauncher(
    () => void this.#load(),
    // Where an open panel did not come, pressing asks for it again.
    () => {
      this.open = !this.open || !this.#loading;
    },
  );
  readonly #notice: HTMLElement = createPart("div", "notice");
  #loading: Promise<ChatPanel> | undefined;
  #wasOpen = false;
  /** It was opened or closed by somebody, and the panel is to move the focus accordingly once it is there. */
  #isFocusDue = false;
  /** Something about the element has changed. Until the panel is there, which sees to it then. */
  #changed = (isFocusDue = false): void => {
    this.#isFocusDue ||= isFocusDue;
    this.#launcher.ariaExpanded = `${this.open}`;
    this.#launcher.ariaLabel = this.strings.launcherOpen ?? launcherText(this, OPEN);
  };

  /** Whether the panel is shown. */
  get open(): boolean {
    return this.hasAttribute("open");
  }

  set open(isOpen: boolean) {
    this.toggleAttribute("open", isOpen);
  }

  connectedCallback(): void {
    takeEarlyProperties(this);
    if (!this.#launcher.isConnected) this.#draw();
    // A panel that is open from the start must not take the focus from the page.
    this.#update(false);
  }

  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    if (name === "token" && value) {
      this.token = value;
      this.removeAttribute(name);
    }
    this.#update(true);
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

  #draw(): void {
    try {
      const styles = new CSSStyleSheet();
      styles.replaceSync(chatBotStyles);
      this.#root.adoptedStyleSheets.push(styles);
      this.#root.append(this.#launcher);
    } catch {
      // An older browser. The page may forbid other kinds of styles, and without any there would be half a widget.
      this.#root.textContent = launcherText(this, FAILED);
    }
  }

  /** Follows the attributes, as soon as there is something to see. */
  #update(mayMoveFocus: boolean): void {
    if (!this.#launcher.isConnected) return;
    const { open } = this;
    const isToggled = open !== this.#wasOpen;
    this.#wasOpen = open;
    this.#changed(isToggled && mayMoveFocus);
    if (isToggled) this.dispatchEvent(open ? new ChatBotOpenEvent() : new ChatBotCloseEvent());
    // The panel is fetched before anybody asks for it when it is to be seen, or when there is something to go on with.
    if (this.open || this.mode === "inline" || this.conversationId || isRemembered(this)) void this.#load();
  }

  /** A failure is shown; who does not wait for the panel need not handle it. */
  #load(): Promise<ChatPanel> {
    if (!this.#loading) {
      this.#loading = ChatBot.loadPanel().then(async ({ createPanel }) => {
        const panel = await createPanel(this);
        this.#notice.remove();
        this.#changed = panel.hostChanged;
        this.#changed(this.#isFocusDue);
        return panel;
      });
      this.#loading.catch(() => {
        // The next intent tries again.
        this.#loading = undefined;
        this.#root.prepend(this.#notice);
        this.#notice.role = "alert";
        this.#notice.textContent = launcherText(this, FAILED);
      });
    }
    return this.#loading;
  }
}

/** Tells the attribute's name. */
function defineAttribute(prototype: ChatBot, line: string): string {
  const [property = "", ...values] = line.split(" ");
  const attribute = property.replace(/[A-Z]/g, "-$&").toLowerCase();
  Object.defineProperty(prototype, property, {
    get(this: ChatBot) {
      const value = this.getAttribute(attribute);
      return values.find((known) => known === value) ?? values[0] ?? value;
    },
    // Frameworks pass `undefined` for what is not set.
    set(this: ChatBot, value: unknown) {
      if (typeof value === "string") this.setAttribute(attribute, value);
      else this.removeAttribute(attribute);
    },
  });
  return attribute;
}

/** Values set before the element was defined lie on the instance and would hide the properties. */
function takeEarlyProperties(element: ChatBot): void {
  for (const [name, value] of Object.entries(element)) {
    if (name in ChatBot.prototype) {
      Reflect.deleteProperty(element, name);
      Reflect.set(element, name, value);
    }
  }
}
