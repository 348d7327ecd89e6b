import type { AuditRow } from "../audit/audit-chain.ts";
import type { AuditKeys } from "../audit/audit-keys.ts";
import { type AuditReport, verifyAudit } from "../audit/verify-audit.ts";
import type { Records } from "../store/sql/open-records.ts";
import type { CommandOptions, CommandResult } from "./command.ts";

const ROWS_AT_ONCE = 1000;

/** `audit verify`: whether the trail is as it was written. */
export async function verify(
  { audit }: Records,
  keys: AuditKeys,
  { checkpoint }: CommandOptions,
): Promise<CommandResult> {
  const report = await verifyAudit(audit, keys, checkpoint ?? null);
  return { exitCode: report.faults.length === 0 ? 0 : 1, output: describe(report, keys) };
}

function describe({ rows, chains, checkpoint, faults }: AuditReport, keys: AuditKeys): string {
  const lines = [
    `${rows} rows in ${chains.length} chains, ${keys.currentId === null ? "hashed" : "signed"}`,
    `newest checkpoint: ${checkpoint ?? "none"}`,
    ...faults.map(
      ({ chain, position, what }) => `chain ${chain}${position === null ? "" : `, row ${position}`}: ${what}`,
    ),
    faults.length === 0 ? "sound" : "NOT SOUND",
  ];
  return `${lines.join("\n")}\n`;
}

/** `audit export`: each row in a line, chain by chain. */
export async function exportAudit({ audit }: Records): Promise<CommandResult> {
  const lines: string[] = [];
  for (const { chain, count } of await audit.heads()) {
    let after = 0;
    while (after < count) {
      const rows = await audit.rows(chain, after, ROWS_AT_ONCE);
      lines.push(...rows.map(lineOf));
      after = rows.at(-1)?.position ?? count;
    }
  }
  return { exitCode: 0, output: lines.join("") };
}

function lineOf(row: AuditRow): string {
  return `${JSON.stringify({ ...row, details: JSON.parse(row.details) })}\n`;
}
