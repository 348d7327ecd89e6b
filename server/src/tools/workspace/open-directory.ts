import { constants, existsSync } from "node:fs";
import { type FileHandle, lstat, mkdir, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./system-call.ts";
import { WorkspaceError } from "./workspace-error.ts";

/**
 * How entries of an open directory are reached. Linux resolves `/proc/self/fd/<descriptor>` to the directory itself,
 * whatever has become of its path: nobody can put a link in its place. Where there is no such thing, entries are reached
 * by path, and it is checked before and after that the path still leads to the same directory. That is weaker: a swap
 * back and forth between two checks goes unnoticed.
 */
export type Reach = "descriptor" | "path";

/** The stronger way where this system has it. */
export const REACH_OF_THIS_SYSTEM: Reach = existsSync("/proc/self/fd") ? "descriptor" : "path";

/** A directory held open: what is reached through it is inside this very directory. */
export interface OpenDirectory extends AsyncDisposable {
  readonly handle: FileHandle;
  /** The path to give to a system call for the directory itself. */
  readonly path: string;
  /** The path to give to a system call for the entry with this name. */
  entry(name: string): string;
  /** Rejects with a `WorkspaceError` when entries are reached by path and the path leads elsewhere by now. */
  check(): Promise<void>;
  /** A directory within this one. Fails with `ENOENT`, and with `ELOOP` or `ENOTDIR` for anything else. */
  open(name: string): Promise<OpenDirectory>;
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Opens the directory that the operator named. Links in this path are the operator's own. Fails with `ENOENT`. */
export async function openRoot(path: string, reach: Reach): Promise<OpenDirectory> {
  return openAt(await realpath(path), reach);
}

/** Makes the directory with this name unless it is there; whether it was made. What is there may be anything. */
export async function makeChild(parent: OpenDirectory, name: string): Promise<boolean> {
  await parent.check();
  try {
    await mkdir(parent.entry(name), { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function openAt(location: string, reach: Reach): Promise<OpenDirectory> {
  const handle = await open(location, DIRECTORY);
  const path = reach === "descriptor" ? `/proc/self/fd/${handle.fd}` : location;
  const check = reach === "descriptor" ? () => Promise.resolve() : () => checkStillThere(location, handle);
  const directory: OpenDirectory = {
    handle,
    path,
    entry: (name) => join(path, name),
    check,
    async open(name) {
      await check();
      const child = await openAt(join(path, name), reach);
      try {
        await child.check();
        return child;
      } catch (error) {
        await child.handle.close();
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
  return directory;
}

async function checkStillThere(location: string, handle: FileHandle): Promise<void> {
  const [held, found, real] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(location, { bigint: true }).catch(() => null),
    realpath(location).catch(() => null),
  ]);
  if (found?.dev === held.dev && found.ino === held.ino && real === location) return;
  throw new WorkspaceError("invalid_path", "a part of the path was replaced meanwhile");
}
