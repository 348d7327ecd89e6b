import type { ReceivedEvent } from "./chat-transport.ts";
import { createEventStreamParser } from "./event-stream-parser.ts";
import { parseServerEvent } from "./parse-server-event.ts";
import { TransportError } from "./transport-error.ts";

/** How to read a stream. */
export interface ReadEventsOptions {
  signal: AbortSignal;
  /** The server sends at least a heartbeat every 15 s: a stream silent for longer than this is dead. */
  maxSilenceMs: number;
}

/**
 * The events of an answer's body, as they arrive, after an empty one for the open connection. Ends normally when the last turn in it is `done`; throws `network`
 * when it breaks off before, goes silent or cannot be parsed, and the signal's reason when aborted.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { signal, maxSilenceMs }: ReadEventsOptions,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const reader = body.getReader();
  // Cancelling ends a pending read, also of a body that does not listen to the signal itself.
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  const parse = createEventStreamParser();
  let isTurnDone = false;
  try {
    yield { id: null, event: null };
    for (;;) {
      signal.throwIfAborted();
      const silence = setTimeout(stop, maxSilenceMs);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      signal.throwIfAborted();
      if (done) break;
      for (const { lastEventId, name, data } of parse(value)) {
        const event = parseServerEvent(name, data);
        isTurnDone = isTurnOver(isTurnDone, event);
        yield { id: lastEventId || null, event };
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new TransportError("network", { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
  if (!isTurnDone) throw new TransportError("network");
}

/** After this event: a stream may hold the rest of one turn and the whole of the next. */
function isTurnOver(wasOver: boolean, event: ReceivedEvent["event"]): boolean {
  if (event?.type === "done") return true;
  if (event?.type !== "status_update") return wasOver;
  if (event.state === "snapshot") return event.conversation.active_turn === null;
  return wasOver && event.state !== "started";
}
