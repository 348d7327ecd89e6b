import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Context } from "koa";
import { HEARTBEAT, STREAM_PREAMBLE } from "./encode-event.ts";

/** A little under 15 s, so that no reader sees a longer silence. */
const HEARTBEAT_MS = 14_000;
/** A reader that takes nothing for so long is cut off; it resumes where it was. */
const STUCK_AFTER_MS = 30_000;

/** Bounds of a stream, in milliseconds. */
export interface EventStreamOptions {
  heartbeatMs?: number;
  stuckAfterMs?: number;
}

/**
 * Answers with an event stream: headers at once, then whatever `events` yields, with heartbeats between. Written to the
 * raw response, because Koa reports every reader that leaves as an error. Resolves when the stream is over.
 */
export async function eventStream(
  ctx: Context,
  events: (signal: AbortSignal) => AsyncIterable<string>,
  options: EventStreamOptions = {},
): Promise<void> {
  const { heartbeatMs = HEARTBEAT_MS, stuckAfterMs = STUCK_AFTER_MS } = options;
  const response = open(ctx);
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  response.on("error", () => closed.abort());
  const heartbeat = setInterval(() => {
    // With bytes still waiting the reader is not short of news.
    if (response.writableLength === 0) response.write(HEARTBEAT);
  }, heartbeatMs);
  try {
    response.write(STREAM_PREAMBLE);
    for await (const event of events(closed.signal)) {
      if (closed.signal.aborted) return;
      if (response.write(event)) continue;
      if (!(await drained(response, closed.signal, stuckAfterMs))) return;
    }
    response.end();
  } finally {
    clearInterval(heartbeat);
    if (!response.writableEnded) response.destroy();
  }
}

function open(ctx: Context): ServerResponse {
  ctx.respond = false;
  ctx.req.socket.setNoDelay(true);
  // Streams are exempt from the bounds that protect ordinary requests.
  ctx.req.socket.setTimeout(0);
  ctx.status = 200;
  ctx.set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  });
  ctx.res.flushHeaders();
  return ctx.res;
}

/** false: the reader is gone or stuck. */
async function drained(response: ServerResponse, closed: AbortSignal, stuckAfterMs: number): Promise<boolean> {
  try {
    await once(response, "drain", { signal: AbortSignal.any([closed, AbortSignal.timeout(stuckAfterMs)]) });
    return true;
  } catch {
    return false;
  }
}
