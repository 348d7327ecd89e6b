import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Middleware } from "koa";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { HEARTBEAT, STREAM_PREAMBLE } from "./encode-event.ts";
import { type EventStreamOptions, eventStream } from "./event-stream.ts";

type Events = (signal: AbortSignal) => AsyncIterable<string>;

/** Serves these events; tells when the stream is over, and what was thrown. */
async function serve(
  events: Events,
  options: EventStreamOptions = {},
): Promise<{ url: string; over: Promise<void>; errors: unknown[] }> {
  const over = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const stage: Middleware = async (ctx) => {
    ctx.app.on("error", (error: unknown) => errors.push(error));
    await eventStream(ctx, events, options).finally(over.resolve);
  };
  return { url: await serveStages(stage), over: over.promise, errors };
}

/** Yields these and then nothing until the reader is gone. */
function thenSilence(...first: string[]): Events {
  return async function* (signal) {
    yield* first;
    await once(signal, "abort");
  };
}

/** A reader that reads no more than it is told to. */
async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "connect");
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return socket;
}

describe("eventStream", () => {
  it("answers with the headers of a stream", async () => {
    const { url } = await serve(async function* () {
      yield "data: 1\n\n";
    });
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe(`${STREAM_PREAMBLE}data: 1\n\n`);
  });

  it("flushes headers and the retry line before there is any event", async () => {
    const { url } = await serve(thenSilence());
    const response = await fetch(url);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(STREAM_PREAMBLE);
    await reader?.cancel();
  });

  it("keeps a silent stream awake", async () => {
    const { url } = await serve(thenSilence(), { heartbeatMs: 5 });
    const response = await fetch(url);
    let received = "";
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      received += piece;
      if (received.split(HEARTBEAT).length > 3) break;
    }
    expect(received.startsWith(STREAM_PREAMBLE + HEARTBEAT)).toBe(true);
  });

  it("ends the events when the reader leaves, and reports no error", async () => {
    const { url, over, errors } = await serve(thenSilence("data: 1\n\n"));
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await expect(over).resolves.toBeUndefined();
    expect(errors).toEqual([]);
  });

  it("asks for no more events than the reader takes, and cuts off one that takes none", async () => {
    let made = 0;
    let ended = false;
    const { url, over } = await serve(
      async function* () {
        try {
          while (true) {
            made += 1;
            yield `data: ${"x".repeat(64 * 1024)}\n\n`;
          }
        } finally {
          ended = true;
        }
      },
      { stuckAfterMs: 100 },
    );
    const socket = await open(url);
    const closed = once(socket, "close");
    await over;
    expect(ended).toBe(true);
    expect(made * 64 * 1024).toBeLessThan(32 * 1024 * 1024);
    socket.resume();
    await closed;
  });

  it("waits for a reader that is slow", async () => {
    const { url } = await serve(async function* () {
      for (let index = 0; index < 100; index += 1) yield `data: ${"x".repeat(64 * 1024)}\n\n`;
    });
    const socket = await open(url);
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.resume();
    await new Promise<void>((resolve) => {
      socket.on("data", () => {
        if (bytes >= 100 * 64 * 1024) resolve();
      });
    });
    expect(bytes).toBeGreaterThanOrEqual(100 * 64 * 1024);
  });

  it("breaks the connection off, and tells why, when the events fail", async () => {
    const failure = new Error("the store is gone");
    const { url, errors } = await serve(async function* () {
      yield "data: 1\n\n";
      throw failure;
    });
    const response = await fetch(url);
    await expect(response.text()).rejects.toThrow();
    expect(errors).toEqual([failure]);
  });
});
