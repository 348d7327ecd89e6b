import type { TurnEndReason } from "@chat-bot/widget/protocol";
import type { Identity } from "./identity.ts";

/** Languages this server speaks to people. */
export type Locale = "en" | "pt-BR" | "es" | "fr" | "de" | "it" | "ja" | "zh-CN" | "ar" | "he";

/** Where a turn stands. */
export type TurnState =
  /** A replica is at work on it, or was when it died. */
  | { status: "running" }
  /** Parked: nothing is held, a decision or the clock continues it. */
  | { status: "awaiting_approval" }
  | { status: "done"; reason: TurnEndReason };

/** From one user message until the assistant stops. */
export interface TurnRecord {
  id: string;
  conversationId: string;
  /** Number of the event before the turn's first one. */
  afterSeq: number;
  /** Of the request that caused it, or of the newest approval. */
  identity: Identity;
  locale: Locale;
  requestId: string;
  state: TurnState;
  /** Steps that are complete: their message is stored. */
  steps: number;
  /** Number of the next text block, counted over the whole turn. */
  nextBlock: number;
  /** How often another owner took it over after a crash. */
  recoveries: number;
  createdAt: string;
}
