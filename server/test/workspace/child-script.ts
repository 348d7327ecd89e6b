import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** None outlives the test. */
const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** A script in a process of its own that is spoken to in lines. Disposing of it kills it. */
export interface ChildScript extends AsyncDisposable {
  say(line: string): void;
  /** The next line it wrote. Rejects when it ended instead. */
  hear(): Promise<string>;
  /** Throws when it has ended. */
  checkAlive(): void;
}

/** Starts a script that stands beside this file. */
export function startScript(name: string, args: readonly string[]): ChildScript {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  alive.add(child);
  const gone = once(child, "exit").finally(() => alive.delete(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    say: (line) => void child.stdin.write(`${line}\n`),
    async hear() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${name} has ended`);
      return value;
    },
    checkAlive() {
      if (!alive.has(child)) throw new Error(`${name} has ended`);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
