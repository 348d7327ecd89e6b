import { unlink } from "node:fs/promises";
import { type Entry, entriesBelow } from "./entries-below.ts";
import type { OpenDirectory } from "./open-directory.ts";
import { isTemporaryName, LEFT_BEHIND_AFTER_MS } from "./temporary-name.ts";
import type { WorkspaceLimits } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** A file that a complete one is about to replace: it does not count. */
export interface ReplacedFile {
  directory: OpenDirectory;
  name: string;
}

/**
 * Refuses with `quota_exceeded` when the workspace holds more than it may, files that are being written included: each
 * has its whole length from the beginning. A writer claims its place first and asks then, so that of two writers, in
 * whatever processes, at least the later one sees the other; none needs to know of the other.
 *
 * A file that gets its real name while a directory is read may be overlooked, but only once. So the whole is looked
 * through twice, and what was seen either time counts. What a crash has left behind is removed on the way.
 */
export async function checkQuota(home: OpenDirectory, limits: WorkspaceLimits, replaced: ReplacedFile): Promise<void> {
  const seen: Seen = { files: new Map(), directories: new Set(), bytes: 0 };
  const spared = await identityOf(replaced.directory);
  for (let look = 0; look < 2; look += 1) {
    for await (const entry of entriesBelow(home)) {
      if (entry.name === replaced.name && (await identityOf(entry.parent)) === spared) continue;
      if (await removeLeftBehind(entry)) continue;
      count(entry, seen);
      checkLimits(seen, limits);
    }
  }
}

/** By device and number, which a file keeps when it gets its real name. */
interface Seen {
  files: Map<string, number>;
  directories: Set<string>;
  bytes: number;
}

function count({ stats }: Entry, seen: Seen): void {
  const key = `${stats.dev}:${stats.ino}`;
  if (stats.isDirectory()) {
    seen.directories.add(key);
    return;
  }
  const before = seen.files.get(key) ?? 0;
  const size = Math.max(before, stats.size);
  seen.files.set(key, size);
  seen.bytes += size - before;
}

function checkLimits({ files, directories, bytes }: Seen, limits: WorkspaceLimits): void {
  if (files.size > limits.files) throw full(`may hold ${limits.files} files`);
  if (directories.size > limits.directories) throw full(`may hold ${limits.directories} directories`);
  if (bytes > limits.bytes) throw full(`may hold ${Math.floor(limits.bytes / 1024 / 1024)} MB`);
}

function full(what: string): WorkspaceError {
  return new WorkspaceError("quota_exceeded", `a workspace ${what}, and this would be more`);
}

async function removeLeftBehind({ parent, name, stats }: Entry): Promise<boolean> {
  if (!isTemporaryName(name) || !stats.isFile() || Date.now() - stats.mtimeMs < LEFT_BEHIND_AFTER_MS) return false;
  await unlink(parent.entry(name)).catch(() => undefined);
  return true;
}

async function identityOf(directory: OpenDirectory): Promise<string> {
  const { dev, ino } = await directory.handle.stat();
  return `${dev}:${ino}`;
}
