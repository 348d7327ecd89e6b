import type { TextEvent, ToolChunkEvent } from "@chat-bot/widget/protocol";
import type { Coordination } from "../store/coordination.ts";
import type { Commit, ReservationProgress, Store } from "../store/store.ts";
import type { Turn, TurnEntry } from "./turn.ts";

/** Deltas are committed together after so long, or when there are so many or so much of them. */
const FLUSH_AFTER_MS = 25;
const FLUSH_AFTER_DELTAS = 32;
const MAX_DELTA_BYTES = 16 * 1024;

type DeltaEvent = TextEvent | ToolChunkEvent;

/**
 * Writes a turn's entries to the log, in order: events are committed with the state they tell, then readers are woken.
 * Deltas wait a moment for company; everything else goes out at once, and takes the waiting deltas along.
 */
export class TurnRecorder {
  readonly #turn: Turn;
  readonly #fence: number;
  readonly #store: Store;
  readonly #coordination: Coordination;
  readonly #onFailure: (error: unknown) => void;
  #deltas: DeltaEvent[] = [];
  #taken = 0;
  #progress: ReservationProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `onFailure` hears of a write in the background that failed; the next `record` throws the same error. */
  constructor(
    turn: Turn,
    fence: number,
    ports: { store: Store; coordination: Coordination; onFailure: (error: unknown) => void },
  ) {
    this.#turn = turn;
    this.#fence = fence;
    this.#store = ports.store;
    this.#coordination = ports.coordination;
    this.#onFailure = ports.onFailure;
  }

  /** Resolves when the entry is committed; a delta, when it is taken. @throws StaleWriteError, or what the store threw. */
  async record(entry: TurnEntry): Promise<void> {
    if (entry.type === "commit") return this.#write(entry);
    this.#take(entry.event);
    this.#progress = entry.progress ?? this.#progress;
    if (this.#taken >= FLUSH_AFTER_DELTAS) return this.flush();
    this.#timer ??= setTimeout(() => this.flush().catch(this.#onFailure), FLUSH_AFTER_MS);
  }

  /** Commits the deltas that wait. */
  async flush(): Promise<void> {
    await this.#write({ type: "commit", events: [] });
  }

  #take(event: DeltaEvent): void {
    this.#taken += 1;
    const last = this.#deltas.at(-1);
    const joined = last === undefined ? null : joinDeltas(last, event);
    if (joined === null) this.#deltas.push(event);
    else this.#deltas[this.#deltas.length - 1] = joined;
  }

  #write(entry: Extract<TurnEntry, { type: "commit" }>): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { type: _, ...changes } = entry;
    const commit: Commit = {
      conversationId: this.#turn.conversation.id,
      turnId: this.#turn.record.id,
      fence: this.#fence,
      ...(this.#progress === undefined ? {} : { progress: this.#progress }),
      ...changes,
      events: [...this.#deltas, ...entry.events],
    };
    this.#deltas = [];
    this.#taken = 0;
    this.#progress = undefined;
    // One after the other: the log's order is the order of recording. After a failure nothing more is written.
    this.#writing = this.#writing.then(() => this.#commit(commit));
    return this.#writing;
  }

  async #commit(commit: Commit): Promise<void> {
    if (commit.events.length > 0 || Object.keys(commit).length > 4) {
      await this.#store.commit(commit);
      this.#apply(commit);
      if (commit.events.length > 0) this.#coordination.announceEvents(commit.conversationId);
    }
  }

  /** What was committed becomes the state in memory. */
  #apply(commit: Commit): void {
    if (commit.turn !== undefined) this.#turn.record = commit.turn;
    this.#turn.messages.push(...(commit.messages ?? []));
    for (const { call } of commit.toolCalls ?? []) {
      const index = this.#turn.toolCalls.findIndex((known) => known.toolUseId === call.toolUseId);
      if (index === -1) this.#turn.toolCalls.push(call);
      else this.#turn.toolCalls[index] = call;
    }
  }
}

/** Two deltas as one, where one continues the other and the sum is not too long; else null. */
function joinDeltas(first: DeltaEvent, second: DeltaEvent): DeltaEvent | null {
  if (first.type === "text" && second.type === "text") {
    const fits = first.block === second.block && Buffer.byteLength(first.text) < MAX_DELTA_BYTES;
    return fits ? { ...first, text: first.text + second.text } : null;
  }
  if (first.type === "tool_chunk" && second.type === "tool_chunk") {
    const continues =
      first.tool_use_id === second.tool_use_id &&
      first.channel === second.channel &&
      first.path === second.path &&
      first.progress === undefined &&
      second.progress === undefined;
    const fits = continues && Buffer.byteLength(first.chunk) < MAX_DELTA_BYTES;
    return fits ? { ...first, chunk: first.chunk + second.chunk } : null;
  }
  return null;
}
