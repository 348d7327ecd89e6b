/** What a command has to say, and how it ended: 0 well, 1 not, 2 it was not understood, or there was nothing to work on. */
export interface CommandResult {
  exitCode: 0 | 1 | 2;
  output: string;
}

/** What stands behind a command's name. */
export type CommandOptions = Partial<Record<"checkpoint" | "issuer" | "organization" | "user", string>>;
