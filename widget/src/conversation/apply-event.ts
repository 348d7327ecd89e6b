/**
 * What events make of a conversation, as pure functions. A stream may be cut anywhere and read again from anywhere
 * before: events that were applied are passed over, and a hole is reported instead of being papered over.
 */
import type {
  DoneEvent,
  ServerEvent,
  StatusUpdateEvent,
  TextEvent,
  ToolChunkEvent,
  ToolRequestEvent,
  ToolResultEvent,
  ToolUseEvent,
  TurnEndReason,
} from "../protocol/index.ts";
import type { ReceivedEvent } from "../transport/chat-transport.ts";
import { addPart, closeAnswer, findAnswer, findCall, replacePart, updateCall, withoutStep } from "./answer.ts";
import { appendDelta } from "./append-delta.ts";
import {
  type Activity,
  type Conversation,
  type Message,
  noProgress,
  type ToolCall,
  type ToolCallState,
  type ToolOutputStream,
} from "./conversation.ts";
import { errorFromEvent } from "./conversation-error.ts";
import { orderOf } from "./event-id.ts";
import { replaceWithSnapshot } from "./from-snapshot.ts";
import { appendText, noText } from "./output-text.ts";

/** What became of a list of events. */
export interface AppliedEvents {
  conversation: Conversation;
  /** Those that were new, in order. */
  applied: readonly ServerEvent[];
  /** What is missing before the first event that was not applied; null when all were. */
  gap: "event" | "text" | null;
}

/** Applies events in order, up to the first that something is missing before. */
export function applyEvents(conversation: Conversation, received: readonly ReceivedEvent[]): AppliedEvents {
  const applied: ServerEvent[] = [];
  let current = conversation;
  for (const { id, event } of received) {
    const isSnapshot = event?.type === "status_update" && event.state === "snapshot";
    const order = isSnapshot ? "next" : orderOf(id, current.lastEventId);
    if (order === "seen") continue;
    if (order === "gap" && !current.progress.isAfterSnapshot) return { conversation: current, applied, gap: "event" };
    const next = event === null ? current : applyEvent(current, event, id);
    if (next === null) return { conversation: current, applied, gap: "text" };
    current = isSnapshot ? next : afterEvent(next, id);
    if (event !== null) applied.push(event);
  }
  return { conversation: current, applied, gap: null };
}

function afterEvent(conversation: Conversation, id: string | null): Conversation {
  const { progress } = conversation;
  return {
    ...conversation,
    lastEventId: id ?? conversation.lastEventId,
    progress: progress.isAfterSnapshot ? { ...progress, isAfterSnapshot: false } : progress,
  };
}

/** The conversation after one event, whatever its place; null when it does not join what is held. */
function applyEvent(conversation: Conversation, event: ServerEvent, id: string | null): Conversation | null {
  switch (event.type) {
    case "session_created":
      return { ...conversation, id: event.conversation_id };
    case "status_update":
      return applyStatus(conversation, event);
    case "text":
      return applyText(conversation, event, id);
    case "tool_use":
      return applyToolUse(conversation, event);
    case "tool_request":
      return applyToolRequest(conversation, event);
    case "tool_chunk":
      return applyToolChunk(conversation, event);
    case "tool_result":
      return applyToolResult(conversation, event);
    case "usage":
      // An estimate stands for a call that was cut off: its step is not complete and may still be reset.
      return { ...(event.estimated === true ? conversation : settleStep(conversation)), usage: event };
    case "error":
      return { ...conversation, error: errorFromEvent(event) };
    case "done":
      return applyDone(conversation, event);
  }
}

function applyStatus(conversation: Conversation, event: StatusUpdateEvent): Conversation {
  switch (event.state) {
    case "started":
      return applyStarted(conversation, event.turn_id, event.message);
    case "ai_typing":
      return withActivity(conversation, { type: "typing" });
    case "tool_running":
      return applyToolRunning(conversation, event.tool_use_id, event.file_path ?? null);
    case "awaiting_approval":
      return withActivity(conversation, { type: "awaiting_approval" });
    case "busy":
      return withActivity(conversation, { type: "busy", retryInMs: event.retry_in_ms });
    case "recovering":
      return withActivity(conversation, { type: "recovering" });
    case "reconnecting":
      return withActivity(conversation, { type: "reconnecting" });
    case "step_reset":
      return withActivity(withoutStep(conversation), { type: "typing" });
    case "snapshot":
      return {
        ...replaceWithSnapshot(conversation, event.conversation),
        progress: { ...noProgress, isAfterSnapshot: true },
      };
    case "degraded":
    case "draining":
      return conversation;
  }
}

/**
 * A turn begins. Its message may be here already: written here, or loaded with the history. It then takes its place at
 * the end, without what the history had of its answer, which the events tell from the start.
 */
function applyStarted(
  conversation: Conversation,
  turnId: string,
  { id, text }: { id: string; text: string },
): Conversation {
  const { messages } = conversation;
  const index = findSaid(messages, id, text);
  const own = messages[index];
  const said: Message =
    own?.role === "user"
      ? { ...own, ...(own.id === id ? {} : { serverId: id }), text, delivery: "sent" }
      : { role: "user", id, text, createdAt: null, delivery: "sent" };
  const others = index === -1 ? messages : [...messages.slice(0, index), ...afterItsAnswer(messages, index)];
  return {
    ...conversation,
    messages: [...others, said],
    activeTurn: { id: turnId, cancelling: isStopping(conversation, turnId) },
    activity: { type: "typing" },
    error: null,
    lastEndReason: null,
    progress: noProgress,
  };
}

/** The person may stop a turn before its id is known. */
function isStopping({ activeTurn }: Conversation, turnId: string): boolean {
  return activeTurn?.cancelling === true && (activeTurn.id === null || activeTurn.id === turnId);
}

/** By id; a message believed lost that did arrive is found by what it says. */
function findSaid(messages: readonly Message[], id: string, text: string): number {
  const index = messages.findLastIndex((message) => message.role === "user" && (message.serverId ?? message.id) === id);
  if (index !== -1) return index;
  return messages.findIndex(
    (message) =>
      message.role === "user" &&
      message.serverId === undefined &&
      message.delivery === "failed" &&
      message.text === text,
  );
}

function afterItsAnswer(messages: readonly Message[], index: number): readonly Message[] {
  const next = messages.findIndex((message, position) => position > index && message.role === "user");
  return next === -1 ? [] : messages.slice(next);
}

function applyText(conversation: Conversation, event: TextEvent, id: string | null): Conversation | null {
  const { block, offset, text } = event;
  const typing = withActivity(conversation, { type: "typing" });
  const answer = findAnswer(typing);
  const partIndex = typing.progress.blocks.find((held) => held.block === block)?.partIndex;
  const part = partIndex === undefined ? undefined : answer?.parts[partIndex];
  if (answer !== null && partIndex !== undefined && part?.type === "text") {
    const grown = appendDelta(part, offset, text);
    return grown === null ? null : replacePart(typing, answer, partIndex, { ...part, ...grown });
  }
  const first = appendDelta({ text: "", bytes: 0 }, offset, text);
  if (first === null) return null;
  const position = answer?.parts.length ?? 0;
  const begun = addPart(typing, { type: "text", key: `text-${id ?? `${block}-${position}`}`, ...first });
  const blocks = [...begun.progress.blocks, { block, partIndex: position }];
  return { ...begun, progress: { ...begun.progress, blocks } };
}

function applyToolUse(conversation: Conversation, event: ToolUseEvent): Conversation {
  const { tool_use_id, name, title, input = null } = event;
  if (findCall(conversation, tool_use_id) === null)
    return addCall(conversation, { id: tool_use_id, name, title, input });
  return updateCall(conversation, tool_use_id, (call) => ({ ...call, name, title, input: input ?? call.input }));
}

function addCall(conversation: Conversation, call: Pick<ToolCall, "id" | "name" | "title" | "input">): Conversation {
  return addPart(conversation, {
    type: "tool_call",
    key: call.id,
    call: { ...call, state: { status: "preparing" }, output: [], result: [] },
  });
}

function applyToolRequest(conversation: Conversation, event: ToolRequestEvent): Conversation {
  const { tool_use_id: id, name, title, input } = event;
  const known = findCall(conversation, id) === null ? addCall(conversation, { id, name, title, input }) : conversation;
  if (isFinished(known, id)) return known;
  const asked = updateCall(known, id, (call) => ({ ...call, input, state: { status: "awaiting_approval" } }));
  return withActivity(
    { ...settleStep(asked), pendingApprovals: [...withoutApproval(asked, id).pendingApprovals, event] },
    { type: "awaiting_approval" },
  );
}

function applyToolRunning(conversation: Conversation, toolUseId: string, filePath: string | null): Conversation {
  if (isFinished(conversation, toolUseId)) return conversation;
  const running = withState(withoutApproval(conversation, toolUseId), toolUseId, { status: "running" });
  return withActivity(settleStep(running), { type: "tool_running", toolUseId, filePath });
}

function applyToolChunk(conversation: Conversation, event: ToolChunkEvent): Conversation | null {
  const { tool_use_id: id, channel, path } = event;
  const call = findCall(conversation, id);
  if (call === null || call.state.status === "finished") return conversation;
  const output = appendOutput(call.output, event);
  if (output === null) return null;
  const isRunning = channel !== "input";
  const state: ToolCallState = isRunning ? { status: "running" } : call.state;
  const updated = updateCall(conversation, id, (held) => ({ ...held, state, output }));
  if (!isRunning) return updated;
  const shown = channel === "file" ? (path ?? null) : filePathOf(conversation.activity, id);
  return withActivity(updated, { type: "tool_running", toolUseId: id, filePath: shown });
}

function appendOutput(
  output: readonly ToolOutputStream[],
  { channel, path, offset, chunk, progress, total }: ToolChunkEvent,
): readonly ToolOutputStream[] | null {
  const key = { channel, path: path ?? null };
  const index = output.findIndex((stream) => stream.channel === key.channel && stream.path === key.path);
  const held: ToolOutputStream = output[index] ?? { ...key, text: noText, bytes: 0, progress: null, total: null };
  const added = appendDelta({ text: "", bytes: held.bytes }, offset, chunk);
  if (added === null) return null;
  const stream: ToolOutputStream = {
    ...held,
    text: appendText(held.text, added.text),
    bytes: added.bytes,
    progress: progress ?? held.progress,
    total: total ?? held.total,
  };
  return index === -1 ? [...output, stream] : output.with(index, stream);
}

function applyToolResult(conversation: Conversation, event: ToolResultEvent): Conversation {
  const { tool_use_id: id, name, outcome, content, duration_ms: durationMs, truncated = false } = event;
  const call = findCall(conversation, id);
  // A call cut off while the model was writing it says nothing about its step being complete.
  const isCutOff = outcome === "cancelled" && call?.input === null;
  const known = call === null ? addCall(conversation, { id, name, title: name, input: null }) : conversation;
  const finished = updateCall(withoutApproval(known, id), id, (held) => ({
    ...held,
    state: { status: "finished", outcome, durationMs, truncated },
    result: content,
  }));
  return withActivity(isCutOff ? finished : settleStep(finished), activityAfter(finished, id));
}

/** A decision still to be made is what the turn waits for; else another tool that runs, else the model. */
function activityAfter({ pendingApprovals, activity }: Conversation, finishedId: string): Activity {
  if (pendingApprovals.length > 0) return { type: "awaiting_approval" };
  return activity?.type === "tool_running" && activity.toolUseId !== finishedId ? activity : { type: "typing" };
}

function applyDone(conversation: Conversation, { reason }: DoneEvent): Conversation {
  // Told while a turn was running, and no longer true.
  const isErrorOver = conversation.error?.code === "concurrent_request";
  return {
    ...closeAnswer(conversation, isCutShort(reason)),
    activeTurn: null,
    activity: null,
    pendingApprovals: [],
    error: isErrorOver ? null : conversation.error,
    lastEndReason: reason,
    progress: noProgress,
  };
}

function isCutShort(reason: TurnEndReason): boolean {
  switch (reason) {
    case "end_turn":
    case "max_steps":
    case "superseded":
      return false;
    case "max_tokens":
    case "cancelled":
    case "refusal":
    case "limit_exceeded":
    case "error":
      return true;
  }
}

function settleStep(conversation: Conversation): Conversation {
  const { progress } = conversation;
  return progress.isStepSettled ? conversation : { ...conversation, progress: { ...progress, isStepSettled: true } };
}

function withState(conversation: Conversation, toolUseId: string, state: ToolCallState): Conversation {
  return updateCall(conversation, toolUseId, (call) => ({ ...call, state }));
}

function withoutApproval(conversation: Conversation, toolUseId: string): Conversation {
  const pendingApprovals = conversation.pendingApprovals.filter((request) => request.tool_use_id !== toolUseId);
  return pendingApprovals.length === conversation.pendingApprovals.length
    ? conversation
    : { ...conversation, pendingApprovals };
}

function isFinished(conversation: Conversation, toolUseId: string): boolean {
  return findCall(conversation, toolUseId)?.state.status === "finished";
}

function filePathOf(activity: Activity | null, toolUseId: string): string | null {
  return activity?.type === "tool_running" && activity.toolUseId === toolUseId ? activity.filePath : null;
}

/** The same object when nothing changes, since text comes a thousand times while the model is typing. */
function withActivity(conversation: Conversation, activity: Activity): Conversation {
  return isSameActivity(conversation.activity, activity) ? conversation : { ...conversation, activity };
}

function isSameActivity(held: Activity | null, next: Activity): boolean {
  if (held?.type !== next.type) return false;
  if (held.type === "tool_running" && next.type === "tool_running") {
    return held.toolUseId === next.toolUseId && held.filePath === next.filePath;
  }
  return held.type !== "busy";
}
