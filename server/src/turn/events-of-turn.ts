import type { LoggedEvent, Store } from "../store/store.ts";
import type { Turn } from "./turn.ts";

const EVENTS_AT_ONCE = 500;

/** What readers have been told of a turn so far, in order. */
export async function* eventsOfTurn(turn: Turn, store: Store): AsyncGenerator<LoggedEvent> {
  let after = turn.record.afterSeq;
  while (true) {
    const events = await store.readEvents(turn.conversation.id, after, EVENTS_AT_ONCE);
    yield* events;
    const last = events.at(-1);
    if (last === undefined || events.length < EVENTS_AT_ONCE) return;
    after = last.seq;
  }
}
