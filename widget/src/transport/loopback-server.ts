/** A server behind `fetch`, for the tests: real requests in, real responses and streams out, in the order scripted. */
import type { ErrorBody, ServerEvent } from "../protocol/index.ts";
import type { ReceivedEvent } from "./chat-transport.ts";

/** What was asked. */
export interface RecordedRequest {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

/** Answers one request; throwing is a network that does not answer. */
export type Answer = (request: Request) => Response | Promise<Response>;

/** An event stream kept open by the test. */
export interface OpenStream {
  answer: Answer;
  send(...events: readonly ReceivedEvent[]): void;
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** Ends the body as a server does that has nothing more to say. */
  end(): void;
  /** Cuts the connection. */
  cut(): void;
}

const encoder = new TextEncoder();

/** Answers requests in the order of its script, and fails those it has no answer for. */
export class LoopbackServer {
  readonly requests: RecordedRequest[] = [];
  readonly #script: Answer[] = [];
  readonly #watchers = new Set<() => void>();

  /** Adds answers to the script. */
  answers(...answers: readonly Answer[]): void {
    this.#script.push(...answers);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    this.requests.push({
      method: request.method,
      path: pathname + search,
      headers: request.headers,
      body: text === "" ? null : JSON.parse(text),
    });
    const answer = this.#script.shift() ?? nothing;
    for (const watcher of this.#watchers) watcher();
    request.signal.throwIfAborted();
    return await answer(request);
  };

  /** Resolves once so many requests have come. */
  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return;
    await new Promise<void>((resolve) => {
      const watcher = (): void => {
        if (this.requests.length < count) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }
}

/** No network. */
export const nothing: Answer = () => {
  throw new TypeError("Failed to fetch");
};

export function json(value: unknown, init: ResponseInit = {}): Answer {
  return () => Response.json(value, init);
}

export function refusal(
  status: number,
  error: string,
  details: Partial<ErrorBody> = {},
  headers: Record<string, string> = {},
): Answer {
  return json({ message: `Refused: ${error}`, request_id: "request-1", ...details, error }, { status, headers });
}

/** A stream with these events, ended after them. */
export function streamOf(events: readonly ReceivedEvent[]): Answer {
  return (request) => {
    const stream = openStream();
    const response = stream.answer(request);
    stream.send(...events);
    stream.end();
    return response;
  };
}

export function openStream(): OpenStream {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(undefined, {
    highWaterMark: 1000,
  });
  const writer = writable.getWriter();
  const quietly = (action: Promise<void>): void => void action.catch(() => {});
  quietly(writer.closed);
  const sendBytes = (bytes: Uint8Array<ArrayBuffer>): void => quietly(writer.write(bytes));
  return {
    answer: (request) => {
      request.signal.addEventListener("abort", () => quietly(writer.abort(request.signal.reason)));
      return new Response(readable, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
    },
    send: (...events) => sendBytes(encodeEvents(events)),
    sendBytes,
    end: () => quietly(writer.close()),
    cut: () => quietly(writer.abort(new TypeError("network error"))),
  };
}

/** As the server writes them. */
export function encodeEvents(events: readonly ReceivedEvent[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(["retry: 500\n\n", ...events.map(({ id, event }) => encodeEvent(id, event))].join(""));
}

function encodeEvent(id: string | null, event: ServerEvent | null): string {
  const { type, ...data } = event ?? { type: "from_the_future" };
  return `${id === null ? "" : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
