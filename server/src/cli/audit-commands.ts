import type { AuditRow } from "../audit/audit-chain.ts";
import type { AuditKeys } from "../audit/audit-keys.ts";
import { type AuditReport, verifyAudit } from "../audit/verify-audit.ts";
import type { CommandContext, ExitCode } from "./command.ts";

const ROWS_AT_ONCE = 1000;

/** `audit verify`: whether the trail is as it was written. */
export async function verify({ records, keys, options, print }: CommandContext): Promise<ExitCode> {
  const report = await verifyAudit(records.audit, keys, options.checkpoint ?? null);
  await print(describe(report, keys));
  return report.faults.length === 0 ? 0 : 1;
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
export async function exportAudit({ records, print }: CommandContext): Promise<ExitCode> {
  const { audit } = records;
  for (const { chain, count } of await audit.heads()) {
    let after = 0;
    while (after < count) {
      const rows = await audit.rows(chain, after, ROWS_AT_ONCE);
      await print(rows.map(lineOf).join(""));
      after = rows.at(-1)?.position ?? count;
    }
  }
  return 0;
}

function lineOf(row: AuditRow): string {
  return `${JSON.stringify({ ...row, details: JSON.parse(row.details) })}\n`;
}
