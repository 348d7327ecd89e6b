/** Why the workspace refused. */
export type WorkspaceErrorCode = "invalid_path" | "quota_exceeded" | "write_failed";

/** A refusal of the workspace; its message is for the model and names no path outside the workspace. */
export class WorkspaceError extends Error {
  readonly code: WorkspaceErrorCode;

  constructor(code: WorkspaceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WorkspaceError";
    this.code = code;
  }
}
