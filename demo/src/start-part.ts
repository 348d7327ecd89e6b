import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What every part needs of the environment; nothing else is passed on by accident. */
const INHERITED = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "SystemRoot", "NODE_V8_COVERAGE", "NODE_COMPILE_CACHE"];

/** So long a part may take to end in good order. */
const STOP_TIMEOUT_MS = 5000;

export interface PartOptions {
  name: string;
  /** The file that Node runs. */
  main: URL;
  env: Record<string, string>;
  /** Told every line that the part writes, on either stream. */
  onLine: (name: string, line: string) => void;
}

/** How a part ended. */
export interface PartEnd {
  name: string;
  /** Exit code or signal. */
  how: string;
}

/** One process of the demo. */
export interface Part {
  name: string;
  /** The first line on its standard output, which tells where it listens. Rejects when it ends before. */
  firstLine: Promise<string>;
  ended: Promise<PartEnd>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a part as a process of its own, which does not outlive this one. */
export function startPart({ name, main, env, onLine }: PartOptions): Part {
  const inherited = INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]]));
  const child = spawn(process.execPath, [fileURLToPath(main)], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);

  const ended = new Promise<PartEnd>((resolve) => {
    child.once("error", (error) => resolve({ name, how: error.message }));
    child.once("exit", (code, signal) => resolve({ name, how: signal ?? `code ${code}` }));
  });
  void ended.then(() => process.off("exit", killAtExit));

  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => onLine(name, line));
  createInterface({ input: child.stderr }).on("line", (line) => onLine(name, line));
  const firstLine = Promise.race([
    once(output, "line").then(([line]) => String(line)),
    ended.then(({ how }) => Promise.reject(new Error(`${name} ended before it was ready: ${how}`))),
  ]);
  // Not everybody waits for it.
  firstLine.catch(() => undefined);

  return {
    name,
    firstLine,
    ended,
    async stop() {
      child.kill("SIGTERM");
      const timeout = new AbortController();
      const isLate = pause(STOP_TIMEOUT_MS, true, { signal: timeout.signal }).catch(() => false);
      if ((await Promise.race([ended, isLate])) === true) child.kill("SIGKILL");
      timeout.abort();
      await ended;
    },
  };
}
