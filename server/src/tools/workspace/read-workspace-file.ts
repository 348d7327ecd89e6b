import { isUtf8 } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import type { Owner } from "../../store/identity.ts";
import { utf8Boundary } from "../cut-utf8.ts";
import { openFile } from "./open-file.ts";
import { systemCall } from "./system-call.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** A part of a text file. */
export interface TextPart {
  text: string;
  /** Bytes before it: where a character begins. */
  offset: number;
  /** Bytes of the part. */
  length: number;
  /** Bytes of the whole file. */
  fileBytes: number;
}

/** Bytes of a character at the most. */
const CHARACTER_BYTES = 4;

/**
 * Reads whole characters, at most `length` bytes of them unless the first is longer, beginning with the one at `offset`. Rejects with a
 * `WorkspaceError`: `not_found`, `invalid_path`, `not_text`, `read_failed`.
 */
export async function readWorkspaceFile(
  workspace: Workspace,
  file: { owner: Owner; names: readonly string[]; offset: number; length: number },
): Promise<TextPart> {
  const name = file.names.at(-1);
  if (name === undefined) throw new WorkspaceError("invalid_path", "the path is empty");
  await using path = await workspace.open(file.owner, file.names.slice(0, -1));
  await using found = await openFile(path.last, name);
  const fileBytes = Number(found.stats.size);
  const offset = Math.min(file.offset, fileBytes);
  // A little before and after, to see where characters begin.
  const from = Math.max(0, offset - CHARACTER_BYTES);
  const to = Math.min(fileBytes, offset + file.length + CHARACTER_BYTES);
  const bytes = await readBytes(found.handle, from, to - from);
  const start = utf8Boundary(bytes, offset - from);
  const whole = utf8Boundary(bytes, start + file.length);
  // A character that is longer than what was asked for comes whole: whoever goes on from here gets further.
  const part = bytes.subarray(start, whole > start ? whole : utf8Boundary(bytes, start + CHARACTER_BYTES));
  return { text: textOf(part), offset: from + start, length: part.length, fileBytes };
}

/** The text that these bytes are. @throws WorkspaceError `not_text` */
export function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes) || bytes.includes(0)) throw new WorkspaceError("not_text", "the file does not hold text in UTF-8");
  return bytes.toString("utf8");
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const rest = length - done;
    const { bytesRead } = await systemCall("read_failed", () => handle.read(bytes, done, rest, position + done));
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
