import type { Owner } from "../store/identity.ts";
import { eraseWorkspace, workspaceOf } from "../tools/workspace/erase-workspace.ts";
import type { CommandContext, CommandOptions, ExitCode } from "./command.ts";

/** `export`: everything that is stored of a user, as one JSON document. It is said as it is read, however much it is. */
export async function exportOwner({ records, workspaceDir, options, print }: CommandContext): Promise<ExitCode> {
  const owner = ownerOf(options);
  const workspace = workspaceOf(workspaceDir, owner);
  const head = indented({ exported_at: new Date().toISOString(), owner, workspace }, "");
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

/** `erase`: the same, gone, and their files. A turn that runs meanwhile is lost with its conversation. */
export async function erase({ records, workspaceDir, options, print }: CommandContext): Promise<ExitCode> {
  const owner = ownerOf(options);
  await print(`erased ${await records.eraseUser(owner)} conversations\n`);
  try {
    // Last: with its conversation a turn has lost the right to begin another call.
    const count = await eraseWorkspace(workspaceDir, owner);
    await print(
      count === null
        ? `there are no workspaces in ${workspaceDir}: is WORKSPACE_DIR that of the server?\n`
        : `erased ${count} files in ${workspaceOf(workspaceDir, owner)}\n`,
    );
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await print(`NOT ERASED: ${workspaceOf(workspaceDir, owner)}, or some of it (${reason})\n`);
    return 1;
  }
}

function ownerOf({ issuer = "", organization = "", user = "" }: CommandOptions): Owner {
  return { issuer, organization, user };
}
