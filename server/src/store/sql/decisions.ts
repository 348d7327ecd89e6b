import type { AuditKeys } from "../../audit/audit-keys.ts";
import { factsOfChange } from "../audit-facts.ts";
import type { DecisionRecord, RememberedApproval } from "../store.ts";
import type { TurnRecord } from "../turn-record.ts";
import { appendAudit } from "./audit.ts";
import { readConversation } from "./conversations.ts";
import type { Reader, Tx } from "./reader.ts";
import { updateToolCall } from "./tool-calls.ts";
import { lockTurn, readTurn } from "./turns.ts";

/** See `Store.decide`. */
export async function recordDecision(tx: Tx, decision: DecisionRecord, keys: AuditKeys): Promise<boolean> {
  const { call, identity } = decision;
  const row = await lockTurn(tx, call.turnId);
  if (row === undefined) return false;
  const change = { from: "pending", call } as const;
  const { numUpdatedRows } = await updateToolCall(tx, change);
  if (numUpdatedRows === 0n) return false;
  // Only the identity: everything else belongs to the turn's owner.
  const record: TurnRecord = { ...readTurn(row), identity };
  await tx
    .updateTable("turns")
    .set({ record: JSON.stringify(record) })
    .where("id", "=", call.turnId)
    .execute();
  if (decision.remembered) await remember(tx, decision);
  const place = { owner: identity.owner, conversationId: call.conversationId, turnId: call.turnId };
  await appendAudit(tx, keys, place, factsOfChange(change, decision.remembered));
  return true;
}

async function remember(tx: Tx, { call }: DecisionRecord): Promise<void> {
  const fingerprint = call.fingerprint ?? "";
  const decidedAt = call.approval?.decision?.decidedAt ?? "";
  const approval = { title: call.title, fingerprint, decided_at: decidedAt };
  await tx
    .insertInto("remembered_approvals")
    .values({ conversation_id: call.conversationId, name: call.name, ...approval })
    .onConflict((conflict) => conflict.columns(["conversation_id", "name"]).doUpdateSet(approval))
    .execute();
}

/** See `Store.listRememberedApprovals`. */
export async function listRememberedApprovals(
  reader: Reader,
  conversationId: string,
): Promise<readonly RememberedApproval[]> {
  return reader
    .selectFrom("remembered_approvals")
    .select(["name", "title", "fingerprint", "decided_at as decidedAt"])
    .where("conversation_id", "=", conversationId)
    .orderBy("name")
    .execute();
}

/** See `Store.forgetApproval`. */
export async function forgetApproval(tx: Tx, conversationId: string, name: string, keys: AuditKeys): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("remembered_approvals")
    .where("conversation_id", "=", conversationId)
    .where("name", "=", name)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  const conversation = await tx
    .selectFrom("conversations")
    .selectAll()
    .where("id", "=", conversationId)
    .executeTakeFirstOrThrow();
  const { owner } = readConversation(conversation);
  await appendAudit(tx, keys, { owner, conversationId, turnId: null }, [{ kind: "approval_forgotten", tool: name }]);
  return true;
}
