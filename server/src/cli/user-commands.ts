import type { AuditKeys } from "../audit/audit-keys.ts";
import type { Owner } from "../store/identity.ts";
import type { Records } from "../store/sql/open-records.ts";
import type { CommandOptions, CommandResult } from "./command.ts";

/** `export`: everything that is stored of a user, as one JSON document. */
export async function exportOwner(records: Records, _: AuditKeys, options: CommandOptions): Promise<CommandResult> {
  const stored = await records.exportUser(ownerOf(options));
  return { exitCode: 0, output: `${JSON.stringify({ exported_at: new Date().toISOString(), ...stored }, null, 2)}\n` };
}

/** `erase`: the same, gone. A turn that runs meanwhile is lost with its conversation. */
export async function erase(records: Records, _: AuditKeys, options: CommandOptions): Promise<CommandResult> {
  const erased = await records.eraseUser(ownerOf(options));
  return { exitCode: 0, output: `erased ${erased} conversations\n` };
}

function ownerOf({ issuer = "", organization = "", user = "" }: CommandOptions): Owner {
  return { issuer, organization, user };
}
