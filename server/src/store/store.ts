import type { LimitType, ServerEvent } from "@chat-bot/widget/protocol";
import type { ConversationRecord } from "./conversation-record.ts";
import type { Identity, Owner } from "./identity.ts";
import type { MessageRecord } from "./message-record.ts";
import type { ToolCallRecord, ToolCallState } from "./tool-call-record.ts";
import type { TurnRecord } from "./turn-record.ts";

/** An event as it stands in the log. `data` is the exact JSON that every reader gets. */
export interface LoggedEvent {
  seq: number;
  turnId: string;
  type: ServerEvent["type"];
  data: string;
}

/** A tool call's new state; refused when it is not in the state it is said to come from. */
export interface ToolCallChange {
  /** null: a new line of the ledger. */
  from: ToolCallState["status"] | null;
  call: ToolCallRecord;
  /** Why a tool runs unasked that asks as a rule: its user has approved it for the rest of the conversation. */
  clearance?: "remembered";
}

/** Tokens counted by the day, for one user, one organization or all. */
export interface UsageScope {
  type: LimitType;
  /** Empty for `global`. */
  id: string;
}

/**
 * Which reservations without a running turn are orphans for sure: those of a user whose lock the caller holds, or those older
 * than any admission takes (ISO 8601).
 */
export type OrphanedReservations = { scope: UsageScope } | { createdBefore: string };

/** What a scope has used today and what is reserved on it. */
export interface UsageBalance {
  scope: UsageScope;
  used: number;
  reserved: number;
}

/** Tokens booked on all scopes of a turn before a model call, until the real usage is known. */
export interface Reservation {
  id: string;
  turnId: string;
  /** UTC, `YYYY-MM-DD`. */
  day: string;
  scopes: readonly UsageScope[];
  tokens: number;
  /** Input the provider has confirmed, in counted tokens; null before it did. */
  inputTokens: number | null;
  /** Estimate of the input, counted when the provider never told. */
  estimatedInputTokens: number;
  /** UTF-8 bytes of text and tool input streamed so far. */
  streamedBytes: number;
}

/** How far a model call has come, kept so that it is counted also when this process dies. */
export interface ReservationProgress {
  id: string;
  inputTokens: number | null;
  streamedBytes: number;
}

/** Everything that changes together: state, and the events that tell it. */
export interface Commit {
  conversationId: string;
  turnId: string;
  /** Fencing number of the writer; a commit of a former owner is refused. */
  fence: number;
  events: readonly ServerEvent[];
  messages?: readonly MessageRecord[];
  toolCalls?: readonly ToolCallChange[];
  turn?: TurnRecord;
  progress?: ReservationProgress;
  /** Ends a reservation and counts what was really used. */
  settle?: { reservationId: string; tokens: number };
}

/** A new turn with its user message and first events; the conversation may be new as well. */
export interface NewTurn {
  conversation: ConversationRecord;
  isNewConversation: boolean;
  turn: TurnRecord;
  message: MessageRecord;
  events: readonly ServerEvent[];
  fence: number;
  leaseExpiresAtMs: number;
  idempotency: { key: string; bodySha256: string } | null;
  /** Booked for its first step; null: nothing is. */
  reservationId: string | null;
}

/** How long a request's key is remembered, also when its conversation is deleted. */
export const KEY_LIFETIME_MS: number = 24 * 60 * 60 * 1000;

/** A request that was sent with an `Idempotency-Key`. */
export interface KeyedTurn {
  turn: TurnRecord | null;
  bodySha256: string;
}

/** What the prompt is made of. */
export interface History {
  /** Of the whole conversation, oldest first. Those of refused turns are left out. */
  messages: readonly MessageRecord[];
  /** Of the whole conversation, in the order they were asked for. */
  toolCalls: readonly ToolCallRecord[];
}

/** A turn with all that is needed to go on with it. */
export interface StoredTurn extends History {
  turn: TurnRecord;
  conversation: ConversationRecord;
  remembered: readonly RememberedApproval[];
}

/** The conversation as its reader sees it. */
export interface StoredConversation {
  conversation: ConversationRecord;
  messages: readonly MessageRecord[];
  toolCalls: readonly ToolCallRecord[];
  activeTurn: TurnRecord | null;
}

/** What an owner has of a turn. */
export interface Lease {
  /** The user has asked to stop the turn. */
  cancelRequested: boolean;
}

/** What a turn is claimed for: a user has at most one turn that runs. */
export type ClaimPurpose = "run" | "end";

/** A turn just taken. */
export interface Claim extends Lease {
  fence: number;
  /** Its former owner did not get to the end, nor to a person's decision. */
  wasRunning: boolean;
}

/** A person's answer as it is recorded. */
export interface DecisionRecord {
  /** The call in its decided state. */
  call: ToolCallRecord;
  /** Of the request that decided: from now on the turn goes by it. */
  identity: Identity;
  /** Whether later calls of the same tool in this conversation need not ask again. */
  remembered: boolean;
}

/** A tool that a person has approved for the rest of a conversation. */
export interface RememberedApproval {
  name: string;
  title: string;
  /** Of the definition that was approved: a changed tool asks again. */
  fingerprint: string;
  /** ISO 8601. */
  decidedAt: string;
}

/**
 * Thrown by `commit` when another owner has the turn, when a tool call moved on meanwhile, or when a turn that is to be
 * parked was cancelled. Nothing was written.
 */
export class StaleWriteError extends Error {
  constructor(what: string) {
    super(`stale write: ${what}`);
    this.name = "StaleWriteError";
  }
}

/**
 * What must survive: conversations, the event log, the tool ledger, usage. Every method is one transaction.
 * Look-ups for a user go by owner; what is not theirs is null.
 */
export interface Store {
  /**
   * null: stored. Else nothing was written, because this turn of the same user runs.
   * @throws StaleWriteError when its reservation was settled meanwhile, as one of a request that had died, or its key has
   *   started another turn
   */
  createTurn(newTurn: NewTurn): Promise<TurnRecord | null>;
  commit(commit: Commit): Promise<void>;
  /**
   * Makes the caller the turn's owner; null when it is done, owned and its lease still runs, or when it is claimed to be
   * run and another turn of its user runs. To end a turn, nobody needs to wait for that.
   */
  claimTurn(turnId: string, purpose: ClaimPurpose, nowMs: number, leaseExpiresAtMs: number): Promise<Claim | null>;
  /** null: somebody else owns the turn now, or it is gone. */
  renewLease(turnId: string, fence: number, leaseExpiresAtMs: number): Promise<Lease | null>;
  /** Notes that the turn is to be stopped, whoever owns it by then. From now on it cannot be parked. */
  requestCancel(turnId: string): Promise<void>;
  loadTurn(turnId: string): Promise<StoredTurn | null>;
  loadHistory(conversationId: string): Promise<History>;
  findTurn(turnId: string): Promise<TurnRecord | null>;
  /** What the request with this key did. Keys outlive the conversation; `turn` is null when that is gone. */
  findTurnByKey(owner: Owner, key: string, createdAfter: string): Promise<KeyedTurn | null>;
  /** The one turn that this user has running, in whatever conversation. */
  findRunningTurn(owner: Owner): Promise<TurnRecord | null>;
  /** The conversation's turn that is not done. */
  findActiveTurn(conversationId: string): Promise<TurnRecord | null>;
  /** Running turns whose owner is silent, and parked ones with a call that was decided or has expired; or only this one. */
  findTurnsToContinue(nowMs: number, turnId?: string): Promise<readonly string[]>;

  findConversation(owner: Owner, id: string): Promise<ConversationRecord | null>;
  loadConversation(owner: Owner, id: string): Promise<StoredConversation | null>;
  listConversations(
    owner: Owner,
    page: { limit: number; before: { updatedAt: string; id: string } | null },
  ): Promise<readonly { id: string; title: string; updatedAt: string }[]>;
  /** Everything that was said and done in it is gone; what was used stays counted, and the audit trail stays. */
  deleteConversation(owner: Owner, id: string): Promise<boolean>;
  /**
   * Does the same to the oldest conversations that nobody has used since (ISO 8601) and in which no turn is unfinished, at
   * most so many at once. Resolves with how many there were.
   */
  eraseIdleConversations(updatedBefore: string, limit: number): Promise<number>;
  /** Overwrites what deleted rows leave in the database's files, as far as it can; false: others were in the way. */
  overwriteErased(): Promise<boolean>;

  /** At most `limit` events after `afterSeq`, in order. */
  readEvents(conversationId: string, afterSeq: number, limit: number): Promise<readonly LoggedEvent[]>;
  /** Number of the oldest event kept; null when there is none. */
  oldestSeq(conversationId: string): Promise<number | null>;
  trimEvents(createdBefore: string): Promise<void>;
  /** Forgets the keys of older requests. */
  trimKeys(createdBefore: string): Promise<void>;

  findToolCall(conversationId: string, toolUseId: string): Promise<ToolCallRecord | null>;
  /** Every call that a parked turn waits to have decided. */
  findPendingCalls(): Promise<readonly ToolCallRecord[]>;
  /** false: the call was no longer pending, and nothing was written. */
  decide(decision: DecisionRecord): Promise<boolean>;
  /** In the order of their names. */
  listRememberedApprovals(conversationId: string): Promise<readonly RememberedApproval[]>;
  /** The tool asks again from now on; false when it did anyway. */
  forgetApproval(conversationId: string, name: string): Promise<boolean>;

  balances(day: string, scopes: readonly UsageScope[]): Promise<readonly UsageBalance[]>;
  /**
   * Reads the balances and writes the reservation that `grant` makes of them, in one atomic step. A stored turn is
   * reserved for by its owner only: @throws StaleWriteError. For a new one the fence is null.
   */
  reserve(
    day: string,
    scopes: readonly UsageScope[],
    turn: { turnId: string; fence: number | null },
    grant: (balances: readonly UsageBalance[]) => Reservation | null,
  ): Promise<Reservation | null>;
  settle(reservationId: string, tokens: number): Promise<void>;
  /** Settles reservations whose turn is over or not on record: it was deleted, or its process died before it was stored. */
  releaseOrphanedReservations(which: OrphanedReservations): Promise<void>;
  findReservation(turnId: string): Promise<Reservation | null>;

  /** Tells the audit trail that a message was refused. All else it is told together with what happens. */
  recordLimitReached(owner: Owner, conversationId: string | null, limit: LimitType): Promise<void>;
  /** Puts down where the audit trail stands: a short text to be kept elsewhere; null while there is nothing in it. */
  writeCheckpoint(): Promise<string | null>;

  ping(): Promise<void>;
  close(): Promise<void>;
}
