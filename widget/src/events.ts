/**
 * The DOM events a host may listen to. They bubble out of shadow trees, and tell ids and codes but never what was
 * said: a host that wants the words asks its own server. Every field is also found under `detail`.
 */
import type { ConversationError } from "./conversation/conversation.ts";
import type { ToolOutcome, TurnEndReason } from "./protocol/index.ts";

/** What all of them have in common. */
class ChatBotEvent<Detail extends object> extends CustomEvent<Readonly<Detail>> {
  constructor(type: string, detail: Detail, cancelable = false) {
    super(type, { bubbles: true, composed: true, cancelable, detail: Object.freeze({ ...detail }) });
  }
}

/** The panel was opened. */
export class ChatBotOpenEvent extends ChatBotEvent<Record<never, never>> {
  constructor() {
    super("chat-bot-open", {});
  }
}

/** The panel was closed. */
export class ChatBotCloseEvent extends ChatBotEvent<Record<never, never>> {
  constructor() {
    super("chat-bot-close", {});
  }
}

/** Which message. */
export interface ChatBotMessageDetail {
  conversationId: string | null;
  messageId: string;
  role: "user" | "assistant";
}

/** The server took the user's message, or the assistant finished one. */
export class ChatBotMessageEvent extends ChatBotEvent<ChatBotMessageDetail> {
  constructor(detail: ChatBotMessageDetail) {
    super("chat-bot-message", detail);
  }

  get conversationId(): string | null {
    return this.detail.conversationId;
  }

  get messageId(): string {
    return this.detail.messageId;
  }

  get role(): "user" | "assistant" {
    return this.detail.role;
  }
}

/** Which call waits for a decision. */
export interface ChatBotToolRequestDetail {
  conversationId: string | null;
  toolUseId: string;
  name: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/**
 * A person is asked whether a tool may run. `preventDefault()` leaves the question to the host, which answers with
 * the element's `approve(id)` or `deny(id)`.
 */
export class ChatBotToolRequestEvent extends ChatBotEvent<ChatBotToolRequestDetail> {
  constructor(detail: ChatBotToolRequestDetail) {
    super("chat-bot-tool-request", detail, true);
  }

  get conversationId(): string | null {
    return this.detail.conversationId;
  }

  get toolUseId(): string {
    return this.detail.toolUseId;
  }

  /** The tool's name, such as `members__member_remove`. */
  get name(): string {
    return this.detail.name;
  }

  get expiresAt(): string {
    return this.detail.expiresAt;
  }
}

/** Which call ended, and how. */
export interface ChatBotToolResultDetail {
  conversationId: string | null;
  toolUseId: string;
  name: string;
  outcome: ToolOutcome;
}

/** A tool call has its outcome: the moment for a host page to refresh what the tool may have changed. */
export class ChatBotToolResultEvent extends ChatBotEvent<ChatBotToolResultDetail> {
  constructor(detail: ChatBotToolResultDetail) {
    super("chat-bot-tool-result", detail);
  }

  get conversationId(): string | null {
    return this.detail.conversationId;
  }

  get toolUseId(): string {
    return this.detail.toolUseId;
  }

  get name(): string {
    return this.detail.name;
  }

  get outcome(): ToolOutcome {
    return this.detail.outcome;
  }
}

/** Which turn ended, and why. */
export interface ChatBotTurnEndDetail {
  conversationId: string | null;
  turnId: string;
  reason: TurnEndReason;
}

/** The assistant has stopped, for whatever reason. */
export class ChatBotTurnEndEvent extends ChatBotEvent<ChatBotTurnEndDetail> {
  constructor(detail: ChatBotTurnEndDetail) {
    super("chat-bot-turn-end", detail);
  }

  get conversationId(): string | null {
    return this.detail.conversationId;
  }

  get turnId(): string {
    return this.detail.turnId;
  }

  get reason(): TurnEndReason {
    return this.detail.reason;
  }
}

/** What went wrong, and what the person is offered. */
export interface ChatBotErrorDetail {
  conversationId: string | null;
  code: ConversationError["code"];
  remedy: ConversationError["remedy"];
}

/** The person sees an error. A host may use `remedy` `sign_in` to renew its own session. */
export class ChatBotErrorEvent extends ChatBotEvent<ChatBotErrorDetail> {
  constructor(detail: ChatBotErrorDetail) {
    super("chat-bot-error", detail);
  }

  get conversationId(): string | null {
    return this.detail.conversationId;
  }

  get code(): ConversationError["code"] {
    return this.detail.code;
  }

  get remedy(): ConversationError["remedy"] {
    return this.detail.remedy;
  }
}

/** Where a link leads. */
export interface ChatBotLinkDetail {
  conversationId: string | null;
  /** Absolute: http, https or mailto. */
  href: string;
}

/** A person follows a link in an answer. `preventDefault()` leaves it to the host. */
export class ChatBotLinkEvent extends ChatBotEvent<ChatBotLinkDetail> {
  constructor(detail: ChatBotLinkDetail) {
    super("chat-bot-link", detail, true);
  }

  get conversationId(): string | null {
    return this.detail.conversationId;
  }

  get href(): string {
    return this.detail.href;
  }
}

/** The element's events by name. */
export interface ChatBotEvents {
  "chat-bot-open": ChatBotOpenEvent;
  "chat-bot-close": ChatBotCloseEvent;
  "chat-bot-message": ChatBotMessageEvent;
  "chat-bot-tool-request": ChatBotToolRequestEvent;
  "chat-bot-tool-result": ChatBotToolResultEvent;
  "chat-bot-turn-end": ChatBotTurnEndEvent;
  "chat-bot-error": ChatBotErrorEvent;
  "chat-bot-link": ChatBotLinkEvent;
}

declare global {
  interface GlobalEventHandlersEventMap extends ChatBotEvents {}
}
