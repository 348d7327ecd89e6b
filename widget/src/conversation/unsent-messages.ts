import { hasShape, isCount, isListOf, isNullOr, isRecord, isString } from "../transport/shape.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";

/** What the server has not taken when the page is left. With its key a message is never answered twice. */
export interface UnsentMessages {
  /** Who wrote them: nobody else who uses this tab may see or send them. Null while no token had been had. */
  user: string | null;
  /** The message that was on its way. */
  underway: OutgoingMessage | null;
  /** Those that did not get through. */
  failed: OutgoingMessage[];
  keptAtMs: number;
}

/** Later than this a message on its way is not sent without being asked for again. */
const RESEND_WITHIN_MS = 10 * 60_000;

/** Null when there is nothing to keep. */
export function encodeUnsent(unsent: UnsentMessages): string | null {
  return unsent.underway === null && unsent.failed.length === 0 ? null : JSON.stringify(unsent);
}

/** Null when it is not what `encodeUnsent` made. */
export function decodeUnsent(encoded: string): UnsentMessages | null {
  try {
    const unsent: unknown = JSON.parse(encoded);
    return isUnsent(unsent) ? unsent : null;
  } catch {
    return null;
  }
}

/** Whether the message on its way goes on by itself: what is old, or of nobody known, waits for a word of the person. */
export function isSentOn({ user, keptAtMs }: UnsentMessages, nowMs: number): boolean {
  return user !== null && nowMs - keptAtMs < RESEND_WITHIN_MS;
}

const isOutgoing = hasShape<OutgoingMessage>({
  localId: isString,
  text: isString,
  conversationId: isNullOr(isString),
  page: isNullOr(isRecord),
  idempotencyKey: isString,
  begunConversationId: isNullOr(isString),
});

const isUnsent = hasShape<UnsentMessages>({
  user: isNullOr(isString),
  underway: isNullOr(isOutgoing),
  failed: isListOf(isOutgoing),
  keptAtMs: isCount,
});
