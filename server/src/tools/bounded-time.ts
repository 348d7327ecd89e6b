import { createContext, Script } from "node:vm";

const context = createContext({ work: (): void => {} });
const script = new Script("work()");

/** The work did not end in time. */
export class TookTooLong extends Error {
  constructor(limitMs: number) {
    super(`Not finished within ${limitMs} ms`);
    this.name = "TookTooLong";
  }
}

/** So often work is begun anew, with twice the time, when the process had little of the time it took. */
const MAX_TRIES = 10;

/**
 * Runs synchronous work that may not hold up the process, such as patterns written by a stranger. The engine ends it
 * at the limit, in the middle of a regular expression too. What counts is time on the processor: on a busy machine the
 * work is begun anew and given longer, so it must have no effect before it ends. This bounds time only: the work runs
 * with all our rights.
 * @throws TookTooLong
 */
export function withinTime<Result>(limitMs: number, work: () => Result): Result {
  for (let tries = 1; ; tries += 1) {
    const before = process.threadCpuUsage();
    try {
      return withinWallTime(limitMs * 2 ** (tries - 1), work);
    } catch (error) {
      const { user, system } = process.threadCpuUsage(before);
      const wasSpent = (user + system) / 1000 >= limitMs * SPENT_SHARE;
      if (!(error instanceof TookTooLong) || wasSpent || tries === MAX_TRIES) throw error;
    }
  }
}

/** The watchdog's clock and the processor's do not agree to the millisecond. */
const SPENT_SHARE = 0.8;

function withinWallTime<Result>(limitMs: number, work: () => Result): Result {
  const outcome: { done?: { result: Result } } = {};
  context["work"] = () => {
    outcome.done = { result: work() };
  };
  try {
    script.runInContext(context, { timeout: limitMs });
  } catch (error) {
    throw isTimeout(error) ? new TookTooLong(limitMs) : error;
  } finally {
    context["work"] = () => {};
  }
  if (outcome.done === undefined) throw new TookTooLong(limitMs);
  return outcome.done.result;
}

/** The engine's error belongs to the other context, where `Error` is another class. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}
