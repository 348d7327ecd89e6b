import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Everything else would make a test depend on whose machine it runs on. */
const INHERITED = ["PATH", "HOME", "TMPDIR", "TZ", "LANG"];
const LINES_KEPT = 50;
/** How the logger marks the level of a line that is written for every request. */
const INFORMATION = '"level":30';

/** A server in a process of its own. */
export interface ServerProcess {
  url: string;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when the process has ended in its own time. */
  stop(): Promise<void>;
  /** The last lines it wrote that are no mere information, for the message of a failed test. */
  output(): string;
}

/** Starts a file with Node; resolves when it has written a line of JSON that tells its `url`. */
export async function startProcess(main: URL, env: Record<string, string>): Promise<ServerProcess> {
  const inherited = INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]]));
  const child = spawn(process.execPath, [fileURLToPath(main)], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const gone = once(child, "exit").finally(() => process.off("exit", killAtExit));
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    const onLine = (line: string): void => {
      if (!line.includes(INFORMATION)) lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
      const told = urlIn(line);
      if (told !== null) resolve(told);
    };
    createInterface({ input: child.stdout }).on("line", onLine);
    createInterface({ input: child.stderr }).on("line", onLine);
    gone.then(() => reject(new Error(`${main.pathname} ended:\n${lines.join("\n")}`)), reject);
  });
  return {
    url,
    kill: () => end(child, "SIGKILL", gone),
    stop: () => end(child, "SIGTERM", gone),
    output: () => lines.join("\n"),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals, gone: Promise<unknown>): Promise<void> {
  child.kill(signal);
  await gone;
}

function urlIn(line: string): string | null {
  if (!line.includes('"url"')) return null;
  const parsed: unknown = JSON.parse(line);
  const isTold = typeof parsed === "object" && parsed !== null && "url" in parsed && typeof parsed.url === "string";
  return isTold && (!("msg" in parsed) || parsed.msg === "listening") ? String(parsed.url) : null;
}
