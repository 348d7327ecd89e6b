import { randomBytes } from "node:crypto";
import { findProgram, REDIS } from "./installed.ts";
import { onFreePort, type ServiceProcess, startService } from "./service-process.ts";

/** A Redis of its own for tests, on loopback, that keeps nothing. */
export interface RedisServer {
  url: string;
  pause(): void;
  resume(): void;
  /** Ends it at once; everything in it is gone. */
  stop(): Promise<void>;
  /** A new one at the same address. */
  restart(): Promise<void>;
}

/** Resolves when it takes connections. */
export function startRedis(): Promise<RedisServer> {
  const command = findProgram(REDIS);
  if (command === null) throw new Error(`${REDIS.name} is not installed: ${REDIS.install}`);
  const password = randomBytes(16).toString("hex");
  return onFreePort(async (port) => {
    const start = (): Promise<ServiceProcess> =>
      startService({
        command,
        args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password],
        readyLine: /Ready to accept connections/,
        stopSignal: "SIGKILL",
      });
    let running = await start();
    return {
      url: `redis://:${password}@127.0.0.1:${port}`,
      pause: () => running.pause(),
      resume: () => running.resume(),
      stop: () => running.stop(),
      restart: async () => {
        await running.stop();
        running = await start();
      },
    };
  });
}
