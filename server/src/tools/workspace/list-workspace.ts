import type { Owner } from "../../store/identity.ts";
import { type Entry, entriesBelow } from "./entries-below.ts";
import { systemCall } from "./system-call.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { parseWorkspacePath } from "./workspace-path.ts";

/** What lies in a workspace, as far as its owner may use it. */
export interface Listing {
  /** Paths from the workspace, by code units. Directories have no size. */
  entries: { path: string; bytes: number | null }[];
  /** There is more than fits. */
  isCut: boolean;
}

/**
 * Lists everything below a directory, except links, pipes and the like, hidden files, and names that no tool would take.
 * Rejects with a `WorkspaceError`: `not_found`, `invalid_path`, `read_failed`.
 */
export async function listWorkspace(
  workspace: Workspace,
  directory: { owner: Owner; names: readonly string[]; limit: { entries: number; bytes: number } },
): Promise<Listing> {
  const { owner, names, limit } = directory;
  const isWhole = names.length === 0;
  await using path = await workspace.open(owner, names).catch((error: unknown) => {
    // A workspace is made when something is written to it.
    if (isWhole && error instanceof WorkspaceError && error.code === "not_found") return null;
    throw error;
  });
  const listing: Listing = { entries: [], isCut: false };
  if (path === null) return listing;
  let bytes = 0;
  await systemCall("read_failed", async () => {
    for await (const entry of entriesBelow(path.last, names)) {
      const found = visible(entry, workspace);
      if (found === null) continue;
      bytes += Buffer.byteLength(found.path);
      if (listing.entries.length === limit.entries || bytes > limit.bytes) {
        listing.isCut = true;
        return;
      }
      listing.entries.push(found);
    }
  });
  listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  return listing;
}

function visible({ names, stats }: Entry, workspace: Workspace): Listing["entries"][number] | null {
  const path = names.join("/");
  if ("problem" in parseWorkspacePath(path, { hiddenFiles: workspace.hiddenFiles })) return null;
  if (stats.isDirectory()) return { path, bytes: null };
  // A file with another name elsewhere would not be read either.
  return stats.isFile() && stats.nlink === 1 ? { path, bytes: stats.size } : null;
}
