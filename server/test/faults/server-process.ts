import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { quickStart } from "./quick-start.ts";

/** Everything else would make a test depend on whose machine it runs on. */
const INHERITED = ["PATH", "HOME", "TMPDIR", "TZ", "LANG"];
const LINES_KEPT = 50;
/** How the logger marks the level of a line that is written for every request. */
const INFORMATION = '"level":30';

/** None outlives the test. */
const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** A process that is on its way to listen. */
export interface LaunchedProcess {
  /** Its URL, as soon as it listens. Rejects when it ends before. */
  listening: Promise<string>;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code when the process is gone, null when a signal ended it. */
  stop(): Promise<number | null>;
  /** It does nothing from now on, and connections stay open. */
  pause(): void;
  resume(): void;
  /** The last lines it wrote that are no mere information, for the message of a failed test. */
  output(): string;
}

/** A server in a process of its own. */
export interface ServerProcess extends LaunchedProcess {
  url: string;
}

/** Starts a file with Node; resolves when it has written a line of JSON that tells its `url`. */
export async function startProcess(main: URL, env: Record<string, string>): Promise<ServerProcess> {
  const launched = await launchProcess(main, env);
  return { ...launched, url: await launched.listening };
}

/** Starts a file with Node and waits for nothing. */
export async function launchProcess(main: URL, env: Record<string, string>): Promise<LaunchedProcess> {
  const quickly = await quickStart(main);
  const inherited = INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]]));
  const child = spawn(process.execPath, quickly.args, {
    env: { ...Object.fromEntries(inherited), ...quickly.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  alive.add(child);
  const gone = once(child, "exit").finally(() => alive.delete(child));
  const lines: string[] = [];
  const listening = new Promise<string>((resolve, reject) => {
    const onLine = (line: string): void => {
      if (!line.includes(INFORMATION)) lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
      const told = urlIn(line);
      if (told !== null) resolve(told);
    };
    createInterface({ input: child.stdout }).on("line", onLine);
    createInterface({ input: child.stderr }).on("line", onLine);
    gone.then(() => reject(new Error(`${fileURLToPath(main)} ended:\n${lines.join("\n")}`)), reject);
  });
  // Whoever kills it before it listens does not wait for that.
  listening.catch(() => undefined);
  return {
    listening,
    kill: async () => void (await end(child, gone, "SIGKILL")),
    stop: () => end(child, gone, "SIGTERM"),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    output: () => lines.join("\n"),
  };
}

async function end(child: ChildProcess, gone: Promise<unknown>, signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  child.kill(signal);
  await gone;
  return child.exitCode;
}

function urlIn(line: string): string | null {
  if (!line.includes('"url"')) return null;
  const parsed: unknown = JSON.parse(line);
  const isTold = typeof parsed === "object" && parsed !== null && "url" in parsed && typeof parsed.url === "string";
  return isTold && (!("msg" in parsed) || parsed.msg === "listening") ? String(parsed.url) : null;
}
