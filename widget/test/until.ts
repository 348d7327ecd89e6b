import { waitUntil } from "@open-wc/testing";

/** Waits for a condition, however slow the machine is; what never comes to be fails. */
export async function until(condition: () => unknown, what?: string): Promise<void> {
  await waitUntil(condition, what, { timeout: 30_000 });
}
