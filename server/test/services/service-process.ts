import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** How a server of the system is started. */
export interface ServiceOptions {
  command: string;
  args: readonly string[];
  /** What it writes when it takes connections. */
  readyLine: RegExp;
  /** Ends it at once, without leaving anything behind. */
  stopSignal: NodeJS.Signals;
  /** Who it runs as; the default is whoever runs the tests. */
  user?: { uid: number; gid: number };
}

/** A server of the system in a process of its own. */
export interface ServiceProcess {
  /** Everything it was sent stays unanswered from now on, and connections stay open. */
  pause(): void;
  resume(): void;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Resolves when the server takes connections. @throws Error with what it wrote, when it ends instead */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { command, args, readyLine, stopSignal, user } = options;
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...user });
  const stopAtExit = (): void => void signal(child, stopSignal);
  process.once("exit", stopAtExit);
  const lines: string[] = [];
  const failed = once(child, "error").then(([error]: unknown[]) => lines.push(String(error)));
  const gone = Promise.race([once(child, "exit"), failed]).finally(() => process.off("exit", stopAtExit));
  await new Promise<void>((resolve, reject) => {
    const onLine = (line: string): void => {
      lines.push(line);
      if (readyLine.test(line)) resolve();
    };
    createInterface({ input: child.stdout }).on("line", onLine);
    createInterface({ input: child.stderr }).on("line", onLine);
    gone.then(() => reject(new Error(`${command} ended:\n${lines.join("\n")}`)), reject);
  });
  return {
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop: async () => {
      signal(child, stopSignal);
      await gone;
    },
  };
}

/** A stopped process gets its signals only when it runs again. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  child.kill(name);
  child.kill("SIGCONT");
}

/** Somebody else may take it in the meantime: the server then ends, and can be started on another one. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server on a free port, on another one when that was taken meanwhile. */
export async function onFreePort<Service>(start: (port: number) => Promise<Service>): Promise<Service> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
