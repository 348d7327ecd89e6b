import type {
  ApprovalRequest,
  ApprovalResponse,
  ConversationSnapshot,
  PageContext,
  ServerEvent,
} from "../protocol/index.ts";

/**
 * One event as it came. `event` is null when this version does not know it: its id counts all the same. Both are null
 * once at the start of a stream, when the connection stands.
 */
export interface ReceivedEvent {
  id: string | null;
  event: ServerEvent | null;
}

/** What goes with a message. */
export interface SendOptions {
  /** Null starts a new conversation. */
  conversationId: string | null;
  page: PageContext | null;
  /** The same key never starts a second turn: it streams the first one's events again, from their start. */
  idempotencyKey: string;
  signal: AbortSignal;
}

/**
 * The way to the server. Everything rejects with a `TransportError`, except that an aborted signal rejects with its
 * reason. A stream ends normally only when its last turn is `done`: one that breaks off before throws `network`.
 */
export interface ChatTransport {
  /** Whom requests are made for, as a word that differs between people; null when the token does not tell. */
  user(signal?: AbortSignal): Promise<string | null>;
  /** Sends a message and streams its turn. */
  send(message: string, options: SendOptions): AsyncIterable<ReceivedEvent>;
  /** Streams everything after `lastEventId`, live until the turn in progress is done; ends at once if there is none. */
  follow(conversationId: string, lastEventId: string | null, signal: AbortSignal): AsyncIterable<ReceivedEvent>;
  answerApproval(request: ApprovalRequest, signal?: AbortSignal): Promise<ApprovalResponse>;
  /** Resolves when the server knows; the turn's `done` comes on the stream. */
  cancel(conversationId: string, signal?: AbortSignal): Promise<void>;
  loadConversation(conversationId: string, signal?: AbortSignal): Promise<ConversationSnapshot>;
}
