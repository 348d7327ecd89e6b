import type { ConversationSnapshot, HistoryMessage, MessageContentBlock } from "@chat-bot/widget/protocol";
import { pendingRequest } from "../approval/pending-request.ts";
import { eventId } from "../store/conversation-record.ts";
import type { MessageRecord, StoredBlock } from "../store/message-record.ts";
import type { StoredConversation } from "../store/store.ts";
import type { ToolCallRecord } from "../store/tool-call-record.ts";

/**
 * The conversation as a page load needs it. The turn in progress is left out of the messages, and `last_event_id` is
 * the event before it: reading on from there brings all of it, once.
 */
export function conversationSnapshot(stored: StoredConversation): ConversationSnapshot {
  const { conversation, activeTurn } = stored;
  const calls = new Map(stored.toolCalls.map((call) => [call.toolUseId, call]));
  const pending = stored.toolCalls.filter((call) => call.state.status === "pending");
  return {
    id: conversation.id,
    messages: stored.messages
      .filter((message) => message.turnId !== activeTurn?.id)
      .map((message) => historyMessage(message, calls)),
    active_turn:
      activeTurn === null || activeTurn.state.status === "done"
        ? null
        : { turn_id: activeTurn.id, state: activeTurn.state.status },
    pending_approvals: pending.map(pendingRequest),
    last_event_id: eventId(conversation.epoch, activeTurn?.afterSeq ?? conversation.lastSeq),
  };
}

function historyMessage(message: MessageRecord, calls: ReadonlyMap<string, ToolCallRecord>): HistoryMessage {
  return {
    id: message.id,
    role: message.role,
    created_at: message.createdAt,
    content: message.content.flatMap((block) => contentBlock(block, calls)),
    ...(message.stopped ? { stopped: true } : {}),
  };
}

function contentBlock(block: StoredBlock, calls: ReadonlyMap<string, ToolCallRecord>): MessageContentBlock[] {
  switch (block.type) {
    case "text":
      return [{ type: "text", text: block.text }];
    case "tool_use": {
      const call = calls.get(block.id);
      const finished = call?.state.status === "finished" ? call.state : null;
      return [
        {
          type: "tool_use",
          tool_use_id: block.id,
          name: block.name,
          title: call?.title ?? block.name,
          input: block.input,
          ...(finished === null ? {} : { outcome: finished.outcome, result: [...finished.content] }),
        },
      ];
    }
    // Thinking is never shown.
    case "verbatim":
      return [];
  }
}
