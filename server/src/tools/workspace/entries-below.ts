import type { Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import type { OpenDirectory } from "./open-directory.ts";
import { errorCode } from "./system-call.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { DEPTH_LIMIT } from "./workspace-path.ts";

/** Something that lies in a workspace: a file, a directory, or what is neither. */
export interface Entry {
  /** From the directory that was asked about. */
  names: readonly string[];
  /** Where it lies, open until the next entry is asked for. */
  parent: OpenDirectory;
  name: string;
  /** Of the entry itself: no link is followed. */
  stats: Stats;
}

const LOOKED_AT_TOGETHER = 64;
/** Of a directory that others have filled no more names are kept in memory. */
const NAMES_LIMIT = 10_000;

/**
 * What lies below a directory, each directory before what is in it, names in order. Directories are opened one from the
 * other and links are not followed; what vanishes or is replaced meanwhile is left out.
 */
export async function* entriesBelow(
  directory: OpenDirectory,
  before: readonly string[] = [],
): AsyncGenerator<Entry, void> {
  const names = await namesIn(directory);
  for (let start = 0; start < names.length; start += LOOKED_AT_TOGETHER) {
    const some = names.slice(start, start + LOOKED_AT_TOGETHER);
    const found = await Promise.all(some.map((name) => lstat(directory.entry(name)).catch(() => null)));
    for (const [index, name] of some.entries()) {
      const stats = found[index] ?? null;
      if (stats === null) continue;
      const path = [...before, name];
      yield { names: path, parent: directory, name, stats };
      if (stats.isDirectory() && path.length < DEPTH_LIMIT) yield* entriesOfChild(directory, name, path);
    }
  }
}

async function* entriesOfChild(
  parent: OpenDirectory,
  name: string,
  path: readonly string[],
): AsyncGenerator<Entry, void> {
  const child = await parent.open(name).catch((error: unknown) => {
    if (wasReplaced(error)) return null;
    throw error;
  });
  if (child === null) return;
  try {
    yield* entriesBelow(child, path);
  } finally {
    await child.handle.close();
  }
}

async function namesIn(directory: OpenDirectory): Promise<string[]> {
  await directory.check();
  const names: string[] = [];
  for await (const { name } of await opendir(directory.path)) {
    names.push(name);
    if (names.length === NAMES_LIMIT) break;
  }
  await directory.check();
  return names.toSorted();
}

function wasReplaced(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof WorkspaceError
    ? error.code === "invalid_path"
    : code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR" || code === "EACCES";
}
