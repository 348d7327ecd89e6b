/** Why the workspace refused. */
export type WorkspaceErrorCode =
  /** The path is not one of the workspace, or something else than a file or directory lies there. */
  | "invalid_path"
  | "quota_exceeded"
  | "write_failed"
  | "read_failed"
  /** Nothing lies there. */
  | "not_found"
  /** The file holds something else than text in UTF-8. */
  | "not_text"
  /** The text to replace is not in the file, or more than once. */
  | "no_single_match"
  /** Somebody else has changed the file meanwhile. */
  | "conflict";

/** A refusal of the workspace; its message is for the model and names no path outside the workspace. */
export class WorkspaceError extends Error {
  readonly code: WorkspaceErrorCode;
  /** What a program may want to know besides. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: WorkspaceErrorCode,
    message: string,
    options: ErrorOptions & { details?: Readonly<Record<string, unknown>> } = {},
  ) {
    const { details = {}, ...errorOptions } = options;
    super(message, errorOptions);
    this.name = "WorkspaceError";
    this.code = code;
    this.details = details;
  }
}
