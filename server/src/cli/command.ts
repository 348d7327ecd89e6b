import type { AuditKeys } from "../audit/audit-keys.ts";
import type { Records } from "../store/sql/open-records.ts";

/** How a command ended: 0 well, 1 not, 2 it was not understood, or there was nothing to work on. */
export type ExitCode = 0 | 1 | 2;

/** What a command has to say, where that is short. */
export interface CommandResult {
  exitCode: ExitCode;
  output: string;
}

/** Says a piece of it. Resolves when there is room for more; rejects when nobody listens any more. */
export type Print = (text: string) => Promise<void>;

/** What a command that looks at the server's data is given. */
export interface CommandContext {
  records: Records;
  keys: AuditKeys;
  /** `WORKSPACE_DIR`. */
  workspaceDir: string;
  options: CommandOptions;
  print: Print;
}

/** What stands behind a command's name. */
export type CommandOptions = Partial<Record<"checkpoint" | "issuer" | "organization" | "user", string>>;
