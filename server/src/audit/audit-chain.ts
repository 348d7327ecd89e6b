// The trail is kept in chains: each row holds the hash of the one before it, so that none can be changed, removed, added or
// moved without all that follow. One chain would make all writers wait for each other; with some, each user's rows stand in
// one of them, in order. The last chain holds checkpoints: where all others stood, under one hash that can be kept elsewhere.

import { canonicalJson } from "../canonical-json.ts";
import type { AuditFact, AuditSubject } from "./audit-fact.ts";
import type { AuditKeys } from "./audit-keys.ts";

/** How many chains hold what happened. */
export const FACT_CHAINS = 16;
/** Number of the chain that holds checkpoints: the one after those. */
export const CHECKPOINT_CHAIN = 16;
/** What the first row of a chain has before it. */
export const NO_HASH: string = "0".repeat(64);

/** The number of the chain that tells of this user, by a hash of them. */
export function chainOf(ownerKey: string): number {
  return Number.parseInt(ownerKey.slice(0, 8), 16) % FACT_CHAINS;
}

/** A row of the trail. */
export interface AuditRow {
  chain: number;
  /** From 1, without gaps. */
  position: number;
  /** ISO 8601. */
  recordedAt: string;
  kind: string;
  userKey: string | null;
  organizationKey: string | null;
  conversationId: string | null;
  turnId: string | null;
  toolUseId: string | null;
  /** JSON: whatever else the fact says. */
  details: string;
  /** Name of the key that it is signed with; null: none. */
  keyId: string | null;
  previousHash: string;
  hash: string;
}

/** The end of a chain. */
export interface AuditHead {
  chain: number;
  /** Rows in the chain. */
  count: number;
  /** Of the last row. */
  hash: string;
  keyId: string | null;
  /** Over all of the above: with a key, an older head cannot be made up. */
  seal: string;
}

/** The rows that come next in a chain, and its head then. */
export function extendChain(
  head: Pick<AuditHead, "chain" | "count" | "hash">,
  subject: AuditSubject,
  facts: readonly AuditFact[],
  { keys, recordedAt }: { keys: AuditKeys; recordedAt: string },
): { rows: AuditRow[]; head: AuditHead } {
  let { count, hash } = head;
  const rows = facts.map((fact): AuditRow => {
    const unsigned = {
      chain: head.chain,
      position: count + 1,
      recordedAt,
      ...subject,
      ...factColumns(fact),
      keyId: keys.currentId,
      previousHash: hash,
    };
    const row = { ...unsigned, hash: rowHash(unsigned, keys) ?? "" };
    ({ position: count, hash } = row);
    return row;
  });
  const next = { chain: head.chain, count, hash, keyId: keys.currentId };
  return { rows, head: { ...next, seal: headSeal(next, keys) ?? "" } };
}

/** What a row's hash has to be; null when it cannot be told without its key. */
export function rowHash(row: Omit<AuditRow, "hash"> & { hash?: string }, keys: AuditKeys): string | null {
  const { hash: _, ...signed } = row;
  return keys.digest(row.keyId, "row", canonicalJson(signed));
}

/** What a head's seal has to be; null when it cannot be told without its key. */
export function headSeal(head: Omit<AuditHead, "seal"> & { seal?: string }, keys: AuditKeys): string | null {
  const { seal: _, ...signed } = head;
  return keys.digest(head.keyId, "head", canonicalJson(signed));
}

function factColumns(fact: AuditFact): Pick<AuditRow, "kind" | "toolUseId" | "details"> {
  if (!("call" in fact)) {
    const { kind, ...details } = fact;
    return { kind, toolUseId: null, details: canonicalJson(details) };
  }
  const { kind, call, ...more } = fact;
  const { toolUseId, ...details } = call;
  return { kind, toolUseId, details: canonicalJson({ ...details, ...more }) };
}
