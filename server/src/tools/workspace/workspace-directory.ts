import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import type { Owner } from "../../store/identity.ts";
import { errorCode, type OpenDirectory, openChild, openRoot } from "./open-directory.ts";
import { ownerDirectory } from "./owner-directory.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** A file to be written, checked and encoded. */
export interface FileToWrite {
  owner: Owner;
  /** From `parseWorkspacePath`. */
  names: readonly string[];
  /** In the order in which they are written. */
  pieces: readonly Uint8Array[];
  /** Replace a file that is there; without it only a new file is made. */
  overwrite: boolean;
  signal: AbortSignal;
  /** Called after a piece reached the disk; the next one waits for it. */
  onWritten(piece: Uint8Array): Promise<void>;
}

/** What was done. */
export type FileWritten = "created" | "replaced" | "unchanged";

const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const EXISTING_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Writes a file into its owner's directory below the workspace root.
 *
 * Each directory is opened from the one above it and a link is never followed. The bytes go into a file with a random
 * name, through one descriptor, and appear under the real name only when they are complete and on the disk; nothing
 * of it is left after a failure or an abort. Rejects with a `WorkspaceError`, with the signal's reason, or with what
 * `onWritten` threw.
 */
export async function writeWorkspaceFile(root: string, file: FileToWrite): Promise<FileWritten> {
  const directoryNames = [...ownerDirectory(file.owner), ...file.names.slice(0, -1)];
  const name = file.names.at(-1);
  if (name === undefined) throw new WorkspaceError("invalid_path", "the path is empty");
  await using directory = await walk(root, directoryNames);
  return await writeInto(directory.last, name, file);
}

interface Walk extends AsyncDisposable {
  last: OpenDirectory;
}

/** Keeps only the last directory open: it is reached by its own descriptor from then on. */
async function walk(root: string, names: readonly string[]): Promise<Walk> {
  let last = await openRoot(root).catch((error: unknown) => {
    throw new WorkspaceError("write_failed", "the workspace is not available", { cause: error });
  });
  try {
    for (const name of names) {
      const parent = last;
      last = await systemCall(() => openChild(parent, name));
      await parent.handle.close();
    }
  } catch (error) {
    await last.handle.close();
    throw error;
  }
  return { last, [Symbol.asyncDispose]: () => last.handle.close() };
}

async function writeInto(directory: OpenDirectory, name: string, file: FileToWrite): Promise<FileWritten> {
  const target = directory.entry(name);
  const isThere = await checkTarget(target);
  if (isThere && !file.overwrite) return await acceptSameContent(target, file);
  const temporary = directory.entry(`.${randomUUID()}.tmp`);
  try {
    await writePieces(temporary, file);
    file.signal.throwIfAborted();
    await systemCall(() => (file.overwrite ? rename(temporary, target) : link(temporary, target)));
    await systemCall(() => directory.handle.sync());
    return isThere ? "replaced" : "created";
  } finally {
    await unlink(temporary).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
  }
}

/** Whether a file is there. What is neither missing nor a regular file is never written to. */
async function checkTarget(target: string): Promise<boolean> {
  const stats = await systemCall(() =>
    lstat(target).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }),
  );
  if (stats === null) return false;
  if (!stats.isFile()) throw new WorkspaceError("invalid_path", "there is something else than a file with this name");
  return true;
}

/** Asking twice for the same new file is not a mistake: after a crash the same call is made again. */
async function acceptSameContent(target: string, file: FileToWrite): Promise<FileWritten> {
  const handle = await systemCall(() => open(target, EXISTING_FILE));
  try {
    const stats = await handle.stat();
    const length = file.pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (stats.isFile() && stats.size === length && digest([await handle.readFile()]) === digest(file.pieces))
      return "unchanged";
  } finally {
    await handle.close();
  }
  throw existsAlready();
}

async function writePieces(path: string, file: FileToWrite): Promise<void> {
  const handle = await systemCall(() => open(path, NEW_FILE, 0o600));
  try {
    await checkOwnFile(handle);
    for (const piece of file.pieces) {
      file.signal.throwIfAborted();
      await systemCall(() => handle.appendFile(piece));
      await file.onWritten(piece);
    }
    await systemCall(() => handle.sync());
  } finally {
    await handle.close();
  }
}

/** Nobody else may hold the file we are about to fill. */
async function checkOwnFile(handle: FileHandle): Promise<void> {
  const stats = await handle.stat();
  if (!stats.isFile() || stats.nlink !== 1) throw new WorkspaceError("write_failed", "the file could not be written");
}

/** Gives a failed system call its meaning for the model. */
async function systemCall<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    switch (errorCode(error)) {
      case "ELOOP":
      case "ENOTDIR":
      case "EISDIR":
        throw new WorkspaceError("invalid_path", "a part of the path is not a directory", { cause: error });
      case "ENAMETOOLONG":
        throw new WorkspaceError("invalid_path", "the path is too long", { cause: error });
      case "EEXIST":
        throw existsAlready();
      case "EDQUOT":
      case "ENOSPC":
        throw new WorkspaceError("quota_exceeded", "there is no space left", { cause: error });
      default:
        throw new WorkspaceError("write_failed", "the file could not be written", { cause: error });
    }
  }
}

function existsAlready(): WorkspaceError {
  return new WorkspaceError("write_failed", "a file with this name exists; pass overwrite: true to replace it");
}

function digest(pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
