import { constants } from "node:os";

/**
 * Has this process exit when it is told to end, and not only die or wait: what it has started ends when it exits. The
 * test runner itself listens to Ctrl+C only, and leaves its browsers. npm tells no more than the shell that it has
 * started: `exec` in its scripts makes this process take the shell's place.
 */
export function exitOnSignals(): void {
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
