import type { ConversationRecord } from "../src/store/conversation-record.ts";
import type { Reservation } from "../src/store/store.ts";
import type { Tool } from "../src/tools/tool.ts";
import type { Turn } from "../src/turn/turn.ts";
import { WakeUp } from "../src/wake-up.ts";
import { aConversation, aTurn, aUserMessage } from "./records.ts";

/** A turn at work that has just begun, with these tools. */
export function aTurnAtWork(tools: readonly Tool[] = [], changes: Partial<Turn> = {}): Turn {
  const conversation: ConversationRecord =
    changes.conversation ??
    aConversation({
      tools: tools
        .map(({ name, server, description, inputSchema, fingerprint, rule }) => ({
          name,
          server,
          description,
          inputSchema,
          fingerprint,
          streamInput: rule.streamInput === true,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    });
  const record = changes.record ?? aTurn(conversation);
  return {
    record,
    fence: 1,
    conversation,
    messages: [aUserMessage(record)],
    toolCalls: [],
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    remembered: [],
    signal: new AbortController().signal,
    isLeaving: () => false,
    isWithdrawn: () => false,
    news: new WakeUp(),
    refresh: () => Promise.resolve(),
    admitted: null,
    ...changes,
  };
}

/** What is booked for a model call. */
export function aReservation(changes: Partial<Reservation> = {}): Reservation {
  return {
    id: "res_1",
    turnId: "turn_1",
    day: "2026-11-05",
    scopes: [],
    tokens: 5000,
    inputTokens: null,
    estimatedInputTokens: 900,
    streamedBytes: 0,
    ...changes,
  };
}
