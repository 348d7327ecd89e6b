import { randomUUID } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { type Cut, startCuttingProxy } from "./cutting-proxy.ts";
import { type EventFrame, endOf, eventsOf, faultsIn, framesIn, textOf } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";
import { sideBySide } from "./side-by-side.ts";

/** Bytes between one cut and the next. */
const EVERY_BYTES = faultCount("CUT_EVERY", { small: 97, full: 1 });
const FULL_PIECES = 300;
const STREAM_PIECES = faultCount("CUT_PIECES", { small: 25, full: FULL_PIECES });
/** Promised for the full count: the stream is at least this long. */
const FULL_STREAM_BYTES = 200 * 1024;
/** Readers of the one stream side by side, each of a part of it: no user may have more open on a process. */
const READERS = 3;
const HANDSHAKE_EVERY_BYTES = faultCount("CUT_HANDSHAKE_EVERY", { small: 61, full: 1 });
const LIVE_TURNS = faultCount("CUT_LIVE_TURNS", { small: 8, full: 200 });
/** Turns that are cut side by side, of a user each. */
const TURNS_AT_ONCE = 8;
const SEED = faultSeed();
/** A piece of text that many bytes long is an event of its own: the log joins what comes within 25 ms. */
const PIECE = "größer “anführung” 🚣 日本語 ".repeat(15);
const PIECE_MS = 30;
/** First bytes of every stream. */
const PREAMBLE = "retry: 1000\n\n";
/** Without Redis one process hears of the other's events late: its readers are cut off in silence too. */
const UNTIL_SILENCE: Cut = { of: "body", afterBytes: Number.POSITIVE_INFINITY, silentMs: 100 };
/** No owner is slow enough to be taken for dead: that is another file's subject. */
const ENV = { CHATBOT_LEASE_SECONDS: "30" };

describe(`a connection that is cut, and made anew to another process (seed ${SEED})`, () => {
  let rig: FaultRig;
  let processes: string[];
  beforeAll(async () => {
    rig = await FaultRig.start({ env: ENV });
    processes = [rig.url, await rig.addProcess()];
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  it(
    `loses and doubles nothing of a log that is read on from the last event (cut after every ${EVERY_BYTES} bytes)`,
    async () => {
      const user = await rig.signIn();
      const whole = await user.turn(
        scriptOf([
          { text: "At first a call. ", tool_use: [{ name: "bank__balance", input: { ref: "cut" } }] },
          { text: PIECE, repeat: STREAM_PIECES, chunks: STREAM_PIECES, delay_ms: PIECE_MS },
        ]),
      );
      const bytes = whole.reduce((sum, { raw }) => sum + bytesOf(raw), 0);
      if (STREAM_PIECES >= FULL_PIECES) expect(bytes).toBeGreaterThanOrEqual(FULL_STREAM_BYTES);

      const startedAt = performance.now();
      const share = Math.ceil(whole.length / READERS);
      const readings = await Promise.all(
        Array.from({ length: READERS }, (_, reader) =>
          readInCuts(user, processes, {
            conversationId: conversationOf(whole),
            from: reader * share,
            known: whole,
            events: Math.min(share, whole.length - reader * share),
          }),
        ),
      );
      const seconds = (performance.now() - startedAt) / 1000;

      expect(readings.flatMap(({ pieces }) => pieces)).toEqual(whole.map(({ raw }) => raw));
      const sumOf = (key: "cuts" | "places" | "waited"): number =>
        readings.reduce((sum, reading) => sum + reading[key], 0);
      const allPlaces = bytes + whole.length * PREAMBLE.length;
      if (EVERY_BYTES === 1) expect(sumOf("places")).toBe(allPlaces);
      else expect(sumOf("places")).toBeGreaterThan(allPlaces / EVERY_BYTES / 2);
      noteFigures("G6", {
        "stream (bytes)": bytes,
        "stream (events)": whole.length,
        "cut after every (bytes)": EVERY_BYTES,
        "connections cut, every other one to another process": sumOf("cuts"),
        "places of the stream that were cut at": sumOf("places"),
        "refused because three were open, and repeated": sumOf("waited"),
        "all cuts took (s)": Math.round(seconds),
      });
    },
    FAULT_TIMEOUT_MS,
  );

  it(
    `starts one turn, however early it was cut (in the request and in the head of the answer, every ${HANDSHAKE_EVERY_BYTES} bytes)`,
    async () => {
      const places = await placesToCut(rig);
      await forEach(places, async (place, index) => {
        const ref = earlyRef(index);
        const user = await rig.signIn();
        let attempts = 0;
        await using proxy = await startCuttingProxy({
          cut: () => (attempts++ === 0 ? place : UNTIL_SILENCE),
          // Whoever was heard to the end has its turn before its answer begins: any process knows the key from then on.
          target: () => processes[(place.of === "answer" ? index + attempts : index) % processes.length] ?? rig.url,
        });
        const key = randomUUID();
        let answer = await post(proxy.url, user, charge(ref), key);
        expect(framesIn(answer.body), `${place.of} ${place.afterBytes}`).toEqual([]);
        expect(proxy.cuts).toBe(1);
        const begins: EventFrame[][] = [];
        while (endOf(framesIn(answer.body)) === null) {
          begins.push(framesIn(answer.body));
          answer = await post(proxy.url, user, charge(ref), key);
          expect(answer.status, answer.body).toBe(200);
        }
        const frames = framesIn(answer.body);
        for (const begin of begins) expect(frames.slice(0, begin.length)).toEqual(begin);
        expect(faultsIn(frames)).toEqual([]);
        expect(endOf(frames)).toBe("end_turn");
        expect(frames).toEqual(await user.log(conversationOf(frames)));
        const { conversations } = JSON.parse(await (await user.request("GET", "/conversations")).text());
        expect(conversations).toHaveLength(1);
        expect(rig.bookOf(ref).filter(({ what }) => what === "called")).toHaveLength(1);
        expect(rig.modelCallsWith(ref)).toHaveLength(2);
      });
      noteFigures("G6", {
        "messages cut before the answer, then sent again": places.length,
        "of these within the request": places.filter((place) => place.of === "request").length,
        "of these within the head of the answer": places.filter((place) => place.of === "answer").length,
        "turns started by them": places.length,
      });
    },
    FAULT_TIMEOUT_MS,
  );

  it(
    `loses and doubles nothing of a turn on its way (${LIVE_TURNS} turns)`,
    async () => {
      const random = seededRandom(SEED);
      let cuts = 0;
      await forEach(Array.from({ length: LIVE_TURNS }), async (_, index) => {
        let attempts = 0;
        await using proxy = await startCuttingProxy({
          target: () => processes[(index + attempts++) % 2] ?? rig.url,
          cut: () => ({ of: "body", afterBytes: 1 + Math.floor(random() * 2500), silentMs: 50 + random() * 300 }),
        });
        const direct = await rig.signIn();
        const words = `Turn ${index} — “größer” 🚣. `;
        const frames = await direct
          .through(() => proxy.url)
          .turn(
            scriptOf([
              {
                text: words,
                chunks: 3,
                delay_ms: 30,
                tool_use: [{ name: "bank__charge", input: { ref: `cut-${index};` } }],
              },
              { text: words, repeat: 16, chunks: 16, delay_ms: 60 },
            ]),
          );
        expect(faultsIn(frames)).toEqual([]);
        expect(frames).toEqual(await direct.log(conversationOf(frames)));
        expect(endOf(frames)).toBe("end_turn");
        expect(textOf(frames)).toBe(words.repeat(17));
        expect(rig.bookOf(`cut-${index};`).filter(({ what }) => what === "ran")).toHaveLength(1);
        expect(rig.modelCallsWith(`Turn ${index} `)).toHaveLength(2);
        cuts += proxy.cuts;
      });
      expect(cuts).toBeGreaterThan(LIVE_TURNS);
      noteFigures("G6", { "turns cut on their way": LIVE_TURNS, "connections cut on their way": cuts });
    },
    FAULT_TIMEOUT_MS,
  );
});

/** A part of a conversation's log: so many events from this one on. */
interface LogPart {
  conversationId: string;
  known: readonly EventFrame[];
  from: number;
  events: number;
}

/** What came of a part over connections that were all cut. */
interface Reading {
  pieces: string[];
  cuts: number;
  /** Lengths at which what was received ended, counted for each event. */
  places: number;
  /** Answers that were refused because too many streams were open. */
  waited: number;
}

/** Reads a part of the log; every connection goes to the next process, and is cut a little later than the one before. */
async function readInCuts(user: FaultUser, processes: readonly string[], part: LogPart): Promise<Reading> {
  const { conversationId, known, from, events } = part;
  const reading: Reading = { pieces: [], cuts: 0, places: 0, waited: 0 };
  let connections = from;
  let afterBytes = 0;
  await using proxy = await startCuttingProxy({
    target: () => processes[connections++ % processes.length] ?? "",
    cut: () => ({ of: "body", afterBytes }),
  });
  const url = `${proxy.url}/api/chatbot/conversations/${conversationId}/events`;
  let lastId = known[from - 1]?.id ?? "";
  let lengths = new Set<number>();
  for (let cutNumber = 0; reading.pieces.length < events; cutNumber += 1) {
    // Not always at the same places of an event.
    afterBytes += afterBytes === 0 ? 1 + (cutNumber % EVERY_BYTES) : EVERY_BYTES;
    const headers = lastId === "" ? {} : { "Last-Event-ID": lastId };
    let answer = await ask(url, { headers: { Authorization: user.authorization, ...headers } });
    while (answer.status === 429) {
      // A place among the open streams is given back a moment after the cut.
      reading.waited += 1;
      answer = await ask(url, { headers: { Authorization: user.authorization, ...headers } });
    }
    expect(answer.status, answer.body).toBe(200);
    if (answer.bytes > 0) lengths.add(answer.bytes);
    const frames = framesIn(answer.body);
    if (frames.length === 0) continue;
    reading.pieces.push(...frames.map(({ raw }) => raw));
    reading.places += lengths.size;
    lengths = new Set();
    lastId = frames.at(-1)?.id ?? lastId;
    afterBytes = 0;
  }
  // The last cut may let more through than the part has.
  reading.pieces.length = events;
  reading.cuts = proxy.cuts;
  return reading;
}

/** Where to cut a message's request, and the head of its answer: all places, or some of them, and always the last. */
async function placesToCut(rig: FaultRig): Promise<Cut[]> {
  await using proxy = await startCuttingProxy({ target: () => rig.url, cut: () => null });
  await post(proxy.url, await rig.signIn(), charge(earlyRef(99_999)), randomUUID());
  const { requestBytes, headBytes } = proxy.newest;
  return [
    ...upTo(requestBytes, 1).map((afterBytes): Cut => ({ of: "request", afterBytes })),
    ...upTo(headBytes, 0).map((afterBytes): Cut => ({ of: "answer", afterBytes })),
  ];
}

function upTo(last: number, first: number): number[] {
  const count = Math.ceil((last - first) / HANDSHAKE_EVERY_BYTES);
  return [...Array.from({ length: count }, (_, index) => first + index * HANDSHAKE_EVERY_BYTES), last];
}

/** As long as any other, so that all requests are. */
function earlyRef(index: number): string {
  return `early-${String(index).padStart(5, "0")};`;
}

function charge(ref: string): string {
  return scriptOf([{ tool_use: [{ name: "bank__charge", input: { ref } }] }, { text: "Charged." }]);
}

/** Does something for each, some of them at the same time. */
async function forEach<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const rest = items.entries();
  await sideBySide(TURNS_AT_ONCE, async (_, failed) => {
    for (const [index, item] of rest) {
      if (failed.aborted) return;
      await work(item, index);
    }
  });
}

/** What came of an answer before its connection broke; without a head it has no status. */
interface Received {
  status: number | null;
  body: string;
  bytes: number;
}

function post(url: string, user: FaultUser, message: string, key: string): Promise<Received> {
  const body = JSON.stringify({ message });
  const headers = {
    Authorization: user.authorization,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "Idempotency-Key": key,
  };
  return ask(`${url}/api/chatbot/message`, { method: "POST", headers, body });
}

/** Every byte that came before the connection broke. `fetch` would drop some: an error overtakes what it has not read. */
function ask(
  url: string,
  options: { method?: string; headers: Record<string, string>; body?: string },
): Promise<Received> {
  const { method = "GET", headers, body } = options;
  return new Promise((resolve) => {
    const onAnswer = (response: IncomingMessage): void => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", () => undefined);
      response.on("close", () => {
        const received = Buffer.concat(pieces);
        resolve({ status: response.statusCode ?? null, body: received.toString(), bytes: received.length });
      });
    };
    const sent = request(url, { agent: false, method, headers }, onAnswer);
    sent.on("error", () => resolve({ status: null, body: "", bytes: 0 }));
    sent.end(body);
  });
}

function conversationOf(frames: readonly EventFrame[]): string {
  return eventsOf(frames, "session_created")[0]?.conversation_id ?? "";
}

/** On the wire, with the empty line behind it. */
function bytesOf(raw: string): number {
  return Buffer.byteLength(raw) + 2;
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}
