import type { BankEntry } from "./bank-book.ts";
import { type EventFrame, eventsOf } from "./event-frames.ts";

/** Where a turn is, as far as its reader and the bank's book tell. */
export type TurnPhase =
  | "before the first event"
  | "before the model's first word"
  | "in mid-text"
  | "while a call is asked for"
  | "between two steps"
  | "between dispatch and the call"
  | "while a tool runs"
  | "after a tool's effect, before its outcome"
  | "while a person decides"
  | "between decision and dispatch"
  | "during recovery";

/** What is known of a turn on its way. */
export interface TurnSeen {
  frames: readonly EventFrame[];
  /** Its approval was asked for and answered. */
  isDecided: boolean;
  bookOf: (ref: string) => readonly BankEntry[];
}

/** Every phase a turn is in: of calls side by side each is in its own. None when the turn is over. */
export function phasesOf({ frames, isDecided, bookOf }: TurnSeen): TurnPhase[] {
  const last = frames.at(-1)?.data;
  if (last === undefined) return ["before the first event"];
  if (last.type === "done") return [];
  if (isRecovering(frames)) return ["during recovery"];
  const running = runningRefs(frames);
  if (running.length > 0) return running.map((ref) => phaseOfCall(bookOf(ref)));
  if (isAsking(frames)) return [isDecided ? "between decision and dispatch" : "while a person decides"];
  if (last.type === "text") return ["in mid-text"];
  if (last.type === "tool_use") return ["while a call is asked for"];
  const isWaiting = last.type === "status_update" && (last.state === "started" || last.state === "ai_typing");
  return [isWaiting ? "before the model's first word" : "between two steps"];
}

/** A new owner has told that it is there, and nothing of what it does. */
function isRecovering(frames: readonly EventFrame[]): boolean {
  const states = frames.map(({ data }) => (data.type === "status_update" ? data.state : data.type));
  const news = states.findLastIndex((state) => !["recovering", "step_reset", "usage"].includes(state));
  return states.slice(news + 1).includes("recovering");
}

/** The references of the calls that were dispatched and have no outcome. */
function runningRefs(frames: readonly EventFrame[]): string[] {
  const ended = new Set(eventsOf(frames, "tool_result").map((event) => event.tool_use_id));
  const dispatched = eventsOf(frames, "status_update").flatMap((event) =>
    event.state === "tool_running" && !ended.has(event.tool_use_id) ? [event.tool_use_id] : [],
  );
  const inputs = new Map(eventsOf(frames, "tool_use").map((event) => [event.tool_use_id, event.input]));
  return [...new Set(dispatched)].map((id) => String(inputs.get(id)?.["ref"]));
}

function phaseOfCall(entries: readonly BankEntry[]): TurnPhase {
  const last = entries.at(-1)?.what;
  if (last === undefined) return "between dispatch and the call";
  return last === "called" ? "while a tool runs" : "after a tool's effect, before its outcome";
}

function isAsking(frames: readonly EventFrame[]): boolean {
  const ended = new Set(eventsOf(frames, "tool_result").map((event) => event.tool_use_id));
  return eventsOf(frames, "tool_request").some((event) => !ended.has(event.tool_use_id));
}
