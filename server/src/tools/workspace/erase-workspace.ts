import { readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Owner } from "../../store/identity.ts";
import { type OpenDirectory, openRoot, REACH_OF_THIS_SYSTEM, type Reach } from "./open-directory.ts";
import { ownerDirectory } from "./owner-directory.ts";
import { errorCode } from "./system-call.ts";

/** A directory that others fill at the same time is left to the next attempt. */
const TRIES = 5;

/** Where a user's own files are, whether or not there are any. Files that are shared belong to nobody alone. */
export function workspaceOf(directory: string, owner: Owner): string {
  return join(directory, ...ownerDirectory(owner));
}

/**
 * Removes a user's own directory with all that is in it, and their organization's when nothing else is. Directories are
 * opened one from the other; a link is removed and not followed. Resolves with the number of files, which is null when
 * `directory`, where all workspaces are, is missing. Rejects with the system's error.
 */
export async function eraseWorkspace(
  directory: string,
  owner: Owner,
  reach: Reach = REACH_OF_THIS_SYSTEM,
): Promise<number | null> {
  await using root = await ifThere(openRoot(directory, reach));
  if (root === null) return null;
  const [organization = "", user = ""] = ownerDirectory(owner);
  await using ofOrganization = await ifThere(root.open(organization));
  if (ofOrganization === null) return 0;
  const count = await eraseDirectory(ofOrganization, user);
  await root.check();
  await rmdir(root.entry(organization)).catch((error: unknown) => {
    if (!isNotEmpty(error)) throw error;
  });
  return count;
}

/** Resolves with the number of files that were in it; there may be no such directory. */
async function eraseDirectory(parent: OpenDirectory, name: string): Promise<number> {
  let count = 0;
  for (let tries = 1; ; tries += 1) {
    await using directory = await ifThere(parent.open(name));
    if (directory === null) return count;
    count += await eraseEntries(directory);
    await parent.check();
    try {
      await rmdir(parent.entry(name));
      return count;
    } catch (error) {
      if (!isNotEmpty(error) || tries === TRIES) throw error;
    }
  }
}

async function eraseEntries(directory: OpenDirectory): Promise<number> {
  let count = 0;
  await directory.check();
  for (const name of await readdir(directory.path)) {
    await directory.check();
    const isFile = await unlink(directory.entry(name)).then(
      () => true,
      (error: unknown) => {
        if (isDirectory(error) || errorCode(error) === "ENOENT") return false;
        throw error;
      },
    );
    count += isFile ? 1 : await eraseDirectory(directory, name).catch(replaced);
  }
  return count;
}

/** Null when there is nothing with this name. */
async function ifThere(opening: Promise<OpenDirectory>): Promise<OpenDirectory | null> {
  return opening.catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  });
}

/** Something else is there by now: it is met again in the next attempt. */
function replaced(error: unknown): number {
  if (errorCode(error) === "ELOOP" || errorCode(error) === "ENOTDIR") return 0;
  throw error;
}

/** What unlinking a directory is answered with on Linux, and elsewhere. */
function isDirectory(error: unknown): boolean {
  return errorCode(error) === "EISDIR" || errorCode(error) === "EPERM";
}

function isNotEmpty(error: unknown): boolean {
  return errorCode(error) === "ENOTEMPTY" || errorCode(error) === "EEXIST";
}
