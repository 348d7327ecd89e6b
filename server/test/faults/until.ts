import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 5;

/** Resolves as soon as it holds: for what happens in another process, of which nothing tells. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(LOOK_EVERY_MS);
}
