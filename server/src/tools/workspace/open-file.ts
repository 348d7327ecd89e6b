import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import type { OpenDirectory } from "./open-directory.ts";
import { systemCall } from "./system-call.ts";
import { isTemporaryName } from "./temporary-name.ts";
import { WorkspaceError } from "./workspace-error.ts";

// Not blocking: a pipe that was put in a file's place is opened at once, and then refused.
const EXISTING_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const LOOKS = 3;

/** A regular file that lies in the workspace alone, held open: its number is given to no other file meanwhile. */
export interface OpenFile extends AsyncDisposable {
  handle: FileHandle;
  stats: BigIntStats;
}

/**
 * Opens a file to read. Rejects with a `WorkspaceError`: `not_found`, `read_failed`, or `invalid_path` for links, for
 * everything that is no regular file, and for a file that has another name elsewhere: its content may be anybody's.
 */
export async function openFile(directory: OpenDirectory, name: string): Promise<OpenFile> {
  await directory.check();
  const path = directory.entry(name);
  // Devices are not even opened, unless one is put there at this moment.
  checkIsFile(await systemCall("read_failed", () => lstat(path, { bigint: true })));
  const handle = await systemCall("read_failed", () => open(path, EXISTING_FILE));
  try {
    await directory.check();
    const stats = await checkOnlyHere(handle, directory);
    return { handle, stats, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The file with this name as it is now, itself and not what a link leads to; null when there is none. */
export async function findFile(directory: OpenDirectory, name: string): Promise<BigIntStats | null> {
  await directory.check();
  try {
    const stats = await systemCall("write_failed", () => lstat(directory.entry(name), { bigint: true }));
    checkIsFile(stats);
    return stats;
  } catch (error) {
    if (error instanceof WorkspaceError && error.code === "not_found") return null;
    throw error;
  }
}

/** Whether two looks at a name saw the same file with the same content. */
export function isUnchanged(before: BigIntStats, now: BigIntStats | null): boolean {
  return (
    now !== null &&
    now.dev === before.dev &&
    now.ino === before.ino &&
    now.size === before.size &&
    now.mtimeNs === before.mtimeNs
  );
}

function checkIsFile(stats: BigIntStats): void {
  if (!stats.isFile()) throw new WorkspaceError("invalid_path", "there is something else than a file with this name");
}

/** A file that has just been published, or whose writer died at that moment, has its temporary name beside its own. */
async function checkOnlyHere(handle: FileHandle, directory: OpenDirectory): Promise<BigIntStats> {
  for (let look = 0; look < LOOKS; look += 1) {
    const stats = await handle.stat({ bigint: true });
    checkIsFile(stats);
    if (stats.nlink === 1n || stats.nlink - 1n === (await countTemporaryNames(stats, directory))) return stats;
    // Removed by everybody: the next look sees what has taken its place.
    if (stats.nlink === 0n) throw new WorkspaceError("conflict", "the file was replaced at this moment; try again");
  }
  throw new WorkspaceError("invalid_path", "the file has another name elsewhere");
}

async function countTemporaryNames({ dev, ino }: BigIntStats, directory: OpenDirectory): Promise<bigint> {
  const names = (await systemCall("read_failed", () => readdir(directory.path))).filter(isTemporaryName);
  const all = await Promise.all(names.map((name) => lstat(directory.entry(name), { bigint: true }).catch(() => null)));
  return BigInt(all.filter((stats) => stats?.dev === dev && stats.ino === ino).length);
}
