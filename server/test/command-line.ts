import type { ExitCode } from "../src/cli/command.ts";
import { runCommand } from "../src/cli/run-command.ts";

/** What a command said, and how it ended. */
export interface Said {
  exitCode: ExitCode;
  output: string;
}

/** Runs a command and gathers what it says. */
export async function commandLine(words: readonly string[], env: Record<string, string>, cwd: string): Promise<Said> {
  let output = "";
  const gather = async (text: string): Promise<void> => {
    output += text;
  };
  const exitCode = await runCommand(words, env, cwd, { out: gather, err: gather });
  return { exitCode, output };
}
