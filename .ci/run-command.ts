import { spawn } from "node:child_process";

/** How a command ended and what it printed, both outputs in the order they came. */
export interface CommandResult {
  exitCode: number;
  output: string;
}

/** Runs a command in the repository's root. With `echo` its output is shown while it runs, without only returned. */
export function runCommand(
  command: string,
  args: readonly string[],
  { echo }: { echo: boolean },
): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  // Windows finds npm and its like only through a shell.
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], shell: process.platform === "win32" });
  const pieces: string[] = [];
  for (const [stream, target] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      pieces.push(piece);
      if (echo) target.write(piece);
    });
  }
  child.on("error", (error) => resolve({ exitCode: 127, output: `${command}: ${error.message}\n` }));
  child.on("close", (code) => resolve({ exitCode: code ?? 1, output: pieces.join("") }));
  return promise;
}
