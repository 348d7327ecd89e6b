import type { ToolContentBlock, ToolInput, ToolOutcome } from "./content-block.ts";
import type { ApprovalDecision } from "./error-code.ts";
import type { ToolRequestEvent } from "./tool-request.ts";

/** One block of a message in a conversation's history. */
export type MessageContentBlock =
  | { type: "text"; text: string }
  | {
      type: "tool_use";
      tool_use_id: string;
      name: string;
      title: string;
      input: ToolInput;
      outcome?: ToolOutcome;
      result?: ToolContentBlock[];
    };

/** One message of a conversation's history. Times are ISO 8601 in UTC. */
export interface HistoryMessage {
  id: string;
  role: "user" | "assistant";
  created_at: string;
  content: MessageContentBlock[];
  /** The answer was cut off: by the user, a limit or a fault. */
  stopped?: boolean;
}

/** What a turn in progress is doing. */
export interface ActiveTurn {
  turn_id: string;
  state: "running" | "awaiting_approval";
}

/** Answer of `GET /conversations/:id`: all a page load needs. */
export interface ConversationSnapshot {
  id: string;
  messages: HistoryMessage[];
  active_turn: ActiveTurn | null;
  pending_approvals: ToolRequestEvent[];
  /** Last event before the turn in progress: reading on from here completes the page. */
  last_event_id: string;
}

/** Answer of `GET /conversations`. */
export interface ConversationList {
  conversations: { id: string; title: string; updated_at: string }[];
  next_cursor: string | null;
}

/** Answer of `GET /conversations/:id/approvals`: the tools that a person approved for the rest of the conversation. */
export interface RememberedApprovalList {
  approvals: { name: string; title: string; decided_at: string }[];
}

/** Answer of `POST /approval`. */
export interface ApprovalResponse {
  tool_use_id: string;
  decision: ApprovalDecision;
  decided_at: string;
}

/** Daily tokens of one user, organization or of all together. */
export interface UsageTotals {
  used: number;
  reserved: number;
  limit: number;
  resets_at: string;
}

/** Answer of `GET /usage`. `global` only for holders of `chatbot:admin`. */
export interface UsageResponse {
  user: UsageTotals;
  organization: UsageTotals;
  global?: UsageTotals;
}

/** When a person is asked before a tool runs. */
export type ApprovalRule = "always" | "never" | "auto";

/** Answer of `GET /session`: who the user is here and what the assistant may do for them. */
export interface SessionResponse {
  user: { id: string; name?: string };
  organization: { id: string };
  permissions: string[];
  tools: { name: string; title: string; description: string; approval: ApprovalRule }[];
  limits: UsageResponse;
  model: string;
  features: Record<string, never>;
}
