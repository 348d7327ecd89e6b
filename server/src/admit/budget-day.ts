/** The day a moment belongs to, in UTC: `YYYY-MM-DD`. */
export function budgetDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

/** When that day's limits start anew: the next midnight UTC, ISO 8601. */
export function resetsAt(nowMs: number): string {
  const midnight = new Date(nowMs);
  midnight.setUTCHours(24, 0, 0, 0);
  return midnight.toISOString();
}

/** Whole seconds until then, at least 1: for `Retry-After`. */
export function secondsUntilReset(nowMs: number): number {
  return Math.max(1, Math.ceil((Date.parse(resetsAt(nowMs)) - nowMs) / 1000));
}
