import type { Kysely } from "kysely";
import type { AuditRow } from "../src/audit/audit-chain.ts";
import { AuditKeys } from "../src/audit/audit-keys.ts";
import { verifyAudit } from "../src/audit/verify-audit.ts";
import { readAuditRow } from "../src/store/sql/audit.ts";
import { openPostgres } from "../src/store/sql/open-postgres.ts";
import { createAuditReader } from "../src/store/sql/open-records.ts";
import { openSqlite } from "../src/store/sql/open-sqlite.ts";
import type { Schema } from "../src/store/sql/schema.ts";
import { inSnapshot } from "../src/store/sql/transaction.ts";
import type { ToolCallRecord } from "../src/store/tool-call-record.ts";
import type { TurnRecord } from "../src/store/turn-record.ts";

/** What was found when a trail was held against the ledger. */
export interface CheckedAudit {
  /** Whatever does not hold. */
  faults: string[];
  rows: number;
  decisions: number;
  dispatches: number;
}

/** What is in a database of its own, read beside its processes. */
interface Kept {
  turns: TurnRecord[];
  calls: ToolCallRecord[];
  /** By conversation and call: how often its readers were told that it runs. */
  runs: Map<string, number>;
  rows: AuditRow[];
}

/** Does the same with the database that a URL names. */
export async function checkAuditAt(url: string): Promise<CheckedAudit> {
  const database = url.startsWith("file:")
    ? openSqlite(url.slice("file:".length))
    : openPostgres(url, { limits: "unbounded", onLost: () => undefined });
  try {
    return await checkAudit(database);
  } finally {
    await database.destroy();
  }
}

/**
 * Holds the audit trail against the ledger, the turns and the event log: each question, each decision, each dispatch and
 * each outcome has one row, with the hashes of the ledger, and of what is still stored there are no other rows.
 */
export async function checkAudit(database: Kysely<Schema>): Promise<CheckedAudit> {
  const report = await verifyAudit(createAuditReader(database), new AuditKeys(), null);
  const kept = await inSnapshot(database, readKept);
  const faults = report.faults.map(({ chain, position, what }) => `audit chain ${chain}, row ${position}: ${what}`);
  const erased = new Set(
    kept.rows.filter(({ kind }) => kind === "conversation_erased").map((row) => row.conversationId),
  );
  const told = new Map<string, number>();
  for (const row of kept.rows) {
    if (row.turnId === null || erased.has(row.conversationId) || hasNoState(row)) continue;
    const words = wordsOf(row);
    told.set(words, (told.get(words) ?? 0) + 1);
  }
  const expected = new Map<string, number>();
  for (const words of [
    ...kept.turns.flatMap(factsOfTurn),
    ...kept.calls.flatMap((call) => factsOfCall(call, kept.runs)),
  ]) {
    expected.set(words, (expected.get(words) ?? 0) + 1);
  }
  for (const words of new Set([...told.keys(), ...expected.keys()])) {
    const [is, ought] = [told.get(words) ?? 0, expected.get(words) ?? 0];
    if (is !== ought) faults.push(`the audit trail has ${is} rows instead of ${ought} of "${words}"`);
  }
  const count = (kind: string): number => kept.rows.filter((row) => row.kind === kind).length;
  return {
    faults,
    rows: report.rows,
    decisions: count("approval_decided"),
    dispatches: count("tool_dispatched"),
  };
}

async function readKept(tx: Parameters<Parameters<typeof inSnapshot>[1]>[0]): Promise<Kept> {
  const turns = await tx.selectFrom("turns").select("record").execute();
  const calls = await tx.selectFrom("tool_calls").select("record").execute();
  const events = await tx
    .selectFrom("events")
    .select(["conversation_id", "data"])
    .where("type", "=", "status_update")
    .execute();
  const rows = await tx.selectFrom("audit_entries").selectAll().execute();
  const runs = new Map<string, number>();
  for (const { conversation_id: conversationId, data } of events) {
    const { state, tool_use_id: toolUseId }: { state: string; tool_use_id?: string } = JSON.parse(data);
    if (state !== "tool_running") continue;
    const call = `${conversationId} ${toolUseId}`;
    runs.set(call, (runs.get(call) ?? 0) + 1);
  }
  return {
    turns: turns.map(({ record }) => JSON.parse(record)),
    calls: calls.map(({ record }) => JSON.parse(record)),
    runs,
    rows: rows.map(readAuditRow),
  };
}

/** Nothing else is kept of it: that a turn was to be cancelled, and that a person had answered before. */
function hasNoState({ kind, details }: AuditRow): boolean {
  return kind === "cancel_requested" || (kind === "approval_decided" && JSON.parse(details).by === "remembered");
}

/** What a row says, without its time and its place in the chain. */
function wordsOf({ kind, turnId, toolUseId, details }: AuditRow): string {
  const said: Record<string, string> = JSON.parse(details);
  const { inputSha256, definitionSha256, by, decision, outcome, reason } = said;
  switch (kind) {
    case "approval_asked":
    case "tool_dispatched":
      return [kind, toolUseId, inputSha256, definitionSha256].join(" ");
    case "approval_decided":
      return [kind, toolUseId, inputSha256, definitionSha256, by, decision].join(" ");
    case "tool_finished":
      return [kind, toolUseId, inputSha256, definitionSha256, outcome].join(" ");
    case "turn_ended":
      return [kind, turnId, reason].join(" ");
    default:
      return [kind, turnId].join(" ");
  }
}

function factsOfTurn({ id, state }: TurnRecord): string[] {
  return [`turn_admitted ${id}`, ...(state.status === "done" ? [`turn_ended ${id} ${state.reason}`] : [])];
}

function factsOfCall(call: ToolCallRecord, runs: ReadonlyMap<string, number>): string[] {
  const { approval, state } = call;
  const of = [call.toolUseId, call.inputSha256, call.fingerprint].join(" ");
  const answer = approval?.decision ?? null;
  const isUnanswered = approval !== null && answer === null && state.status === "finished";
  const dispatches = runs.get(`${call.conversationId} ${call.toolUseId}`) ?? 0;
  return [
    ...(approval === null ? [] : [`approval_asked ${of}`]),
    ...(answer === null ? [] : [`approval_decided ${of} person ${answer.decision}`]),
    ...(isUnanswered ? [`approval_decided ${of} ${state.outcome} denied`] : []),
    ...Array.from({ length: dispatches }, () => `tool_dispatched ${of}`),
    ...(state.status === "finished" ? [`tool_finished ${of} ${state.outcome}`] : []),
  ];
}
