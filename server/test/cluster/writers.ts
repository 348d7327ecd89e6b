import { setTimeout as pause } from "node:timers/promises";
import type { ErrorBody } from "@chat-bot/widget/protocol";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames } from "../faults/event-frames.ts";
import type { FaultUser } from "../faults/fault-user.ts";
import type { People } from "./people.ts";
import { scriptOf } from "./script-of.ts";

/** A message that was not taken. */
export interface Refusal {
  status: number;
  error: string;
  retryAfterSeconds: number;
  /** Of the limit that was in the way; NaN: none was. */
  leftTokens: number;
  /** How long the answer took. */
  ms: number;
}

/** What came of a message. */
export type Said = { type: "answered"; frames: readonly EventFrame[] } | { type: "refused"; refusal: Refusal };

const USERS = 6;
const SESSIONS_PER_USER = 2;
const AGAIN_MS = 50;
/** No prompt of theirs is so short that it would go in here. */
const ROOM_TOKENS = 1000;
/** Near a limit an answer is cut to what is left, or there is none. */
const ENDS: ReadonlySet<string | null> = new Set(["end_turn", "max_tokens", "limit_exceeded"]);

/**
 * Some members of one organization who write one message after the other, each in two sessions that know nothing of each
 * other. When the organization has used up its limit they go on as members of another one.
 */
export class Writers {
  readonly refusals: Refusal[] = [];
  /** Whatever does not hold of what is promised of each turn. */
  readonly faults: string[] = [];
  turns = 0;
  limitsReached = 0;
  readonly #people: People;
  readonly #doors: readonly (() => string)[];
  readonly #over = new AbortController();
  readonly #sessions: Promise<unknown>;
  #organization = 0;
  #messages = 0;

  constructor(people: People, doors: readonly (() => string)[]) {
    this.#people = people;
    this.#doors = doors;
    this.#sessions = Promise.all(Array.from({ length: USERS * SESSIONS_PER_USER }, (_, index) => this.#write(index)));
  }

  /** Resolves when everybody has read the end of their last turn. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#sessions;
  }

  async #write(session: number): Promise<void> {
    const user = `writer-${Math.floor(session / SESSIONS_PER_USER)}`;
    for (let sent = session; !this.#over.signal.aborted; sent += 1) {
      const organization = this.#organization;
      const person = await this.#people.signIn({ user, organization: `writers-${organization}` });
      const door = this.#doors[sent % this.#doors.length];
      if (door === undefined) throw new Error("there is no door");
      this.#messages += 1;
      const said = await say(person.through(door), `writer-message-${this.#messages};`, messageOf(this.#messages));
      if (said.type === "answered") this.#take(said.frames);
      else await this.#takeRefusal(said.refusal, organization);
    }
  }

  #take(frames: readonly EventFrame[]): void {
    this.turns += 1;
    this.faults.push(...faultsIn(frames));
    if (!ENDS.has(endOf(frames))) this.faults.push(`a turn ended with ${endOf(frames)}`);
  }

  async #takeRefusal(refusal: Refusal, organization: number): Promise<void> {
    this.refusals.push(refusal);
    // With more left others have reserved it, for as long as their answers take.
    const isUsedUp = refusal.status === 429 && refusal.leftTokens < ROOM_TOKENS;
    if (isUsedUp && this.#organization === organization) {
      this.#organization += 1;
      this.limitsReached += 1;
    }
    await pause(AGAIN_MS);
  }
}

/** Sends a message and reads its turn to the end, whatever connections it takes. */
export async function say(
  user: FaultUser,
  key: string,
  message: string,
  onFrame: (frame: EventFrame) => void = () => undefined,
): Promise<Said> {
  const frames: EventFrame[] = [];
  while (true) {
    const [created] = eventsOf(frames, "session_created");
    const since = performance.now();
    try {
      const response =
        created === undefined
          ? await user.request("POST", "/message", { body: { message }, headers: { "Idempotency-Key": key } })
          : await user.request("GET", `/conversations/${created.conversation_id}/events`, {
              headers: { "Last-Event-ID": frames.at(-1)?.id ?? "" },
            });
      if (response.status === 200) {
        for await (const frame of readFrames(response)) {
          frames.push(frame);
          onFrame(frame);
        }
      } else {
        const { error, limit, used }: ErrorBody = JSON.parse(await response.text());
        const retryAfterSeconds = Number(response.headers.get("Retry-After"));
        const refusal = {
          status: response.status,
          error,
          retryAfterSeconds,
          leftTokens: Number(limit) - Number(used),
          ms: performance.now() - since,
        };
        if (created === undefined) return { type: "refused", refusal };
      }
    } catch (error) {
      // A stream that breaks off is resumed; a server that does not even answer is none of these.
      if (created === undefined && frames.length === 0 && !isBroken(error)) throw error;
    }
    if (endOf(frames) !== null) return { type: "answered", frames };
    await pause(AGAIN_MS);
  }
}

/** An answer that had begun. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes("terminated");
}

function messageOf(number: number): string {
  const text = { text: "One thing after the other. ", repeat: 10 + (number % 5) * 10, chunks: 8, delay_ms: 10 };
  const call = { ...text, tool_use: [{ name: "bank__balance", input: { ref: `writer-${number};` } }] };
  return scriptOf(number % 3 === 0 ? [call, text] : [text]);
}
