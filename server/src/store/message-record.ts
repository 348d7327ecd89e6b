import type { PageContext } from "@chat-bot/widget/protocol";

/**
 * One block of a stored message, as the Messages API knows it. Blocks of the assistant are kept verbatim, also those
 * this server does not look into (thinking), because the model wants its own turns back byte for byte.
 */
export type StoredBlock =
  | { type: "text"; text: string }
  | { type: "tool_use"; id: string; name: string; input: Record<string, unknown> }
  | { type: "verbatim"; block: Record<string, unknown> };

/** A message of a conversation. Tool results are not messages here: the ledger holds them, the prompt adds them. */
export interface MessageRecord {
  id: string;
  conversationId: string;
  turnId: string;
  role: "user" | "assistant";
  content: readonly StoredBlock[];
  /** What the user's page showed; only with role `user`. */
  page: PageContext | null;
  /** The answer was cut off. */
  stopped: boolean;
  /** ISO 8601. */
  createdAt: string;
}
