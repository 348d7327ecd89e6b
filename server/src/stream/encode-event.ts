/** How long a reader waits before it comes back by itself, in milliseconds: the `retry` field. */
const RETRY_MS = 1000;

/** First bytes of every stream: they open it at once, also through proxies that wait for a body. */
export const STREAM_PREAMBLE: string = `retry: ${RETRY_MS}\n\n`;

/** A comment line: it keeps proxies awake and readers ignore it. */
export const HEARTBEAT: string = ": keep-alive\n\n";

/**
 * One Server-Sent Event. `data` is JSON, so it has no line breaks of its own.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function encodeEvent(id: string, event: string, data: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}
