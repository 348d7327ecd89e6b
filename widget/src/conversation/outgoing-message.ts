import type { PageContext } from "../protocol/index.ts";
import { utf8Length } from "./append-delta.ts";

/**
 * A message on its way. It is sent again as it was, byte for byte: the server takes the same key with another body for
 * a mistake.
 */
export interface OutgoingMessage {
  /** Id of the message in the conversation. */
  localId: string;
  text: string;
  conversationId: string | null;
  page: PageContext | null;
  idempotencyKey: string;
  /** The conversation it began, once the server has told. */
  begunConversationId: string | null;
}

/** A new message, with a key of its own. */
export function createOutgoingMessage(
  text: string,
  conversationId: string | null,
  page: PageContext | null,
): OutgoingMessage {
  return {
    localId: `local-${randomId()}`,
    text,
    conversationId,
    page: fitPage(page),
    idempotencyKey: randomId(),
    begunConversationId: null,
  };
}

/** The same message as it is to be sent in a conversation. Another address is another body, and so needs another key. */
export function addressedTo(message: OutgoingMessage, conversationId: string | null): OutgoingMessage {
  const isThere = conversationId === message.conversationId || conversationId === message.begunConversationId;
  return isThere ? message : withNewKey({ ...message, conversationId });
}

/** The same message as one that the server has not seen. */
export function withNewKey(message: OutgoingMessage): OutgoingMessage {
  return { ...message, idempotencyKey: randomId(), begunConversationId: null };
}

const MAX_PAGE_BYTES = 4096;

/** The page as far as the server takes it: a long selection is shortened rather than the message refused. */
function fitPage(page: PageContext | null): PageContext | null {
  if (page === null) return null;
  if (fits(page)) return page;
  const { selection = "", ...rest } = page;
  const half = selection.slice(0, selection.length / 2);
  if (half !== "") return fitPage({ ...rest, selection: half });
  return fits(rest) ? rest : null;
}

function fits(page: PageContext): boolean {
  return utf8Length(JSON.stringify(page)) <= MAX_PAGE_BYTES;
}

/** 128 random bits. `crypto.randomUUID` is missing on pages that are not served over HTTPS. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
