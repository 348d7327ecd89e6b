import type { ServerEvent, TextEvent, ToolChunkEvent } from "@chat-bot/widget/protocol";
import type { ConversationRecord } from "../store/conversation-record.ts";
import type { MessageRecord } from "../store/message-record.ts";
import type { Commit, RememberedApproval, Reservation, ReservationProgress } from "../store/store.ts";
import type { ToolCallRecord } from "../store/tool-call-record.ts";
import type { TurnRecord } from "../store/turn-record.ts";
import type { Tool } from "../tools/tool.ts";
import type { WakeUp } from "../wake-up.ts";
import type { ModelRequest } from "./model-client.ts";

/** A model call that is paid for. */
export interface ReservedStep {
  request: ModelRequest;
  reservation: Reservation;
}

/** What a prompt is built from. */
export interface TurnState {
  record: TurnRecord;
  /** Of its owner, who must still be it when something is written; null before the turn is stored. */
  readonly fence: number | null;
  readonly conversation: ConversationRecord;
  /** Of the whole conversation. */
  readonly messages: MessageRecord[];
  readonly toolCalls: ToolCallRecord[];
  /** What the user may run in this turn, by name: offered when the conversation began and still the same. */
  tools: ReadonlyMap<string, Tool>;
}

/** A turn at work, in memory. Only the recorder changes it, after the change was committed; and `refresh`. */
export interface Turn extends TurnState {
  /** What need not be asked again in this conversation. */
  remembered: readonly RememberedApproval[];
  /** Cancelled, handed over or lost; see `TurnAbort`. */
  readonly signal: AbortSignal;
  /** This process ends soon: the turn is handed over where nothing of it is lost, at the end of a step. */
  isLeaving(): boolean;
  /** The tool that a question is about was gone or another one since, if only for a moment: nobody may answer it any more. */
  isWithdrawn(call: ToolCallRecord): boolean;
  /** Raised when a person may have decided, and now and then, because announcements can be lost and time passes. */
  readonly news: WakeUp;
  /**
   * Reads anew what others may change: decisions, the identity they were made with, and what it may run; the tool server
   * with this name is asked anew what its tools are.
   */
  refresh(askAnew?: string): Promise<void>;
  /** Booked before the turn was admitted, for its first step. */
  admitted: ReservedStep | null;
}

/** What a turn does next to the log and to the state, in one piece. */
export type TurnEntry =
  /** A piece of something that grows. Committed in groups, a moment later. */
  | { type: "delta"; event: TextEvent | ToolChunkEvent; progress?: ReservationProgress }
  /** Committed before the turn goes on. */
  | ({ type: "commit"; events: readonly ServerEvent[] } & Pick<
      Commit,
      "messages" | "toolCalls" | "turn" | "progress" | "settle"
    >);

/** Records an entry; resolves when it is committed (a delta: when it is taken). */
export type RecordEntry = (entry: TurnEntry) => Promise<void>;

/** The calls of this turn that have no outcome yet, in the order they were asked for. */
export function unfinishedCalls(turn: TurnState): ToolCallRecord[] {
  return turn.toolCalls.filter((call) => call.turnId === turn.record.id && call.state.status !== "finished");
}

/** The turn's calls in all. */
export function callsOfTurn(turn: TurnState): ToolCallRecord[] {
  return turn.toolCalls.filter((call) => call.turnId === turn.record.id);
}
