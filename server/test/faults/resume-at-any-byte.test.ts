import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { endOf, eventsOf, faultsIn, framesIn, textOf } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";

/** Bytes between one cut and the next. */
const EVERY_BYTES = faultCount("CUT_EVERY", { small: 97, full: 1 });
const STREAM_PIECES = faultCount("CUT_PIECES", { small: 25, full: 300 });
const LIVE_TURNS = faultCount("CUT_LIVE_TURNS", { small: 6, full: 200 });
const SEED = faultSeed();
/** A piece of text that many bytes long is an event of its own: the log joins what comes within 25 ms. */
const PIECE = "größer “anführung” 🚣 日本語 ".repeat(15);
const PIECE_MS = 30;

describe(`a connection that is cut (seed ${SEED})`, () => {
  it(
    `loses and doubles nothing of a log that is read anew from the last event (cut after every ${EVERY_BYTES} bytes)`,
    async () => {
      await using rig = await FaultRig.start();
      await using proxy = await startCuttingProxy(() => rig.url);
      const user = await rig.signIn();
      const whole = await user.turn(
        scriptOf([
          { text: "At first a call. ", tool_use: [{ name: "bank__balance", input: { ref: "cut" } }] },
          { text: PIECE, repeat: STREAM_PIECES, chunks: STREAM_PIECES, delay_ms: PIECE_MS },
        ]),
      );
      const id = eventsOf(whole, "session_created")[0]?.conversation_id ?? "";
      const path = `/api/chatbot/conversations/${id}/events`;
      const bytes = whole.reduce((sum, { raw }) => sum + Buffer.byteLength(raw) + 2, 0);

      const pieces: string[] = [];
      let lastId = "";
      let cutAfter = 0;
      for (let cutNumber = 0; pieces.length < whole.length; cutNumber += 1) {
        // Not always at the same places of an event.
        cutAfter += cutAfter === 0 ? 1 + (cutNumber % EVERY_BYTES) : EVERY_BYTES;
        proxy.cutAfterBytes = cutAfter;
        const received = await readUntilCut(`${proxy.url}${path}`, user, lastId);
        const frames = framesIn(received);
        if (frames.length === 0) continue;
        pieces.push(...frames.map(({ raw }) => raw));
        lastId = frames.at(-1)?.id ?? lastId;
        cutAfter = 0;
      }
      expect(pieces).toEqual(whole.map(({ raw }) => raw));
      expect(proxy.cuts).toBeGreaterThan(bytes / EVERY_BYTES / 2);
      noteFigures("G6", {
        "stream (bytes)": bytes,
        "cut after every (bytes)": EVERY_BYTES,
        "connections cut": proxy.cuts,
      });
    },
    FAULT_TIMEOUT_MS,
  );

  it(
    `loses and doubles nothing of a turn on its way (${LIVE_TURNS} turns)`,
    async () => {
      await using rig = await FaultRig.start();
      await using proxy = await startCuttingProxy(() => rig.url);
      const random = seededRandom(SEED);
      for (let index = 0; index < LIVE_TURNS; index += 1) {
        const direct = await rig.signIn();
        const user = direct.through(() => proxy.url);
        const words = `Turn ${index} — “größer” 🚣. `;
        const frames = await user.turn(
          scriptOf([
            {
              text: words,
              chunks: 3,
              delay_ms: 5,
              tool_use: [{ name: "bank__charge", input: { ref: `cut-${index};` } }],
            },
            { text: words, repeat: 12, chunks: 12, delay_ms: 10 },
          ]),
          {
            onAttempt: () => {
              proxy.cutAfterBytes = 1 + Math.floor(random() * 2500);
            },
          },
        );
        const id = eventsOf(frames, "session_created")[0]?.conversation_id ?? "";
        expect(faultsIn(frames)).toEqual([]);
        expect(frames).toEqual(await direct.log(id));
        expect(endOf(frames)).toBe("end_turn");
        expect(textOf(frames)).toBe(words.repeat(13));
        expect(rig.bookOf(`cut-${index};`).filter(({ what }) => what === "ran")).toHaveLength(1);
        expect(rig.modelCallsWith(`Turn ${index} `)).toHaveLength(2);
      }
      noteFigures("G6", { "turns cut on their way": LIVE_TURNS, "connections cut on their way": proxy.cuts });
    },
    FAULT_TIMEOUT_MS,
  );
});

/** Every byte that came before the connection broke. `fetch` would drop some: an error overtakes what it has not read. */
function readUntilCut(url: string, user: FaultUser, lastId: string): Promise<string> {
  const headers = { Authorization: user.authorization, ...(lastId === "" ? {} : { "Last-Event-ID": lastId }) };
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", () => undefined);
      // A place among the open streams is given back a moment after the cut.
      response.on("close", () => resolve(response.statusCode === 200 ? Buffer.concat(pieces).toString() : ""));
    }).on("error", reject);
  });
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}
