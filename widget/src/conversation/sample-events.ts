/** Events as the server sends them, for the tests. */
import type { HistoryMessage, ServerEvent, ToolInput } from "../protocol/index.ts";
import type { ReceivedEvent } from "../transport/chat-transport.ts";
import { utf8Length } from "./append-delta.ts";

export const started = (turnId: string, text = "Hello", messageId = `message-${turnId}`): ServerEvent => ({
  type: "status_update",
  state: "started",
  turn_id: turnId,
  message: { id: messageId, text },
});

export const sessionCreated: ServerEvent = {
  type: "session_created",
  conversation_id: "conversation-1",
  model: "claude",
  protocol: 1,
};

export const typing: ServerEvent = { type: "status_update", state: "ai_typing" };
export const awaitingApproval: ServerEvent = { type: "status_update", state: "awaiting_approval" };
export const stepReset: ServerEvent = { type: "status_update", state: "step_reset" };

/** A block's text in pieces, with offsets that fit. */
export function texts(block: number, ...pieces: string[]): ServerEvent[] {
  let offset = 0;
  return pieces.map((text) => {
    const event: ServerEvent = { type: "text", block, offset, text };
    offset += utf8Length(text);
    return event;
  });
}

export function toolUse(id: string, input?: ToolInput): ServerEvent {
  const event = {
    type: "tool_use",
    tool_use_id: id,
    name: "members__member_list",
    title: "List members",
    server: "members",
  } as const;
  return input === undefined ? event : { ...event, input };
}

export const toolRequest = (id: string, input: ToolInput = { id: 7 }): ServerEvent => ({
  type: "tool_request",
  tool_use_id: id,
  name: "members__member_remove",
  title: "Remove member",
  description: "Removes a member",
  input,
  input_sha256: "a".repeat(64),
  annotations: { destructiveHint: true },
  expires_at: "2026-11-21T12:00:00Z",
  remember: ["once"],
});

export const toolRunning = (id: string): ServerEvent => ({
  type: "status_update",
  state: "tool_running",
  tool_use_id: id,
});

/** A file's content in pieces. */
export function fileChunks(id: string, path: string, ...pieces: string[]): ServerEvent[] {
  let offset = 0;
  return pieces.map((chunk) => {
    const event: ServerEvent = { type: "tool_chunk", tool_use_id: id, channel: "file", path, offset, chunk };
    offset += utf8Length(chunk);
    return event;
  });
}

export const toolResult = (id: string, outcome: "ok" | "denied" | "superseded" | "cancelled" = "ok"): ServerEvent => ({
  type: "tool_result",
  tool_use_id: id,
  name: "members__member_list",
  outcome,
  content: [{ type: "text", text: "12 members" }],
  duration_ms: 40,
});

export const usage = (step: number, estimated?: true): ServerEvent => ({
  type: "usage",
  step,
  input_tokens: 10,
  output_tokens: 5,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  ...(estimated === undefined ? {} : { estimated }),
  remaining: { user: 1000, organization: 1000 },
});

export const done = (
  turnId: string,
  reason: "end_turn" | "cancelled" | "superseded" | "error" = "end_turn",
): ServerEvent => ({
  type: "done",
  turn_id: turnId,
  reason,
});

/** With ids that grow by one. */
export function numbered(events: readonly ServerEvent[], first = 1): ReceivedEvent[] {
  return events.map((event, index) => ({ id: `e1-${first + index}`, event }));
}

export function userHistory(id: string, text: string): HistoryMessage {
  return { id, role: "user", created_at: "2026-11-21T10:00:00Z", content: [{ type: "text", text }] };
}

export function assistantHistory(id: string, text: string): HistoryMessage {
  return { id, role: "assistant", created_at: "2026-11-21T10:00:01Z", content: [{ type: "text", text }] };
}
