import type { TurnRecord } from "../store/turn-record.ts";

/** The next step is the last one allowed: it is asked for an answer without tools. */
export function isLastStep(record: TurnRecord, options: { maxSteps: number }): boolean {
  return record.steps + 1 >= options.maxSteps;
}

/** No step is left. */
export function hasUsedAllSteps(record: TurnRecord, options: { maxSteps: number }): boolean {
  return record.steps >= options.maxSteps;
}
