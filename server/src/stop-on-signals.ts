import type { EventEmitter } from "node:events";

/** Under npm a Ctrl-C is told twice within moments, by the terminal and by npm. */
const SAME_SIGNAL_MS = 1000;

export interface StopOptions {
  /** Called once, with the signal's name. */
  stop: (signal: string) => void;
  /** Called when somebody asks again: nobody wants to wait for the former any more. */
  stopAtOnce: () => void;
  now: () => number;
}

/** Hears SIGTERM and SIGINT of a process. */
export function stopOnSignals(signals: EventEmitter, { stop, stopAtOnce, now }: StopOptions): void {
  let askedAtMs: number | null = null;
  const hear = (signal: string): void => {
    if (askedAtMs === null) {
      askedAtMs = now();
      stop(signal);
    } else if (now() - askedAtMs > SAME_SIGNAL_MS) {
      stopAtOnce();
    }
  };
  signals.on("SIGTERM", hear);
  signals.on("SIGINT", hear);
}
