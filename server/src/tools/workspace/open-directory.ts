import { constants, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, realpath } from "node:fs/promises";
import { join } from "node:path";

/**
 * A directory held open by its descriptor: what is reached through `entry` is inside this very directory, even when
 * somebody renames it or puts a symbolic link in its place meanwhile.
 *
 * Linux resolves `/proc/self/fd/<descriptor>` to the directory itself. Where that is missing, entries are reached by
 * path: a link is still refused when a directory is opened, but a swap between two steps would go unnoticed.
 */
export interface OpenDirectory {
  readonly handle: FileHandle;
  /** The path to give to a system call for the entry with this name. */
  entry(name: string): string;
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const HAS_DESCRIPTOR_PATHS = existsSync("/proc/self/fd");

/** Opens a directory the operator named, and makes it when it is missing. Links in this path are the operator's own. */
export async function openRoot(path: string): Promise<OpenDirectory> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return openAt(await realpath(path));
}

/** Opens a directory within a directory, and makes it when it is missing. Fails with `ELOOP` or `ENOTDIR` for anything else. */
export async function openChild(parent: OpenDirectory, name: string): Promise<OpenDirectory> {
  const path = parent.entry(name);
  try {
    return await openAt(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== "EEXIST") throw error;
  });
  return openAt(path);
}

/** Code of a failed system call, such as `ENOENT`; undefined for other errors. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

async function openAt(path: string): Promise<OpenDirectory> {
  const handle = await open(path, DIRECTORY);
  const base = HAS_DESCRIPTOR_PATHS ? `/proc/self/fd/${handle.fd}` : path;
  return { handle, entry: (name) => join(base, name) };
}
