/**
 * Server-Sent Events as the WHATWG HTML standard parses them, from bytes cut anywhere. Written here because a
 * standard `EventSource` can send neither a bearer token nor a body.
 */

/** One dispatched event. */
export interface StreamEvent {
  /** The stream's last event id so far; empty while there was none. */
  lastEventId: string;
  /** Name of the event; `message` when the stream gave none. */
  name: string;
  data: string;
}

/** Takes bytes as they arrive and gives the events they complete. */
export type EventStreamParser = (bytes: Uint8Array) => StreamEvent[];

/** A line or an event that is longer than any the server sends: the stream cannot be trusted any more. */
export class EventTooLongError extends Error {
  constructor() {
    super("event stream: line or event too long");
    this.name = "EventTooLongError";
  }
}

const DEFAULT_MAX_LENGTH = 16 * 1024 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A parser for one stream. `maxLength` bounds, in UTF-16 units, what it holds of an unfinished event. */
export function createEventStreamParser(maxLength: number = DEFAULT_MAX_LENGTH): EventStreamParser {
  // Holds back characters cut between chunks, and drops the byte order mark at the start only.
  const decoder = new TextDecoder();
  let partialLine = "";
  let endedWithCarriageReturn = false;
  let lastEventId = "";
  let name = "";
  let dataLines: string[] = [];
  let dataLength = 0;

  const dispatch = (): StreamEvent | null => {
    const event = dataLines.length === 0 ? null : { lastEventId, name: name || "message", data: dataLines.join("\n") };
    name = "";
    dataLines = [];
    dataLength = 0;
    return event;
  };

  const takeField = (line: string): void => {
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    switch (field) {
      case "data":
        dataLength += value.length + 1;
        if (dataLength > maxLength) throw new EventTooLongError();
        dataLines.push(value);
        return;
      case "event":
        name = value;
        return;
      case "id":
        if (!value.includes("\0")) lastEventId = value;
        return;
      // `retry` is left out: how long to wait before reconnecting is decided by the reader. An empty field name is a
      // comment, the server's heartbeat.
    }
  };

  return (bytes) => {
    const events: StreamEvent[] = [];
    const text = decoder.decode(bytes, { stream: true });
    let lineStart = 0;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      const isSecondOfPair = endedWithCarriageReturn && code === LINE_FEED;
      endedWithCarriageReturn = code === CARRIAGE_RETURN;
      if (isSecondOfPair) {
        lineStart = index + 1;
        continue;
      }
      if (code !== LINE_FEED && code !== CARRIAGE_RETURN) continue;
      const line = partialLine + text.slice(lineStart, index);
      partialLine = "";
      lineStart = index + 1;
      if (line.length > maxLength) throw new EventTooLongError();
      if (line === "") {
        const event = dispatch();
        if (event !== null) events.push(event);
      } else {
        takeField(line);
      }
    }
    partialLine += text.slice(lineStart);
    if (partialLine.length > maxLength) throw new EventTooLongError();
    return events;
  };
}
