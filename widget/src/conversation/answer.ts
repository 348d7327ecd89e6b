/**
 * Changes to the assistant's messages. Only the objects on the way to a change are made anew: views compare by
 * identity, and a delta must not cost the length of the conversation's text.
 */
import type { Conversation, Message, Part, ToolCall } from "./conversation.ts";

type Answer = Extract<Message, { role: "assistant" }>;

/** Id of the message that answers in a turn, until the history gives it another. */
export function answerId(turnId: string): string {
  return `answer-${turnId}`;
}

/** The message being written; null before its first part. */
export function findAnswer(conversation: Conversation): Answer | null {
  const { messageId } = conversation.progress;
  if (messageId === null) return null;
  const message = conversation.messages.findLast(({ id }) => id === messageId);
  return message?.role === "assistant" ? message : null;
}

/** With one more part at the end of the message being written, which this may begin. */
export function addPart(conversation: Conversation, part: Part): Conversation {
  const { progress } = conversation;
  const answer = findAnswer(conversation);
  const stepStart = progress.isStepSettled ? (answer?.parts.length ?? 0) : progress.stepStart;
  const opened: Conversation = { ...conversation, progress: { ...progress, stepStart, isStepSettled: false } };
  if (answer !== null) return replaceMessage(opened, { ...answer, streaming: true, parts: [...answer.parts, part] });
  const id = answerId(conversation.activeTurn?.id ?? part.key);
  const begun: Answer = { role: "assistant", id, parts: [part], createdAt: null, streaming: true, stopped: false };
  return {
    ...opened,
    messages: [...conversation.messages, begun],
    progress: { ...opened.progress, messageId: id },
  };
}

/** With another part in place of one of the message being written. */
export function replacePart(conversation: Conversation, answer: Answer, index: number, part: Part): Conversation {
  return replaceMessage(conversation, { ...answer, streaming: true, parts: answer.parts.with(index, part) });
}

/** A tool call wherever it stands, the latest message first; null when there is none with this id. */
export function findCall(conversation: Conversation, toolUseId: string): ToolCall | null {
  return locateCall(conversation, toolUseId)?.call ?? null;
}

/** With a tool call changed; the same conversation when there is no such call. */
export function updateCall(
  conversation: Conversation,
  toolUseId: string,
  change: (call: ToolCall) => ToolCall,
): Conversation {
  const found = locateCall(conversation, toolUseId);
  if (found === null) return conversation;
  const { message, partIndex, part } = found;
  return replaceMessage(conversation, {
    ...message,
    parts: message.parts.with(partIndex, { ...part, call: change(part.call) }),
  });
}

/** Without the parts of the step in progress, which the server will stream anew. */
export function withoutStep(conversation: Conversation): Conversation {
  const answer = findAnswer(conversation);
  const { progress } = conversation;
  if (answer === null || progress.isStepSettled || progress.stepStart >= answer.parts.length) return conversation;
  const kept = answer.parts.slice(0, progress.stepStart);
  const dropped = new Set(
    answer.parts.slice(progress.stepStart).map((part) => (part.type === "tool_call" ? part.call.id : "")),
  );
  const reset: Conversation = {
    ...conversation,
    pendingApprovals: conversation.pendingApprovals.filter((request) => !dropped.has(request.tool_use_id)),
    progress: { ...progress, blocks: progress.blocks.filter(({ partIndex }) => partIndex < progress.stepStart) },
  };
  if (kept.length > 0) return replaceMessage(reset, { ...answer, parts: kept });
  return {
    ...reset,
    messages: reset.messages.filter((message) => message !== answer),
    progress: { ...reset.progress, messageId: null },
  };
}

/** With the message being written closed: nothing of its turn follows, so a call without outcome has none known. */
export function closeAnswer(conversation: Conversation, stopped: boolean): Conversation {
  const answer = findAnswer(conversation);
  if (answer === null) return conversation;
  return replaceMessage(conversation, { ...answer, streaming: false, stopped, parts: answer.parts.map(closePart) });
}

/** With the message being written at rest, until more of it comes. */
export function pauseAnswer(conversation: Conversation): Conversation {
  const answer = findAnswer(conversation);
  return answer === null ? conversation : replaceMessage(conversation, { ...answer, streaming: false });
}

function closePart(part: Part): Part {
  if (part.type === "text" || part.call.state.status === "finished") return part;
  const state = { status: "finished", outcome: "unknown", durationMs: null, truncated: false } as const;
  return { ...part, call: { ...part.call, state } };
}

function replaceMessage(conversation: Conversation, message: Message): Conversation {
  const index = conversation.messages.findLastIndex(({ id }) => id === message.id);
  return { ...conversation, messages: conversation.messages.with(index, message) };
}

interface CallLocation {
  message: Answer;
  partIndex: number;
  part: Extract<Part, { type: "tool_call" }>;
  call: ToolCall;
}

function locateCall(conversation: Conversation, toolUseId: string): CallLocation | null {
  for (const message of conversation.messages.toReversed()) {
    if (message.role !== "assistant") continue;
    for (const [partIndex, part] of message.parts.entries()) {
      if (part.type === "tool_call" && part.call.id === toolUseId) return { message, partIndex, part, call: part.call };
    }
  }
  return null;
}
