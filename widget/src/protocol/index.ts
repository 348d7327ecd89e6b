/** The wire contract between the element and its server: types only. */
export type {
  ActiveTurn,
  ApprovalResponse,
  ApprovalRule,
  ConversationList,
  ConversationSnapshot,
  HistoryMessage,
  MessageContentBlock,
  RememberedApprovalList,
  SessionResponse,
  UsageResponse,
  UsageTotals,
} from "./api-response.ts";
export type { ApprovalRequest, CancelRequest, MessageRequest, PageContext } from "./client-request.ts";
export type { RememberScope, ToolAnnotations, ToolContentBlock, ToolInput, ToolOutcome } from "./content-block.ts";
export type {
  ApprovalDecision,
  ErrorBody,
  ErrorCode,
  LimitType,
  ProviderErrorCode,
  RequestErrorCode,
} from "./error-code.ts";
export type {
  DoneEvent,
  ErrorEvent,
  ServerEvent,
  ServerEventType,
  SessionCreatedEvent,
  StatusUpdateEvent,
  TextEvent,
  ToolChunkChannel,
  ToolChunkEvent,
  ToolResultEvent,
  ToolUseEvent,
  TurnEndReason,
  UsageEvent,
} from "./server-event.ts";
export type { ToolRequestEvent } from "./tool-request.ts";
