import type { ServerEvent } from "@chat-bot/widget/protocol";
import { canonicalJson, sha256Hex } from "../src/canonical-json.ts";
import type { LoggedEvent } from "../src/store/store.ts";

/** What is known of one turn while its events are gone through. */
interface TurnSeen {
  started: boolean;
  failed: boolean;
  done: boolean;
  /** Bytes of each text block. */
  texts: Map<number, number>;
  calls: Map<string, CallSeen>;
  /** Block numbers may not be used again, also not after a reset. */
  usedBlocks: Set<number>;
}

interface CallSeen {
  input: Record<string, unknown> | null;
  finished: boolean;
  /** Bytes by channel and path. */
  chunks: Map<string, number>;
}

/**
 * Goes through a conversation's log, from its first event, and tells what of the contract's "Always true" (section 2)
 * does not hold. `parked`: turns that are not over yet.
 */
export function checkEventLog(log: readonly LoggedEvent[], options: { parked?: readonly string[] } = {}): string[] {
  const faults: string[] = [];
  const turns = new Map<string, TurnSeen>();
  for (const [index, logged] of log.entries()) {
    const event: ServerEvent = JSON.parse(logged.data);
    const say = (what: string): void => {
      faults.push(`${logged.seq} ${event.type}: ${what}`);
    };
    if (logged.seq !== index + 1) say("ids do not grow by one");
    if (event.type !== logged.type) say(`its data says ${event.type}, its name ${logged.type}`);
    if ((event.type === "session_created") !== (index === 0)) say("session_created is the first event, and only that");
    const turn = turns.get(logged.turnId) ?? newTurn();
    turns.set(logged.turnId, turn);
    checkOrder(event, turn, logged.turnId, say);
    checkContent(event, turn, say);
  }
  for (const [id, turn] of turns) {
    if (!turn.done && !options.parked?.includes(id)) faults.push(`${id}: has no done`);
    if (!turn.done) continue;
    for (const [call, { finished }] of turn.calls) if (!finished) faults.push(`${call}: has no tool_result`);
  }
  return faults;
}

function newTurn(): TurnSeen {
  return { started: false, failed: false, done: false, texts: new Map(), calls: new Map(), usedBlocks: new Set() };
}

function checkOrder(event: ServerEvent, turn: TurnSeen, turnId: string, say: (what: string) => void): void {
  if (turn.done) say("something of the turn comes after its done");
  if (turn.failed && !["tool_result", "usage", "done"].includes(event.type)) say("an error is followed by done");
  if (event.type === "session_created") return;
  if (event.type === "status_update" && event.state === "started") {
    if (turn.started) say("the turn starts twice");
    if (event.turn_id !== turnId) say("tells of another turn");
    turn.started = true;
  }
  if (!turn.started) say("comes before the turn has started");
  if (event.type === "error") turn.failed = true;
  if (event.type === "done") {
    if (event.turn_id !== turnId) say("tells of another turn");
    if (turn.failed !== (event.reason === "error" || event.reason === "limit_exceeded")) {
      say(`reason ${event.reason} ${turn.failed ? "after" : "without"} an error`);
    }
    turn.done = true;
  }
}

function checkContent(event: ServerEvent, turn: TurnSeen, say: (what: string) => void): void {
  switch (event.type) {
    case "status_update":
      if (event.state === "step_reset") reset(turn);
      if (event.state === "tool_running" && turn.calls.get(event.tool_use_id)?.finished !== false) {
        say("a call runs that was not told of, or is over");
      }
      return;
    case "text": {
      const bytes = turn.texts.get(event.block);
      if (bytes === undefined && turn.usedBlocks.has(event.block)) say(`block ${event.block} is used again`);
      if (event.offset !== (bytes ?? 0)) say(`offset ${event.offset} instead of ${bytes ?? 0}`);
      if (event.text === "") say("is empty");
      turn.usedBlocks.add(event.block);
      turn.texts.set(event.block, (bytes ?? 0) + Buffer.byteLength(event.text));
      return;
    }
    case "tool_use": {
      const known = turn.calls.get(event.tool_use_id);
      if (known !== undefined && (known.input !== null || event.input === undefined)) say("the call is told twice");
      if (known === undefined && event.input !== undefined) say("the call is told with its input first");
      turn.calls.set(event.tool_use_id, {
        input: event.input ?? null,
        finished: false,
        chunks: known?.chunks ?? new Map(),
      });
      return;
    }
    case "tool_request": {
      const call = openCall(event.tool_use_id, turn, say);
      if (canonicalJson(call?.input) !== canonicalJson(event.input)) say("another input than the call's");
      if (event.input_sha256 !== sha256Hex(canonicalJson(event.input))) say("the hash is not that of the input");
      return;
    }
    case "tool_chunk": {
      const call = openCall(event.tool_use_id, turn, say);
      const key = `${event.channel} ${event.path ?? ""}`;
      const bytes = call?.chunks.get(key) ?? 0;
      if (event.offset !== bytes) say(`offset ${event.offset} instead of ${bytes}`);
      call?.chunks.set(key, bytes + Buffer.byteLength(event.chunk));
      return;
    }
    case "tool_result": {
      const call = openCall(event.tool_use_id, turn, say);
      if (call?.input === null && event.outcome !== "cancelled") say("the call's input was never told");
      if (call !== undefined) call.finished = true;
      return;
    }
    case "usage":
      if (event.input_tokens < 0 || event.output_tokens < 0) say("counts less than nothing");
      if (event.remaining.user < 0 || event.remaining.organization < 0) say("less than nothing remains");
      return;
    default:
      return;
  }
}

/** Calls of the step that is void are gone; those of earlier steps have their outcome. */
function reset(turn: TurnSeen): void {
  turn.texts.clear();
  for (const [id, call] of turn.calls) if (!call.finished) turn.calls.delete(id);
}

function openCall(id: string, turn: TurnSeen, say: (what: string) => void): CallSeen | undefined {
  const call = turn.calls.get(id);
  if (call === undefined) say("the call was not told of before");
  if (call?.finished === true) say("the call has its result already");
  return call;
}
