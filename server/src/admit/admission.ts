import type { ConversationRecord } from "../store/conversation-record.ts";
import type { HeldLock } from "../store/coordination.ts";
import type { TurnRecord } from "../store/turn-record.ts";

/** What came of asking to be admitted. */
export type Admission =
  /** The user's lock is held, and the ids of the turn to come are chosen. */
  | {
      type: "admitted";
      lock: HeldLock;
      turnId: string;
      conversationId: string;
      /** null: a new one. */
      conversation: ConversationRecord | null;
      idempotency: { key: string; bodySha256: string } | null;
    }
  /** The same request was admitted before: this is its turn. */
  | { type: "repeated"; turn: TurnRecord };
