import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { cutUtf8 } from "./cut-utf8.ts";
import type { ToolCallContext } from "./tool.ts";

/** At most 20 events in any second: 19 at this pace, and the last one, which does not wait. */
const PACE_MS = 54;
/** Of text in one event: 20 of them are 1 MB. */
const EVENT_LIMIT_BYTES = 50 * 1024;
const WAITING_LIMIT_BYTES = 1024 * 1024;

/** What a tool server says of a call that goes on. */
export interface ToolProgress {
  message?: string | undefined;
  progress: number;
  total?: number | undefined;
}

/** The clock, in milliseconds, and how to wait. */
interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

const CLOCK: Clock = { now: () => performance.now(), sleep: (ms) => delay(ms, undefined, { ref: false }) };

interface Waiting {
  text: string;
  /** In UTF-8. */
  bytes: number;
  progress: number;
  total: number | undefined;
}

/**
 * Records what a tool tells while it runs, as a person can read it: at most 20 events and 1 MB in a second, in order.
 * What comes faster is joined. Only where more than 1 MB waits, further text is left out: it is for watching, and the
 * result is complete without it.
 */
export class ProgressQueue {
  readonly #record: ToolCallContext["onDelta"];
  readonly #clock: Clock;
  #waiting: Waiting | null = null;
  #recordedAtMs = Number.NEGATIVE_INFINITY;
  #isEnding = false;
  #endSoon = Promise.withResolvers<void>();
  #pump: Promise<void> | null = null;

  constructor(record: ToolCallContext["onDelta"], clock: Clock = CLOCK) {
    this.#record = record;
    this.#clock = clock;
  }

  add({ message = "", progress, total }: ToolProgress): void {
    const bytes = Buffer.byteLength(message);
    const waiting = this.#waiting ?? { text: "", bytes: 0, progress, total };
    const fits = waiting.bytes + bytes <= WAITING_LIMIT_BYTES;
    this.#waiting = {
      text: fits ? waiting.text + message : waiting.text,
      bytes: fits ? waiting.bytes + bytes : waiting.bytes,
      progress,
      total,
    };
    this.#pump ??= this.#run();
    // The failure is told by `drain`; until then it is not an unhandled one.
    this.#pump.catch(() => undefined);
  }

  /** Nothing more is added. Resolves when everything is recorded; rejects with the first failure to record. */
  async drain(): Promise<void> {
    this.#isEnding = true;
    this.#endSoon.resolve();
    await this.#pump;
  }

  /** Nothing that waits is recorded any more. */
  stop(): void {
    this.#waiting = null;
  }

  async #run(): Promise<void> {
    while (this.#waiting !== null) {
      await this.#pace();
      const delta = this.#take();
      if (delta === null) break;
      this.#recordedAtMs = this.#clock.now();
      await this.#record(delta);
    }
    this.#pump = null;
  }

  /** What is the last of it is not held up. */
  async #pace(): Promise<void> {
    const waitMs = this.#recordedAtMs + PACE_MS - this.#clock.now();
    const isLast = (): boolean => this.#isEnding && (this.#waiting?.bytes ?? 0) <= EVENT_LIMIT_BYTES;
    if (waitMs <= 0 || isLast()) return;
    const paced = this.#clock.sleep(waitMs);
    await Promise.race([paced, this.#endSoon.promise]);
    if (!isLast()) await paced;
  }

  #take(): Parameters<ToolCallContext["onDelta"]>[0] | null {
    const waiting = this.#waiting;
    if (waiting === null) return null;
    const chunk = waiting.bytes <= EVENT_LIMIT_BYTES ? waiting.text : cutUtf8(waiting.text, EVENT_LIMIT_BYTES);
    const text = waiting.text.slice(chunk.length);
    this.#waiting = text === "" ? null : { ...waiting, text, bytes: Buffer.byteLength(text) };
    const { progress, total } = waiting;
    return { channel: "progress", chunk, progress, ...(total === undefined ? {} : { total }) };
  }
}
