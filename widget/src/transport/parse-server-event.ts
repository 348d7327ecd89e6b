/**
 * The door through which the server's data enters: what is malformed or unknown stays outside, so that nothing behind
 * it has to doubt a type. Lists of blocks lose the blocks this version does not know; everything else is all or nothing.
 */
import type {
  ActiveTurn,
  ConversationSnapshot,
  DoneEvent,
  ErrorEvent,
  HistoryMessage,
  MessageContentBlock,
  RememberScope,
  ServerEvent,
  SessionCreatedEvent,
  StatusUpdateEvent,
  TextEvent,
  ToolAnnotations,
  ToolChunkChannel,
  ToolChunkEvent,
  ToolContentBlock,
  ToolOutcome,
  ToolRequestEvent,
  ToolResultEvent,
  ToolUseEvent,
  TurnEndReason,
  UsageEvent,
} from "../protocol/index.ts";
import { toErrorCode } from "./error-codes.ts";
import {
  type Guard,
  hasShape,
  isBoolean,
  isCount,
  isListOf,
  isNullOr,
  isNumber,
  isOneOf,
  isRecord,
  isString,
  optional,
} from "./shape.ts";

type State<Name extends StatusUpdateEvent["state"]> = Extract<StatusUpdateEvent, { state: Name }>;
type Block<Type extends ToolContentBlock["type"]> = Extract<ToolContentBlock, { type: Type }>;
type HistoryBlock<Type extends MessageContentBlock["type"]> = Extract<MessageContentBlock, { type: Type }>;

const isOutcome: Guard<ToolOutcome> = isOneOf("ok", "error", "denied", "expired", "superseded", "cancelled", "unknown");
const isChannel: Guard<ToolChunkChannel> = isOneOf("input", "output", "file", "progress");
const isRememberScope: Guard<RememberScope> = isOneOf("once", "conversation");
const isEndReason: Guard<TurnEndReason> = isOneOf(
  "end_turn",
  "max_tokens",
  "max_steps",
  "cancelled",
  "superseded",
  "refusal",
  "limit_exceeded",
  "error",
);

const isAnnotations = hasShape<ToolAnnotations>({
  title: optional(isString),
  readOnlyHint: optional(isBoolean),
  destructiveHint: optional(isBoolean),
  idempotentHint: optional(isBoolean),
  openWorldHint: optional(isBoolean),
});

const TOOL_CONTENT_GUARDS: { [Type in ToolContentBlock["type"]]: Guard<Block<Type>> } = {
  text: hasShape<Block<"text">>({ type: isOneOf("text"), text: isString }),
  image: hasShape<Block<"image">>({ type: isOneOf("image"), data: isString, mimeType: isString }),
  audio: hasShape<Block<"audio">>({ type: isOneOf("audio"), data: isString, mimeType: isString }),
  resource_link: hasShape<Block<"resource_link">>({
    type: isOneOf("resource_link"),
    uri: isString,
    name: isString,
    title: optional(isString),
    description: optional(isString),
    mimeType: optional(isString),
  }),
  resource: hasShape<Block<"resource">>({
    type: isOneOf("resource"),
    resource: hasShape<Block<"resource">["resource"]>({
      uri: isString,
      mimeType: optional(isString),
      text: optional(isString),
      blob: optional(isString),
    }),
  }),
};

const toolContentGuards: readonly Guard<ToolContentBlock>[] = Object.values(TOOL_CONTENT_GUARDS);

function isToolContent(value: unknown): value is ToolContentBlock {
  return toolContentGuards.some((guard) => guard(value));
}

const isSessionCreated = hasShape<SessionCreatedEvent>({
  type: isOneOf("session_created"),
  conversation_id: isString,
  model: isString,
  protocol: isOneOf(1),
});

const isText = hasShape<TextEvent>({ type: isOneOf("text"), block: isCount, offset: isCount, text: isString });

const isToolUse = hasShape<ToolUseEvent>({
  type: isOneOf("tool_use"),
  tool_use_id: isString,
  name: isString,
  title: isString,
  server: isString,
  input: optional(isRecord),
});

const isToolRequest = hasShape<ToolRequestEvent>({
  type: isOneOf("tool_request"),
  tool_use_id: isString,
  name: isString,
  title: isString,
  description: isString,
  input: isRecord,
  input_sha256: isString,
  annotations: isAnnotations,
  expires_at: isString,
  remember: isListOf(isRememberScope),
});

const isToolChunk = hasShape<ToolChunkEvent>({
  type: isOneOf("tool_chunk"),
  tool_use_id: isString,
  channel: isChannel,
  offset: isCount,
  chunk: isString,
  path: optional(isString),
  progress: optional(isNumber),
  total: optional(isNumber),
});

const isToolResult = hasShape<ToolResultEvent>({
  type: isOneOf("tool_result"),
  tool_use_id: isString,
  name: isString,
  outcome: isOutcome,
  content: isListOf(isToolContent),
  structured_content: optional(isRecord),
  duration_ms: isNumber,
  truncated: optional(isBoolean),
});

const isUsage = hasShape<UsageEvent>({
  type: isOneOf("usage"),
  step: isCount,
  input_tokens: isCount,
  output_tokens: isCount,
  cache_read_input_tokens: isCount,
  cache_creation_input_tokens: isCount,
  estimated: optional(isBoolean),
  remaining: hasShape<UsageEvent["remaining"]>({ user: isNumber, organization: isNumber }),
});

/** An error whose code is not known yet; see `parseServerEvent`. */
const isError = hasShape<Omit<ErrorEvent, "error"> & { error: string }>({
  type: isOneOf("error"),
  error: isString,
  message: isString,
  retryable: isBoolean,
  retry_after_ms: optional(isCount),
  request_id: isString,
});

const isDone = hasShape<DoneEvent>({ type: isOneOf("done"), turn_id: isString, reason: isEndReason });

/** States without details, and guards for those that have some. `snapshot` has its own reader. */
const STATE_GUARDS: { [Name in Exclude<StatusUpdateEvent["state"], "snapshot">]: Guard<State<Name>> } = {
  started: hasShape<State<"started">>({
    type: isOneOf("status_update"),
    state: isOneOf("started"),
    turn_id: isString,
    message: hasShape<State<"started">["message"]>({ id: isString, text: isString }),
  }),
  ai_typing: hasState("ai_typing"),
  tool_running: hasShape<State<"tool_running">>({
    type: isOneOf("status_update"),
    state: isOneOf("tool_running"),
    tool_use_id: isString,
    file_path: optional(isString),
  }),
  awaiting_approval: hasState("awaiting_approval"),
  busy: hasShape<State<"busy">>({ type: isOneOf("status_update"), state: isOneOf("busy"), retry_in_ms: isNumber }),
  recovering: hasState("recovering"),
  step_reset: hasState("step_reset"),
  reconnecting: hasState("reconnecting"),
  degraded: hasState("degraded"),
  draining: hasState("draining"),
};

const stateGuards: ReadonlyMap<string, Guard<StatusUpdateEvent>> = new Map(Object.entries(STATE_GUARDS));

type PlainState =
  | "ai_typing"
  | "awaiting_approval"
  | "recovering"
  | "step_reset"
  | "reconnecting"
  | "degraded"
  | "draining";

function hasState<Name extends PlainState>(name: Name): Guard<{ type: "status_update"; state: Name }> {
  return (value): value is { type: "status_update"; state: Name } =>
    isRecord(value) && value["type"] === "status_update" && value["state"] === name;
}

const isActiveTurn = hasShape<ActiveTurn>({ turn_id: isString, state: isOneOf("running", "awaiting_approval") });

/** A message whose blocks are still unchecked. */
const isMessageEnvelope = hasShape<Omit<HistoryMessage, "content"> & { content: unknown[] }>({
  id: isString,
  role: isOneOf("user", "assistant"),
  created_at: isString,
  content: isListOf((value): value is unknown => value !== undefined),
  stopped: optional(isBoolean),
});

const isHistoryText = hasShape<HistoryBlock<"text">>({ type: isOneOf("text"), text: isString });

const isHistoryToolUse = hasShape<Omit<HistoryBlock<"tool_use">, "result"> & { result?: unknown[] }>({
  type: isOneOf("tool_use"),
  tool_use_id: isString,
  name: isString,
  title: isString,
  input: isRecord,
  outcome: optional(isOutcome),
  result: optional(isListOf((value): value is unknown => value !== undefined)),
});

const isSnapshotEnvelope = hasShape<
  Omit<ConversationSnapshot, "messages" | "pending_approvals"> & { messages: unknown[]; pending_approvals: unknown[] }
>({
  id: isString,
  messages: isListOf((value): value is unknown => value !== undefined),
  active_turn: isNullOr(isActiveTurn),
  pending_approvals: isListOf((value): value is unknown => value !== undefined),
  last_event_id: isString,
});

/** The event, or null when it is malformed or of a kind or state this version does not know. */
export function parseServerEvent(name: string, data: string): ServerEvent | null {
  const value = parseJson(data);
  if (!isRecord(value) || value["type"] !== name) return null;
  switch (name) {
    case "session_created":
      return isSessionCreated(value) ? value : null;
    case "status_update":
      return parseStatusUpdate(value);
    case "text":
      return isText(value) ? value : null;
    case "tool_use":
      return isToolUse(value) ? value : null;
    case "tool_request":
      return isToolRequest(value) ? value : null;
    case "tool_chunk":
      return isToolChunk(value) ? value : null;
    case "tool_result":
      return parseToolResult(value);
    case "usage":
      return isUsage(value) ? value : null;
    case "error":
      return isError(value) ? { ...value, error: toErrorCode(value.error) } : null;
    case "done":
      return isDone(value) ? value : null;
    default:
      return null;
  }
}

/** The conversation, or null when it is malformed. Messages and requests that are malformed are left out. */
export function parseSnapshot(value: unknown): ConversationSnapshot | null {
  if (!isSnapshotEnvelope(value)) return null;
  return {
    id: value.id,
    messages: value.messages.flatMap(parseHistoryMessage),
    active_turn: value.active_turn,
    pending_approvals: value.pending_approvals.filter(isToolRequest),
    last_event_id: value.last_event_id,
  };
}

function parseStatusUpdate(value: Record<string, unknown>): StatusUpdateEvent | null {
  const state = value["state"];
  if (state === "snapshot") {
    const conversation = parseSnapshot(value["conversation"]);
    return conversation === null ? null : { type: "status_update", state, conversation };
  }
  const guard = isString(state) ? stateGuards.get(state) : undefined;
  return guard?.(value) ? value : null;
}

function parseToolResult(value: Record<string, unknown>): ToolResultEvent | null {
  const content = value["content"];
  const known = Array.isArray(content) ? { ...value, content: content.filter(isToolContent) } : value;
  return isToolResult(known) ? known : null;
}

function parseHistoryMessage(value: unknown): HistoryMessage[] {
  return isMessageEnvelope(value) ? [{ ...value, content: value.content.flatMap(parseHistoryBlock) }] : [];
}

function parseHistoryBlock(value: unknown): MessageContentBlock[] {
  if (isHistoryText(value)) return [value];
  if (!isHistoryToolUse(value)) return [];
  const { result, ...block } = value;
  return [result === undefined ? block : { ...block, result: result.filter(isToolContent) }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
