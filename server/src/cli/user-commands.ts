import type { AuditKeys } from "../audit/audit-keys.ts";
import type { Owner } from "../store/identity.ts";
import type { Records } from "../store/sql/open-records.ts";
import type { CommandOptions, ExitCode, Print } from "./command.ts";

/** `export`: everything that is stored of a user, as one JSON document. It is said as it is read, however much it is. */
export async function exportOwner(
  records: Records,
  _: AuditKeys,
  options: CommandOptions,
  print: Print,
): Promise<ExitCode> {
  const owner = ownerOf(options);
  const head = indented({ exported_at: new Date().toISOString(), owner }, "");
  await print(head.slice(0, -"\n}".length));
  await records.exportUser(owner, async (table, rows) => {
    let count = 0;
    await print(`,\n  ${JSON.stringify(table)}: [`);
    for await (const row of rows) {
      await print(`${count === 0 ? "" : ","}\n    ${indented(row, "    ")}`);
      count += 1;
    }
    await print(count === 0 ? "]" : "\n  ]");
  });
  await print("\n}\n");
  return 0;
}

/** As it stands in a document that is indented throughout. */
function indented(value: unknown, indent: string): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
}

/** `erase`: the same, gone. A turn that runs meanwhile is lost with its conversation. */
export async function erase(records: Records, _: AuditKeys, options: CommandOptions, print: Print): Promise<ExitCode> {
  const erased = await records.eraseUser(ownerOf(options));
  await print(`erased ${erased} conversations\n`);
  return 0;
}

function ownerOf({ issuer = "", organization = "", user = "" }: CommandOptions): Owner {
  return { issuer, organization, user };
}
