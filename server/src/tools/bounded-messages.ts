/** Above what any tool is asked for, and below what hurts: over stdio the client's own limit is the same. */
const MESSAGE_LIMIT_BYTES = 10 * 1024 * 1024;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A `fetch` whose answers break off when a message in them is longer than allowed: a server must not fill our memory. */
export function withBoundedMessages(
  fetch: typeof globalThis.fetch,
  limitBytes: number = MESSAGE_LIMIT_BYTES,
): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText, headers } = response;
    if (body === null) return response;
    const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
    const bounded = body.pipeThrough(boundedMessages(limitBytes, isStream));
    return new Response(bounded, { status, statusText, headers });
  };
}

/** Breaks off after so many bytes of one message: of the whole body, or of an event, which ends with an empty line. */
function boundedMessages(limitBytes: number, isStream: boolean): TransformStream<Uint8Array, Uint8Array> {
  let messageBytes = 0;
  let isLineEmpty = false;
  return new TransformStream({
    transform(chunk, controller) {
      let longest = messageBytes;
      for (const [index, byte] of isStream ? chunk.entries() : []) {
        if (byte === CARRIAGE_RETURN) continue;
        if (byte === LINE_FEED && isLineEmpty) {
          longest = Math.max(longest, messageBytes + index);
          messageBytes = -index;
        }
        isLineEmpty = byte === LINE_FEED;
      }
      messageBytes += chunk.length;
      if (Math.max(longest, messageBytes) > limitBytes) {
        controller.error(new Error(`a message is longer than ${limitBytes} bytes`));
      } else controller.enqueue(chunk);
    },
  });
}
