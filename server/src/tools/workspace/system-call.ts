import { WorkspaceError, type WorkspaceErrorCode } from "./workspace-error.ts";

/** Gives a failed system call its meaning for the model; `otherwise` is that of a failure which nothing else explains. */
export async function systemCall<Result>(
  otherwise: Extract<WorkspaceErrorCode, "read_failed" | "write_failed">,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkspaceError) throw error;
    throw meaningOf(error, otherwise);
  }
}

/** Code of a failed system call, such as `ENOENT`; undefined for other errors. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** A file is there that nobody asked to replace. */
export function existsAlready(options?: ErrorOptions): WorkspaceError {
  return new WorkspaceError(
    "write_failed",
    "a file with this name exists, and it was not asked to be replaced",
    options,
  );
}

function meaningOf(cause: unknown, otherwise: "read_failed" | "write_failed"): WorkspaceError {
  switch (errorCode(cause)) {
    case "ENOENT":
      return new WorkspaceError("not_found", "there is nothing with this name", { cause });
    case "ELOOP":
    case "ENOTDIR":
    case "EISDIR":
      return new WorkspaceError("invalid_path", "a part of the path is not a directory", { cause });
    // What opening a socket or a device without a driver answers.
    case "ENXIO":
    case "ENODEV":
      return new WorkspaceError("invalid_path", "there is something else than a file with this name", { cause });
    case "ENAMETOOLONG":
      return new WorkspaceError("invalid_path", "the path is too long", { cause });
    case "EEXIST":
      return existsAlready({ cause });
    case "EDQUOT":
    case "ENOSPC":
      return new WorkspaceError("quota_exceeded", "there is no space left", { cause });
    default:
      return new WorkspaceError(
        otherwise,
        otherwise === "read_failed" ? "it could not be read" : "the file could not be written",
        { cause },
      );
  }
}
