import type { AuditedCall, AuditFact, DecidedBy } from "../audit/audit-fact.ts";
import type { ToolCallChange } from "./store.ts";
import type { ToolCallRecord } from "./tool-call-record.ts";

/** What the audit trail tells of a tool call's new state: the ledger itself says it, so nobody can forget to. */
export function factsOfChange({ from, call, clearance }: ToolCallChange, remember = false): AuditFact[] {
  const { state } = call;
  const audited = auditedCall(call);
  const decided = (decision: "approved" | "denied", by: DecidedBy, decidedAt: string): AuditFact => ({
    kind: "approval_decided",
    call: audited,
    decision,
    by,
    decidedAt,
    remember,
  });
  switch (state.status) {
    case "proposed":
      return [];
    case "pending":
      return [{ kind: "approval_asked", call: audited, expiresAt: call.approval?.expiresAt ?? "" }];
    case "approved":
    case "denied":
      return [decided(state.status, "person", call.approval?.decision?.decidedAt ?? "")];
    case "dispatched": {
      const cleared = clearance === "remembered" ? [decided("approved", "remembered", state.dispatchedAt)] : [];
      return [...cleared, { kind: "tool_dispatched", call: audited, attempt: state.attempt }];
    }
    case "finished": {
      const { outcome } = state;
      const wasAsked = from === "pending" && outcome !== "ok" && outcome !== "denied";
      const unanswered = wasAsked ? [decided("denied", outcome, state.finishedAt)] : [];
      return [...unanswered, { kind: "tool_finished", call: audited, outcome }];
    }
  }
}

function auditedCall(call: ToolCallRecord): AuditedCall {
  // A name that was not offered is the model's invention, and may be anybody's words.
  const wasOffered = call.fingerprint !== null;
  return {
    toolUseId: call.toolUseId,
    tool: wasOffered ? call.name : null,
    server: wasOffered ? call.server : null,
    definitionSha256: call.fingerprint,
    inputSha256: call.inputSha256,
  };
}
