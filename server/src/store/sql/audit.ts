import type { Kysely, Selectable } from "kysely";
import {
  type AuditHead,
  type AuditRow,
  CHECKPOINT_CHAIN,
  chainOf,
  extendChain,
  FACT_CHAINS,
} from "../../audit/audit-chain.ts";
import { type AuditFact, type AuditSubject, NOBODY } from "../../audit/audit-fact.ts";
import type { AuditKeys } from "../../audit/audit-keys.ts";
import { checkpointName } from "../../audit/verify-audit.ts";
import { canonicalJson } from "../../canonical-json.ts";
import { type Owner, ownerKey } from "../identity.ts";
import type { Reader, Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { inTransaction } from "./transaction.ts";

/** Whose doing it is, and where. */
export interface AuditedPlace {
  owner: Owner;
  conversationId: string | null;
  turnId: string | null;
}

/** Adds facts to the trail, in the transaction that makes them true. Nobody else adds to the same chain before it ends. */
export async function appendAudit(
  tx: Tx,
  keys: AuditKeys,
  { owner, conversationId, turnId }: AuditedPlace,
  facts: readonly AuditFact[],
): Promise<void> {
  const subject = {
    userKey: keys.pseudonym(owner.issuer, owner.organization, owner.user),
    organizationKey: keys.pseudonym(owner.issuer, owner.organization),
    conversationId,
    turnId,
  };
  await extend(tx, keys, chainOf(ownerKey(owner)), subject, () => Promise.resolve(facts));
}

/**
 * Puts down where all chains stand, if they have moved since the last time. Resolves with the newest checkpoint, which
 * covers all that was there before; null: nothing has happened yet.
 */
export function writeCheckpoint(database: Kysely<Schema>, keys: AuditKeys): Promise<string | null> {
  return inTransaction(database, async (tx) => {
    const head = await extend(tx, keys, CHECKPOINT_CHAIN, NOBODY, async () => {
      const rows = await tx.selectFrom("audit_chains").selectAll().orderBy("chain").execute();
      const heads = rows.slice(0, FACT_CHAINS).map(({ count, hash }): [number, string] => [count, hash]);
      const fact: AuditFact = { kind: "checkpoint", heads };
      const last = await lastRow(tx, CHECKPOINT_CHAIN);
      const isSame = last !== undefined && sameHeads(last.details, heads);
      return isSame || heads.every(([count]) => count === 0) ? [] : [fact];
    });
    return head.count === 0 ? null : checkpointName({ position: head.count, hash: head.hash });
  });
}

/** Signs the end of every chain with the current key: from then on nobody without it can have written any of them. */
export async function sealChains(database: Kysely<Schema>, keys: AuditKeys): Promise<void> {
  if (keys.currentId === null) return;
  for (let chain = 0; chain <= CHECKPOINT_CHAIN; chain += 1) {
    await inTransaction(database, (tx) =>
      extend(tx, keys, chain, NOBODY, ({ keyId }) =>
        Promise.resolve(keyId === keys.currentId ? [] : [{ kind: "key_changed" }]),
      ),
    );
  }
}

/** Takes the head of a chain, adds what `factsAfter` makes of it, and leaves the new head. */
async function extend(
  tx: Tx,
  keys: AuditKeys,
  chain: number,
  subject: AuditSubject,
  factsAfter: (head: AuditHead) => Promise<readonly AuditFact[]>,
): Promise<AuditHead> {
  // `select … for update` is PostgreSQL's alone.
  const locked = await tx
    .updateTable("audit_chains")
    .set({ chain })
    .where("chain", "=", chain)
    .returningAll()
    .executeTakeFirstOrThrow(() => new Error(`the audit trail has lost the head of chain ${chain}`));
  const before = readHead(locked);
  const facts = await factsAfter(before);
  if (facts.length === 0) return before;
  const { rows, head } = extendChain(before, subject, facts, { keys, recordedAt: new Date().toISOString() });
  await tx.insertInto("audit_entries").values(rows.map(rowColumns)).execute();
  const { count, hash, keyId, seal } = head;
  await tx.updateTable("audit_chains").set({ count, hash, key_id: keyId, seal }).where("chain", "=", chain).execute();
  return head;
}

function lastRow(reader: Reader, chain: number): Promise<{ details: string } | undefined> {
  return reader
    .selectFrom("audit_entries")
    .select("details")
    .where("chain", "=", chain)
    .where("kind", "=", "checkpoint")
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
}

function sameHeads(details: string, heads: readonly (readonly [number, string])[]): boolean {
  return details === canonicalJson({ heads });
}

/** A row as the trail knows it. */
export function readAuditRow(row: Selectable<Schema["audit_entries"]>): AuditRow {
  return {
    chain: row.chain,
    position: row.position,
    recordedAt: row.recorded_at,
    kind: row.kind,
    userKey: row.user_key,
    organizationKey: row.organization_key,
    conversationId: row.conversation_id,
    turnId: row.turn_id,
    toolUseId: row.tool_use_id,
    details: row.details,
    keyId: row.key_id,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

function rowColumns(row: AuditRow): Schema["audit_entries"] {
  return {
    chain: row.chain,
    position: row.position,
    recorded_at: row.recordedAt,
    kind: row.kind,
    user_key: row.userKey,
    organization_key: row.organizationKey,
    conversation_id: row.conversationId,
    turn_id: row.turnId,
    tool_use_id: row.toolUseId,
    details: row.details,
    key_id: row.keyId,
    previous_hash: row.previousHash,
    hash: row.hash,
  };
}

/** A head as the trail knows it. */
export function readHead(row: Selectable<Schema["audit_chains"]>): AuditHead {
  return { chain: row.chain, count: row.count, hash: row.hash, keyId: row.key_id, seal: row.seal };
}
