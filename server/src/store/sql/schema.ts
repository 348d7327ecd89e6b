import type { LimitType, ServerEventType } from "@chat-bot/widget/protocol";

/** The tables. Times are ISO 8601 text, records JSON text; what is searched for has a column of its own. */
export interface Schema {
  conversations: {
    id: string;
    issuer: string;
    organization: string;
    user: string;
    title: string;
    model: string;
    epoch: string;
    last_seq: number;
    tools: string;
    created_at: string;
    updated_at: string;
  };
  turns: {
    id: string;
    conversation_id: string;
    issuer: string;
    organization: string;
    user: string;
    status: "running" | "awaiting_approval" | "done";
    reason: string | null;
    /** Grows with each owner. */
    fence: number;
    /** Milliseconds since the epoch; past it the owner is dead. */
    lease_expires_at_ms: number;
    /** 1: its user has asked to stop it. */
    cancel_requested: number;
    record: string;
    created_at: string;
  };
  /** Which turn of a user runs: at most one, whatever locks are lost elsewhere. */
  running_turns: {
    issuer: string;
    organization: string;
    user: string;
    turn_id: string;
  };
  idempotency_keys: {
    issuer: string;
    organization: string;
    user: string;
    key: string;
    body_sha256: string;
    turn_id: string;
    created_at: string;
  };
  messages: {
    id: string;
    conversation_id: string;
    turn_id: string;
    position: number;
    role: "user" | "assistant";
    content: string;
    page: string | null;
    stopped: number;
    created_at: string;
  };
  tool_calls: {
    conversation_id: string;
    tool_use_id: string;
    turn_id: string;
    step: number;
    ordinal: number;
    status: string;
    expires_at: string | null;
    record: string;
  };
  remembered_approvals: {
    conversation_id: string;
    name: string;
    title: string;
    fingerprint: string;
    decided_at: string;
  };
  events: {
    conversation_id: string;
    seq: number;
    turn_id: string;
    type: ServerEventType;
    data: string;
    created_at: string;
  };
  usage_daily: {
    day: string;
    scope: LimitType;
    scope_id: string;
    used: number;
  };
  reservations: {
    id: string;
    turn_id: string;
    day: string;
    tokens: number;
    input_tokens: number | null;
    estimated_input_tokens: number;
    streamed_bytes: number;
    created_at: string;
  };
  reservation_scopes: {
    reservation_id: string;
    day: string;
    scope: LimitType;
    scope_id: string;
    tokens: number;
  };
  /** What happened: rows are only ever added. See audit/audit-chain.ts. */
  audit_entries: {
    chain: number;
    position: number;
    recorded_at: string;
    kind: string;
    user_key: string | null;
    organization_key: string | null;
    conversation_id: string | null;
    turn_id: string | null;
    tool_use_id: string | null;
    details: string;
    key_id: string | null;
    previous_hash: string;
    hash: string;
  };
  audit_chains: {
    chain: number;
    count: number;
    hash: string;
    key_id: string | null;
    seal: string;
  };
}
