import type { Turn } from "./turn.ts";

/** The clock of whoever signed the token may be a little ahead of ours. */
const TOLERANCE_MS = 10_000;

/** Whether the token that a turn goes by still allows something new: a step, or a tool call. */
export function isTokenInTime(turn: Turn, nowMs: number): boolean {
  return nowMs <= turn.record.identity.expiresAtMs + TOLERANCE_MS;
}
