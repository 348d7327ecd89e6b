/** Changes to the messages a person wrote here, from typing to the server's answer. */
import { type Conversation, type Message, noProgress } from "./conversation.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";

/** With the message at the end, on its way. One that failed before moves there. */
export function withSending(conversation: Conversation, { localId, text }: OutgoingMessage): Conversation {
  return {
    ...conversation,
    messages: [
      ...conversation.messages.filter(({ id }) => id !== localId),
      { role: "user", id: localId, text, createdAt: null, delivery: "sending" },
    ],
    activeTurn: { id: null, cancelling: false },
    activity: { type: "connecting" },
    error: null,
    lastEndReason: null,
  };
}

/** With a message from before the page was loaded, which did not get through. */
export function withUnsent(conversation: Conversation, { localId, text }: OutgoingMessage): Conversation {
  const message: Message = { role: "user", id: localId, text, createdAt: null, delivery: "failed" };
  return { ...conversation, messages: [...conversation.messages, message] };
}

/** The server has it, under its own id. */
export function withAccepted(conversation: Conversation, localId: string, serverId: string): Conversation {
  return {
    ...conversation,
    messages: conversation.messages.map((message) =>
      message.role === "user" && message.id === localId ? { ...message, serverId, delivery: "sent" } : message,
    ),
  };
}

/** It did not get through; it stays, to be sent again. A turn that waits for a decision goes on waiting. */
export function withFailed(conversation: Conversation, localId: string): Conversation {
  const isWaiting = conversation.pendingApprovals.length > 0;
  return {
    ...conversation,
    messages: conversation.messages.map((message) =>
      message.role === "user" && message.id === localId ? { ...message, delivery: "failed" } : message,
    ),
    activeTurn: isWaiting ? conversation.activeTurn : null,
    activity: isWaiting ? { type: "awaiting_approval" } : null,
  };
}

/** Nothing is left of the conversation but what the server never had. */
export function onlyUnsent(conversation: Conversation): Conversation {
  return {
    ...conversation,
    id: null,
    messages: conversation.messages.filter((message) => message.role === "user" && message.delivery !== "sent"),
    pendingApprovals: [],
    usage: null,
    lastEventId: null,
    progress: noProgress,
  };
}
