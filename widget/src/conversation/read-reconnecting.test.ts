import { expect } from "@open-wc/testing";
import type { ReceivedEvent } from "../transport/chat-transport.ts";
import { TransportError } from "../transport/transport-error.ts";
import { readReconnecting, reconnectDelayMs } from "./read-reconnecting.ts";
import { done, numbered, started } from "./sample-events.ts";

const OPENED: ReceivedEvent = { id: null, event: null };
const EVENTS = numbered([started("t1"), done("t1")]);

/** One attempt: what it yields, and how it ends. */
interface Attempt {
  events: readonly ReceivedEvent[];
  /** How long the connection stands before it ends. */
  standsMs?: number;
  error?: Error;
}

async function read(attempts: Attempt[]): Promise<{ delays: number[]; received: ReceivedEvent[]; failure: unknown }> {
  const delays: number[] = [];
  const received: ReceivedEvent[] = [];
  let nowMs = 0;
  const source = {
    async *open(): AsyncGenerator<ReceivedEvent> {
      const attempt = attempts.shift();
      if (attempt === undefined) throw new TransportError("network");
      yield* attempt.events;
      nowMs += attempt.standsMs ?? 0;
      if (attempt.error !== undefined) throw attempt.error;
    },
    receive: (item: ReceivedEvent) => void received.push(item),
    onBroken: () => {},
  };
  const options = {
    signal: new AbortController().signal,
    wait: async (delayMs: number) => void delays.push(delayMs),
    now: () => nowMs,
    random: () => 0,
  };
  const failure = await readReconnecting(source, options).then(
    () => null,
    (error: unknown) => error,
  );
  return { delays, received, failure };
}

const broken = (events: readonly ReceivedEvent[] = [], standsMs = 0): Attempt => ({
  events,
  standsMs,
  error: new TransportError("network"),
});

describe("readReconnecting", () => {
  it("ends with the source", async () => {
    expect(await read([{ events: EVENTS }])).to.deep.equal({ delays: [], received: EVENTS, failure: null });
  });

  it("waits half a second, doubling to ten, and gives up after eight", async () => {
    const { delays, failure } = await read([]);
    expect(delays).to.deep.equal([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
    expect(failure).to.be.instanceOf(TransportError).with.property("code", "network");
  });

  it("starts counting anew after an event", async () => {
    const { delays } = await read([broken(), broken(), broken(EVENTS.slice(0, 1)), { events: EVENTS }]);
    expect(delays).to.deep.equal([500, 1000, 500]);
  });

  it("starts counting anew after a connection that stood, though nothing was said on it", async () => {
    const { delays } = await read([broken(), broken(), broken([OPENED], 60_000), { events: EVENTS }]);
    expect(delays).to.deep.equal([500, 1000, 500]);
  });

  it("does not take a connection that falls at once for a good one", async () => {
    const { delays } = await read(Array.from({ length: 20 }, () => broken([OPENED])));
    expect(delays.length).to.equal(8);
  });

  const errors: { title: string; error: Error; isRepeated: boolean }[] = [
    {
      title: "a server that is shutting down",
      error: new TransportError("draining", { status: 503 }),
      isRepeated: true,
    },
    {
      title: "a store that is lost",
      error: new TransportError("store_unavailable", { status: 503 }),
      isRepeated: true,
    },
    {
      title: "too many requests",
      error: new TransportError("too_many_requests", { retryAfterMs: 2000 }),
      isRepeated: true,
    },
    {
      title: "too many requests for a long time",
      error: new TransportError("too_many_requests", { retryAfterMs: 60_000 }),
      isRepeated: false,
    },
    { title: "a token that cannot be fetched", error: new TransportError("token_unavailable"), isRepeated: true },
    {
      title: "a user who is signed out",
      error: new TransportError("token_unavailable", { status: 401 }),
      isRepeated: false,
    },
    { title: "a used-up limit", error: new TransportError("limit_exceeded", { status: 429 }), isRepeated: false },
    { title: "a refused token", error: new TransportError("invalid_token", { status: 401 }), isRepeated: false },
    { title: "a fault of the code", error: new TypeError("x is not a function"), isRepeated: false },
  ];
  for (const { title, error, isRepeated } of errors) {
    it(`${isRepeated ? "tries again" : "does not try again"} after ${title}`, async () => {
      const { delays, failure } = await read([{ events: [], error }, { events: EVENTS }]);
      expect(delays.length).to.equal(isRepeated ? 1 : 0);
      expect(failure).to.equal(isRepeated ? null : error);
    });
  }
});

describe("reconnectDelayMs", () => {
  it("takes up to half of the delay away by chance", () => {
    expect(reconnectDelayMs(3, () => 0)).to.equal(2000);
    expect(reconnectDelayMs(3, () => 1)).to.equal(1000);
  });
});
