import type { DoneEvent, ServerEvent, ToolRequestEvent, ToolResultEvent } from "../protocol/index.ts";
import { answerId } from "./answer.ts";
import type { Conversation, ConversationError, Message } from "./conversation.ts";
import { errorFromEvent } from "./conversation-error.ts";

/** What the controller tells while it happens, so that the element can dispatch its DOM events. */
export interface ConversationObserver {
  /** The server took a user's message, or an answer is complete. `messageId` is the server's where it gave one. */
  onMessage?(messageId: string, message: Message): void;
  /** Once per request, also for requests found pending when a conversation is loaded. */
  onToolRequest?(request: ToolRequestEvent): void;
  onToolResult?(result: ToolResultEvent): void;
  onTurnEnd?(done: DoneEvent): void;
  onError?(error: ConversationError): void;
}

/** Tells an observer what new events mean, each thing once. */
export class Announcer {
  readonly #observer: ConversationObserver;
  readonly #requests = new Set<string>();

  constructor(observer: ConversationObserver) {
    this.#observer = observer;
  }

  /** Announces events that were applied, and every request that is pending and was not announced before. */
  announce(applied: readonly ServerEvent[], conversation: Conversation): void {
    for (const event of applied) this.#announceEvent(event, conversation);
    for (const request of conversation.pendingApprovals) {
      if (this.#requests.has(request.tool_use_id)) continue;
      this.#requests.add(request.tool_use_id);
      this.#observer.onToolRequest?.(request);
    }
  }

  /** Another conversation begins. */
  forget(): void {
    this.#requests.clear();
  }

  #announceEvent(event: ServerEvent, conversation: Conversation): void {
    switch (event.type) {
      case "status_update":
        if (event.state === "started") this.#announceUserMessage(event.message.id, conversation);
        return;
      case "tool_result":
        this.#observer.onToolResult?.(event);
        return;
      case "error":
        this.#observer.onError?.(errorFromEvent(event));
        return;
      case "done":
        this.#announceAnswer(event.turn_id, conversation);
        this.#observer.onTurnEnd?.(event);
        return;
      case "session_created":
      case "text":
      case "tool_use":
      case "tool_request":
      case "tool_chunk":
      case "usage":
        return;
    }
  }

  #announceUserMessage(id: string, { messages }: Conversation): void {
    const message = messages.findLast(
      (candidate) => candidate.role === "user" && (candidate.serverId ?? candidate.id) === id,
    );
    if (message !== undefined) this.#observer.onMessage?.(id, message);
  }

  #announceAnswer(turnId: string, { messages }: Conversation): void {
    const answer = messages.findLast(({ id }) => id === answerId(turnId));
    if (answer !== undefined) this.#observer.onMessage?.(answer.id, answer);
  }
}
