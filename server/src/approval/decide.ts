import type { ApprovalDecision, ApprovalResponse } from "@chat-bot/widget/protocol";
import { ChatError } from "../errors.ts";
import { holdsPermission } from "../permission.ts";
import type { Identity } from "../store/identity.ts";
import type { Store } from "../store/store.ts";
import { advanceToolCall, type ToolCallRecord } from "../store/tool-call-record.ts";
import type { ToolRule } from "../tools/tool.ts";

/** A person's answer. */
export interface Decision {
  conversationId: string;
  toolUseId: string;
  approved: boolean;
  /** Hash of the input that was shown. */
  inputSha256: string | null;
  reason: string | null;
  /** Approve the same tool for the rest of the conversation. */
  remember: boolean;
}

/** What was recorded, and whose turn goes on with it. */
export interface Decided {
  turnId: string;
  response: ApprovalResponse;
}

/**
 * Records a decision. The first one wins: the same one again gets the recorded answer, the opposite one is refused.
 * @throws ChatError `not_found`, `forbidden`, `invalid_payload`, `input_changed`, `already_decided`, `approval_expired`,
 *   `approval_superseded`
 */
export async function decide(
  decision: Decision,
  identity: Identity,
  services: {
    store: Store;
    now: () => number;
    /** The rule by which this identity may run a tool; null: there is none. No tool server is waited for. */
    ruleOf: (tool: string) => ToolRule | null;
  },
): Promise<Decided> {
  const { store } = services;
  const conversation = await store.findConversation(identity.owner, decision.conversationId);
  const call = conversation === null ? null : await store.findToolCall(conversation.id, decision.toolUseId);
  if (call === null || call.approval === null) throw new ChatError("not_found");
  const { turnId } = call;
  checkPermission(identity, services.ruleOf(call.name));
  if (decision.remember) checkRemember(call, decision.approved);
  if (decision.inputSha256 !== null && decision.inputSha256 !== call.inputSha256) throw new ChatError("input_changed");

  if (call.state.status === "pending") {
    const nowMs = services.now();
    if (Date.parse(call.approval.expiresAt) <= nowMs) throw new ChatError("approval_expired");
    const decided = decidedCall(call, decision, new Date(nowMs).toISOString());
    // The token of this request is the newest: what the call may do from now on is what it allows.
    if (await store.decide({ call: decided, identity, remembered: decision.remember })) {
      return { turnId, response: recordedDecision(decided, decision.approved) };
    }
  }
  const current = await store.findToolCall(call.conversationId, call.toolUseId);
  if (current === null) throw new ChatError("not_found");
  return { turnId, response: recordedDecision(current, decision.approved) };
}

function checkRemember(call: ToolCallRecord, approved: boolean): void {
  const isOffered = call.approval?.remember.includes("conversation") === true;
  if (isOffered && approved) return;
  const message = isOffered ? "Only an approval can be remembered." : "This tool can be approved once at a time only.";
  throw new ChatError("invalid_payload", { details: { issues: [{ path: "remember", message }] } });
}

function decidedCall(call: ToolCallRecord, decision: Decision, decidedAt: string): ToolCallRecord {
  const { approval } = call;
  if (approval === null) throw new ChatError("not_found");
  return {
    ...advanceToolCall(call, { status: decision.approved ? "approved" : "denied" }),
    approval: { ...approval, decision: { decision: verdict(decision.approved), decidedAt, reason: decision.reason } },
  };
}

/** The answer that stands. @throws ChatError when it is another one, or when there will be none any more. */
function recordedDecision(call: ToolCallRecord, approved: boolean): ApprovalResponse {
  const recorded = call.approval?.decision ?? null;
  if (recorded === null) {
    const isExpired = call.state.status === "finished" && call.state.outcome === "expired";
    throw new ChatError(isExpired ? "approval_expired" : "approval_superseded");
  }
  if (recorded.decision !== verdict(approved)) {
    throw new ChatError("already_decided", { details: { decision: recorded.decision } });
  }
  return { tool_use_id: call.toolUseId, decision: recorded.decision, decided_at: recorded.decidedAt };
}

/** Whoever may not run the tool may not decide about it. What it would do by now is looked at when it is to run. */
function checkPermission(identity: Identity, rule: ToolRule | null): void {
  if (rule === null) throw new ChatError("forbidden");
  const missing = rule.permissions.find((permission) => !holdsPermission(identity.permissions, permission));
  if (missing !== undefined) throw new ChatError("forbidden", { details: { permission: missing } });
}

function verdict(approved: boolean): ApprovalDecision {
  return approved ? "approved" : "denied";
}
