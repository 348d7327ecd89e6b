import type { BigIntStats } from "node:fs";
import type { Owner } from "../../store/identity.ts";
import { findMatches } from "./find-matches.ts";
import { openFile } from "./open-file.ts";
import { textOf } from "./read-workspace-file.ts";
import { systemCall } from "./system-call.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** A text to be put in the place of another. */
export interface Edit {
  owner: Owner;
  /** From `Workspace.parsePath`. */
  names: readonly string[];
  oldText: string;
  newText: string;
}

/** A file around the place that an edit changes. */
export interface EditedFile {
  before: Buffer;
  after: Buffer;
  /** Of the file as it was read: held open, so that no other file is taken for it. */
  stats: BigIntStats;
}

/**
 * Finds the one place that an edit changes, and holds the file open while `work` makes use of it. Rejects with a
 * `WorkspaceError` – `not_found`, `invalid_path`, `not_text`, `no_single_match`, `quota_exceeded` for a file that is too
 * large to be edited, `read_failed` – or as `work` does.
 */
export async function withPlaceOfEdit<Result>(
  workspace: Workspace,
  edit: Edit,
  work: (file: EditedFile) => Promise<Result>,
): Promise<Result> {
  const name = edit.names.at(-1);
  if (name === undefined) throw new WorkspaceError("invalid_path", "the path is empty");
  await using path = await workspace.open(edit.owner, edit.names.slice(0, -1));
  await using found = await openFile(path.last, name);
  if (found.stats.size > BigInt(workspace.limits.fileBytes)) {
    throw new WorkspaceError("quota_exceeded", "the file is too large to be edited");
  }
  const bytes = await systemCall("read_failed", () => found.handle.readFile());
  textOf(bytes);
  const wanted = Buffer.from(edit.oldText, "utf8");
  const { count, offset } = findMatches(bytes, wanted);
  if (count !== 1) throw noSingleMatch(count, hasOtherLineEnds(bytes, edit.oldText));
  return await work({
    before: bytes.subarray(0, offset),
    after: bytes.subarray(offset + wanted.length),
    stats: found.stats,
  });
}

function noSingleMatch(matches: number, hint: string): WorkspaceError {
  const message =
    matches === 0
      ? `old_text is not in the file${hint}`
      : `old_text is in the file ${matches} times; give more of what is around the place`;
  return new WorkspaceError("no_single_match", message, { details: { matches } });
}

function hasOtherLineEnds(bytes: Buffer, oldText: string): string {
  const isMeant = oldText.includes("\n") && !oldText.includes("\r\n") && bytes.includes("\r\n");
  return isMeant ? "; its lines end with \\r\\n" : "";
}
