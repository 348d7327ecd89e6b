import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import type { Owner } from "../../store/identity.ts";
import { checkQuota } from "./measure-workspace.ts";
import type { OpenDirectory } from "./open-directory.ts";
import { findFile, isUnchanged, openFile } from "./open-file.ts";
import { existsAlready, systemCall } from "./system-call.ts";
import { temporaryName } from "./temporary-name.ts";
import type { OpenPath, Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** A file to be written, checked and encoded. */
export interface FileToWrite {
  owner: Owner;
  /** From `Workspace.parsePath`. */
  names: readonly string[];
  /** In the order in which they are written. */
  pieces: readonly Uint8Array[];
  /** A new file only; whatever file is there; or exactly this one, as it was when it was looked at. */
  replaces: "nothing" | "anything" | BigIntStats;
  signal: AbortSignal;
  /** Called after a piece reached the disk; the next one waits for it. */
  onWritten(piece: Uint8Array): Promise<void>;
}

/** What was done. */
export type FileWritten = "created" | "replaced" | "unchanged";

const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A directory may vanish under us when the one who made it takes it away again. */
const TRIES = 5;

/**
 * Writes a file into its owner's workspace.
 *
 * Each directory is opened from the one above it and a link is never followed. The bytes go into a file with a random
 * name, through one descriptor, and appear under the real name only when they are complete and on the disk; nothing of
 * it is left after a failure or an abort. Rejects with a `WorkspaceError`, with the signal's reason, or with what
 * `onWritten` threw.
 *
 * Whoever takes an open directory to another place takes along what is being written in it.
 */
export async function writeWorkspaceFile(workspace: Workspace, file: FileToWrite): Promise<FileWritten> {
  const length = lengthOf(file.pieces);
  if (length > workspace.limits.fileBytes) {
    const megabytes = Math.floor(workspace.limits.fileBytes / 1024 / 1024);
    throw new WorkspaceError("quota_exceeded", `a file may have ${megabytes} MB`);
  }
  const name = file.names.at(-1);
  if (name === undefined) throw new WorkspaceError("invalid_path", "the path is empty");
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryToWrite(workspace, name, file);
    } catch (error) {
      if (!(error instanceof DirectoryVanished)) throw error;
      if (tries === TRIES) throw new WorkspaceError("write_failed", "its directory was removed", { cause: error });
    }
  }
}

/** Bytes of all pieces together. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** Nothing was written yet, so it can be tried again. */
class DirectoryVanished extends Error {}

async function tryToWrite(workspace: Workspace, name: string, file: FileToWrite): Promise<FileWritten> {
  const directories = file.names.slice(0, -1);
  await using path = await workspace.openOrMake(file.owner, directories).catch((error: unknown) => {
    throw isNotFound(error) ? new DirectoryVanished("removed on the way", { cause: error }) : error;
  });
  try {
    return await writeInto(workspace, path, name, file);
  } catch (error) {
    await path.removeMade();
    if (!isNotFound(error)) throw error;
    throw new WorkspaceError("write_failed", "the file was removed while it was written", { cause: error });
  }
}

async function writeInto(workspace: Workspace, path: OpenPath, name: string, file: FileToWrite): Promise<FileWritten> {
  const directory = path.last;
  const isThere = (await findFile(directory, name)) !== null;
  if (isThere && file.replaces === "nothing") return await acceptSameContent(directory, name, file);
  await using temporary = await workspace.oneAtATime("claim", file.owner, () => claim(workspace, path, name, file));
  await writePieces(temporary.handle, file);
  file.signal.throwIfAborted();
  await workspace.oneAtATime("publish", file.owner, () => publish(directory, temporary, name, file));
  await systemCall("write_failed", () => directory.handle.sync());
  await systemCall("write_failed", () => path.sync());
  return isThere ? "replaced" : "created";
}

/** A file that is not complete. Disposing of it closes it and takes its temporary name away. */
interface Temporary extends AsyncDisposable {
  name: string;
  handle: FileHandle;
}

/** Makes the file in its whole length, and takes it away again if it is too much. */
async function claim(workspace: Workspace, path: OpenPath, name: string, file: FileToWrite): Promise<Temporary> {
  file.signal.throwIfAborted();
  const temporary = await createTemporary(path.last);
  try {
    await checkOwnFile(temporary.handle);
    await systemCall("write_failed", () => temporary.handle.truncate(lengthOf(file.pieces)));
    await systemCall("write_failed", () => checkQuota(path.home, workspace.limits, { directory: path.last, name }));
    return temporary;
  } catch (error) {
    await temporary[Symbol.asyncDispose]();
    throw error;
  }
}

async function createTemporary(directory: OpenDirectory): Promise<Temporary> {
  const name = temporaryName();
  await directory.check();
  const handle = await systemCall("write_failed", () => open(directory.entry(name), NEW_FILE, 0o600)).catch(
    (error: unknown) => {
      throw isNotFound(error) ? new DirectoryVanished("removed before the file was made", { cause: error }) : error;
    },
  );
  const dispose = async (): Promise<void> => {
    await handle.close();
    // It may have its real name by now. What cannot be removed is left to a later writer, like what a crash leaves.
    await unlink(directory.entry(name)).catch(() => undefined);
  };
  return { name, handle, [Symbol.asyncDispose]: dispose };
}

/** Nobody else may hold the file we are about to fill. */
async function checkOwnFile(handle: FileHandle): Promise<void> {
  const stats = await handle.stat();
  if (!stats.isFile() || stats.nlink !== 1) throw new WorkspaceError("write_failed", "the file could not be written");
}

async function writePieces(handle: FileHandle, file: FileToWrite): Promise<void> {
  let position = 0;
  for (const piece of file.pieces) {
    file.signal.throwIfAborted();
    await systemCall("write_failed", () => writeAll(handle, piece, position));
    position += piece.length;
    await file.onWritten(piece);
  }
  await systemCall("write_failed", () => handle.sync());
}

async function writeAll(handle: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    done += (await handle.write(piece, done, piece.length - done, position + done)).bytesWritten;
  }
}

/** Gives the file its real name, all at once. Within this process nothing comes between the look and the deed. */
async function publish(
  directory: OpenDirectory,
  temporary: Temporary,
  name: string,
  { replaces }: FileToWrite,
): Promise<void> {
  const [from, to] = [directory.entry(temporary.name), directory.entry(name)];
  const there = await findFile(directory, name);
  await systemCall("write_failed", async () => {
    const [own, found] = await Promise.all([temporary.handle.stat({ bigint: true }), lstat(from, { bigint: true })]);
    if (own.ino !== found.ino || own.dev !== found.dev) {
      throw new WorkspaceError("write_failed", "the file was replaced while it was written");
    }
    if (replaces === "nothing") return link(from, to);
    if (replaces !== "anything" && !isUnchanged(replaces, there)) {
      throw new WorkspaceError("conflict", "somebody has changed the file meanwhile; read it again");
    }
    return rename(from, to);
  });
}

/** Asking twice for the same new file is not a mistake: after a crash the same call is made again. */
async function acceptSameContent(directory: OpenDirectory, name: string, file: FileToWrite): Promise<FileWritten> {
  await using found = await openFile(directory, name);
  if (found.stats.size !== BigInt(lengthOf(file.pieces))) throw existsAlready();
  const content = await systemCall("write_failed", () => found.handle.readFile());
  if (digest([content]) !== digest(file.pieces)) throw existsAlready();
  return "unchanged";
}

function isNotFound(error: unknown): boolean {
  return error instanceof WorkspaceError && error.code === "not_found";
}

function digest(pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
