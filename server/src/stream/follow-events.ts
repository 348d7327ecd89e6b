import type { ConversationRecord } from "../store/conversation-record.ts";
import { eventId } from "../store/conversation-record.ts";
import type { Coordination } from "../store/coordination.ts";
import type { Store } from "../store/store.ts";
import { WakeUp } from "../wake-up.ts";
import { encodeEvent } from "./encode-event.ts";

const EVENTS_AT_ONCE = 256;
/** Looked for even when nobody called: an announcement can be lost. */
const LOOK_EVERY_MS = 5000;

/** Which part of the log is read. */
export interface Range {
  /** Number of the event before the first one. */
  afterSeq: number;
  /** Ends with this turn's `done`; null: when nothing of the conversation is in progress any more. */
  turnId: string | null;
}

/**
 * The events of a range as bytes for the wire, then those that come, until the end of the range. Reads from the store,
 * at the reader's pace: however slow a reader is, it costs one batch of memory and never holds up the turn.
 */
export async function* followEvents(
  conversation: ConversationRecord,
  range: Range,
  ports: { store: Store; coordination: Coordination },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { store, coordination } = ports;
  const news = new WakeUp();
  const stopListening = coordination.onEvents(conversation.id, () => news.raise());
  signal.addEventListener("abort", () => news.raise(), { once: true });
  let after = range.afterSeq;
  try {
    while (!signal.aborted) {
      const seen = news.count;
      const events = await store.readEvents(conversation.id, after, EVENTS_AT_ONCE);
      for (const event of events) {
        after = event.seq;
        yield encodeEvent(eventId(conversation.epoch, event.seq), event.type, event.data);
        if (event.type === "done" && event.turnId === range.turnId) return;
      }
      if (events.length > 0) continue;
      if (range.turnId === null && (await store.findActiveTurn(conversation.id)) === null) {
        // What was written between the two looks is read before the end.
        if ((await store.readEvents(conversation.id, after, 1)).length === 0) return;
        continue;
      }
      if ((await store.findConversation(conversation.owner, conversation.id)) === null) return;
      await news.after(seen, LOOK_EVERY_MS);
    }
  } finally {
    stopListening();
  }
}
