import { type EventFrame, readFrames } from "../faults/event-frames.ts";
import type { FaultUser } from "../faults/fault-user.ts";

/** What a turn's owner is doing when it is stopped. */
export type Doing =
  /** It streams an answer, of which the provider goes on to send some. */
  | "writes"
  /** It waits for a tool that ends when it is told to. */
  | "waits"
  /** It waits for a tool that has had its effect, and whose answer comes later. */
  | "charges"
  /** It waits for a tool, and beside it for a person. */
  | "asks";

const LAST_WORDS = "That is all.";
const REPEATS = 80;
/** For an answer of about three seconds, which falls silent in its last third. */
const ANSWER = { chunks: 120, delay_ms: 25, fault: "stall", times: 1, after_bytes: 2000 };
const ANSWERED_AFTER_MS = 4000;

/** A reader's events so far, and the end of them. */
export interface Heard {
  frames: readonly EventFrame[];
  ended: Promise<unknown>;
}

/** A turn whose owner is stopped while it does something. */
export class StoppedTurn {
  readonly doing: Doing;
  readonly user: FaultUser;
  /** Only the prompts of this turn hold it. */
  readonly mark: string;
  /** Of the conversation. */
  id = "";
  /** What the reader hears who sent the message. */
  #heard: Heard = { frames: [], ended: Promise.resolve() };

  private constructor(doing: Doing, mark: string, user: FaultUser) {
    this.doing = doing;
    this.mark = mark;
    this.user = user;
  }

  /** Sends the message to the server behind this door; resolves when the turn has begun there. */
  static async start(doing: Doing, round: number, user: FaultUser, door: () => string): Promise<StoppedTurn> {
    const mark = `${doing}-${round};`;
    const turn = new StoppedTurn(doing, mark, user);
    const created = Promise.withResolvers<void>();
    const frames: EventFrame[] = [];
    // A server that wakes may find its connection to the database lost, and then breaks off what it was reading.
    const ended = user.through(door).turn(`script:${JSON.stringify(stepsOf(doing, mark))}`, {
      onFrame: (frame, id) => {
        frames.push(frame);
        turn.id = id;
        created.resolve();
      },
    });
    ended.catch(created.reject);
    turn.#heard = { frames, ended };
    await created.promise;
    return turn;
  }

  /** Of the tool that the owner waits for. */
  get ref(): string {
    return refOf(this.mark);
  }

  /** Of the call that a person approves. */
  get payRef(): string {
    return payRefOf(this.mark);
  }

  /** All that the assistant says in the end. */
  get words(): string {
    return this.doing === "writes" ? textOf(this.mark).repeat(REPEATS) : `${firstWordsOf(this.mark)}${LAST_WORDS}`;
  }

  /** At the server where it began. */
  get heard(): Heard {
    return this.#heard;
  }

  /** Reads all of it at another server. */
  async readAt(door: () => string): Promise<Heard> {
    const frames: EventFrame[] = [];
    const answer = await this.user.through(door).request("GET", `/conversations/${this.id}/events`);
    const read = async (): Promise<void> => {
      for await (const frame of readFrames(answer)) frames.push(frame);
    };
    return { frames, ended: read() };
  }

  async approve(door: () => string): Promise<number> {
    const asked = this.#heard.frames.map(({ data }) => data).find((event) => event.type === "tool_request");
    if (asked?.type !== "tool_request") throw new Error("nobody was asked");
    const { status } = await this.user.through(door).decide(this.id, asked.tool_use_id, true);
    return status;
  }
}

function stepsOf(doing: Doing, mark: string): object[] {
  const last = { text: LAST_WORDS };
  const wait = { name: "bank__wait", input: { ref: refOf(mark) } };
  const first = { text: firstWordsOf(mark) };
  switch (doing) {
    case "writes":
      return [{ text: textOf(mark), repeat: REPEATS, ...ANSWER }];
    case "waits":
      return [{ ...first, tool_use: [wait] }, last];
    case "charges": {
      const input = { ref: refOf(mark), after_ms: ANSWERED_AFTER_MS };
      return [{ ...first, tool_use: [{ name: "bank__charge", input }] }, last];
    }
    case "asks": {
      const pay = { name: "bank__pay", input: { ref: payRefOf(mark) } };
      return [{ ...first, tool_use: [wait, pay] }, last];
    }
  }
}

function textOf(mark: string): string {
  return `${mark} The old owner knows nothing. `;
}

function firstWordsOf(mark: string): string {
  return `First, for ${mark} a call. `;
}

function refOf(mark: string): string {
  return `ref-${mark}`;
}

function payRefOf(mark: string): string {
  return `pay-${mark}`;
}
