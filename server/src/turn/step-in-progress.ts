import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import type { ServerEvent, TextEvent, ToolChunkEvent, ToolUseEvent } from "@chat-bot/widget/protocol";
import { canonicalJson, sha256Hex } from "../canonical-json.ts";
import { newId } from "../new-id.ts";
import type { MessageRecord, StoredBlock } from "../store/message-record.ts";
import type { Reservation, ReservationProgress } from "../store/store.ts";
import type { ToolCallRecord } from "../store/tool-call-record.ts";
import {
  accumulate,
  emptyMessage,
  type OpenBlock,
  type PartialMessage,
  parseToolInput,
  type StepUsage,
} from "./accumulate-message.ts";
import type { Turn, TurnEntry } from "./turn.ts";
import { WholeCharacters } from "./whole-characters.ts";

/** Input that is written in one long piece is noted this often, so that it is counted also after a crash. */
const PROGRESS_EVERY_BYTES = 4096;

/** A tool call that readers have heard of. */
interface AnnouncedCall {
  toolUseId: string;
  name: string;
  title: string;
  server: string;
  /** Its complete input was told as well. */
  complete: boolean;
  inputBytes: number;
  streamInput: boolean;
}

/** A model's message on its way: what has come of it, and what readers have been told. */
export class StepInProgress {
  readonly #turn: Turn;
  readonly #reservation: Reservation;
  readonly #countInput: (usage: StepUsage) => number;
  readonly #message: PartialMessage = emptyMessage();
  /** Number and length in bytes of each text block told, by the index the wire gives it. */
  readonly #texts = new Map<number, { block: number; bytes: number }>();
  readonly #calls = new Map<number, AnnouncedCall>();
  readonly #characters = new Map<number, WholeCharacters>();
  #nextBlock: number;
  #notedBytes = 0;

  constructor(turn: Turn, reservation: Reservation, countInput: (usage: StepUsage) => number) {
    this.#turn = turn;
    this.#reservation = reservation;
    this.#countInput = countInput;
    this.#nextBlock = turn.record.nextBlock;
  }

  /** The provider said that the message is complete, and why. */
  get message(): Readonly<PartialMessage> {
    return this.#message;
  }

  /** Readers have seen something of it: it cannot be repeated silently. */
  get wasShown(): boolean {
    return this.#texts.size > 0 || this.#calls.size > 0;
  }

  get nextBlock(): number {
    return this.#nextBlock;
  }

  /** Takes in one event of the wire and tells what to record of it. */
  *take(event: RawMessageStreamEvent): Generator<TurnEntry> {
    accumulate(this.#message, event);
    switch (event.type) {
      case "message_start":
        yield { type: "commit", events: [], progress: this.#progress() };
        return;
      case "content_block_start":
        if (event.content_block.type === "tool_use") yield this.#announce(event.index, event.content_block);
        if (event.content_block.type === "text") yield* this.#tell(event.index, event.content_block.text);
        return;
      case "content_block_delta":
        if (event.delta.type === "text_delta") yield* this.#tell(event.index, event.delta.text);
        if (event.delta.type === "input_json_delta") yield* this.#tell(event.index, event.delta.partial_json);
        return;
      case "content_block_stop":
        yield* this.#tell(event.index, null);
        yield* this.#completeInput(event.index);
        return;
      default:
        return;
    }
  }

  /** The message as it is kept; `withCalls`: it ended as it should, so its tool calls count. */
  messageRecord(options: { withCalls: boolean; stopped: boolean }): MessageRecord | null {
    const content = this.#content(options.withCalls);
    // Thinking alone says nothing, and could not be sent back.
    if (content.every((block) => block.type === "verbatim")) return null;
    return {
      id: newId("msg"),
      conversationId: this.#turn.conversation.id,
      turnId: this.#turn.record.id,
      role: "assistant",
      content,
      page: null,
      stopped: options.stopped,
      createdAt: new Date().toISOString(),
    };
  }

  /** The ledger's lines for the calls of a complete message. */
  proposedCalls(messageId: string): ToolCallRecord[] {
    const calls: ToolCallRecord[] = [];
    for (const [index, open] of this.#blocks()) {
      const call = this.#calls.get(index);
      if (open.block.type !== "tool_use" || call === undefined) continue;
      const parsed = parseToolInput(open.pieces);
      const input = parsed.status === "ok" ? parsed.input : {};
      calls.push({
        toolUseId: call.toolUseId,
        conversationId: this.#turn.conversation.id,
        turnId: this.#turn.record.id,
        messageId,
        step: this.#turn.record.steps + 1,
        ordinal: calls.length,
        name: call.name,
        server: call.server,
        title: call.title,
        input,
        inputError: parsed.status === "ok" ? null : invalidInput(parsed.text),
        inputSha256: sha256Hex(canonicalJson(input)),
        fingerprint: this.#turn.conversation.tools.find((tool) => tool.name === call.name)?.fingerprint ?? null,
        approval: null,
        state: { status: "proposed" },
      });
    }
    return calls;
  }

  /** `tool_use` events of calls whose input could not be read: told with what is recorded, an empty input. */
  untoldInputs(): ToolUseEvent[] {
    return [...this.#calls.values()].filter((call) => !call.complete).map((call) => toolUse(call, {}));
  }

  /** The end of every call that was told of and will not run. */
  cancelledCalls(): ServerEvent[] {
    return [...this.#calls.values()].map((call) => ({
      type: "tool_result",
      tool_use_id: call.toolUseId,
      name: call.name,
      outcome: "cancelled",
      content: [{ type: "text", text: "The call was cut off before it could run." }],
      duration_ms: 0,
    }));
  }

  /** What the provider counted, or the best guess: the input it confirmed, and the bytes it sent, four to a token. */
  usage(): { usage: StepUsage; estimated: boolean } {
    const { usage, stopReason, streamedBytes } = this.#message;
    if (usage !== null && stopReason !== null) return { usage, estimated: false };
    const output = Math.ceil(streamedBytes / 4);
    const none = { output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    const input = usage ?? { ...none, input_tokens: this.#reservation.estimatedInputTokens };
    return { usage: { ...input, output_tokens: output }, estimated: true };
  }

  #announce(index: number, block: { id: string; name: string }): TurnEntry {
    const name = callableName(block.name);
    const tool = this.#turn.tools.get(name);
    const frozen = this.#turn.conversation.tools.find((known) => known.name === name);
    const call: AnnouncedCall = {
      toolUseId: this.#uniqueId(block.id),
      name,
      title: tool?.title ?? name,
      server: tool?.server ?? frozen?.server ?? "",
      complete: false,
      inputBytes: 0,
      streamInput: frozen?.streamInput ?? false,
    };
    this.#calls.set(index, call);
    return { type: "commit", events: [toolUse(call)], progress: this.#progress() };
  }

  /** `piece`: of text or of a call's input; null at the end of the block. */
  *#tell(index: number, piece: string | null): Generator<TurnEntry> {
    const characters = this.#characters.get(index) ?? new WholeCharacters();
    this.#characters.set(index, characters);
    const whole = piece === null ? characters.end() : characters.next(piece);
    if (this.#message.blocks.get(index)?.block.type === "text") yield* this.#text(index, whole);
    else yield* this.#input(index, whole);
  }

  *#text(index: number, text: string): Generator<TurnEntry> {
    if (text === "") return;
    let told = this.#texts.get(index);
    if (told === undefined) {
      told = { block: this.#nextBlock, bytes: 0 };
      this.#nextBlock += 1;
      this.#texts.set(index, told);
    }
    const event: TextEvent = { type: "text", block: told.block, offset: told.bytes, text };
    told.bytes += Buffer.byteLength(text);
    yield { type: "delta", event, progress: this.#progress() };
  }

  *#input(index: number, chunk: string): Generator<TurnEntry> {
    const call = this.#calls.get(index);
    if (call === undefined || chunk === "") return;
    if (call.streamInput) {
      const event: ToolChunkEvent = {
        type: "tool_chunk",
        tool_use_id: call.toolUseId,
        channel: "input",
        offset: call.inputBytes,
        chunk,
      };
      call.inputBytes += Buffer.byteLength(chunk);
      yield { type: "delta", event, progress: this.#progress() };
    } else if (this.#message.streamedBytes - this.#notedBytes >= PROGRESS_EVERY_BYTES) {
      yield { type: "commit", events: [], progress: this.#progress() };
    }
  }

  *#completeInput(index: number): Generator<TurnEntry> {
    const call = this.#calls.get(index);
    const open = this.#message.blocks.get(index);
    if (call === undefined || open === undefined) return;
    const parsed = parseToolInput(open.pieces);
    // Broken JSON is what a cut at `max_tokens` leaves: whether the call counts is known only with the stop reason.
    if (parsed.status === "invalid") return;
    call.complete = true;
    yield { type: "commit", events: [toolUse(call, parsed.input)], progress: this.#progress() };
  }

  #content(withCalls: boolean): StoredBlock[] {
    const content: StoredBlock[] = [];
    for (const [index, open] of this.#blocks()) {
      const { block } = open;
      if (block.type === "text") {
        const text = (open.closed ? block.text : block.text + open.pieces.join("")).toWellFormed();
        if (text.trim() !== "") content.push({ type: "text", text });
      } else if (block.type === "tool_use") {
        const call = this.#calls.get(index);
        if (!withCalls || call === undefined) continue;
        const parsed = parseToolInput(open.pieces);
        const input = parsed.status === "ok" ? parsed.input : {};
        content.push({ type: "tool_use", id: call.toolUseId, name: call.name, input });
      } else if (open.closed && this.#message.stopped) {
        // Thinking of a whole message goes back as it came; that of a cut one could not be verified any more.
        content.push({ type: "verbatim", block: { ...block } });
      }
    }
    return content;
  }

  #blocks(): [number, OpenBlock][] {
    return [...this.#message.blocks].toSorted(([a], [b]) => a - b);
  }

  #progress(): ReservationProgress {
    this.#notedBytes = this.#message.streamedBytes;
    const { usage, streamedBytes } = this.#message;
    const inputTokens = usage === null ? null : this.#countInput({ ...usage, output_tokens: 0 });
    return { id: this.#reservation.id, inputTokens, streamedBytes };
  }

  /** The provider's id, unless it is one that this conversation has already or that could not be sent back. */
  #uniqueId(id: string): string {
    const isTaken =
      this.#turn.toolCalls.some((call) => call.toolUseId === id) ||
      [...this.#calls.values()].some((call) => call.toolUseId === id);
    return isTaken || !/^[a-zA-Z0-9_-]{1,128}$/.test(id) ? newId("toolu") : id;
  }
}

function toolUse(call: AnnouncedCall, input?: Record<string, unknown>): ToolUseEvent {
  const { toolUseId, name, title, server } = call;
  return { type: "tool_use", tool_use_id: toolUseId, name, title, server, ...(input === undefined ? {} : { input }) };
}

/** A name that can be sent back: what the model makes up must not spoil every later request. */
function callableName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64) || "unknown";
}

function invalidInput(text: string): string {
  const start = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return `The input is not a JSON object: ${start}`;
}
