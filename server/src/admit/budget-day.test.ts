import { describe, expect, it } from "vitest";
import { budgetDay, resetsAt, secondsUntilReset } from "./budget-day.ts";

describe("a budget's day", () => {
  it.each([
    ["2026-11-05T00:00:00.000Z", "2026-11-05", "2026-11-06T00:00:00.000Z", 86_400],
    ["2026-11-05T12:00:00.000Z", "2026-11-05", "2026-11-06T00:00:00.000Z", 43_200],
    ["2026-11-05T23:59:59.000Z", "2026-11-05", "2026-11-06T00:00:00.000Z", 1],
    ["2026-11-05T23:59:59.999Z", "2026-11-05", "2026-11-06T00:00:00.000Z", 1],
    ["2026-11-05T22:59:58.500Z", "2026-11-05", "2026-11-06T00:00:00.000Z", 3602],
    ["2026-12-31T23:00:00.000Z", "2026-12-31", "2027-01-01T00:00:00.000Z", 3600],
    ["2028-02-28T23:00:00.000Z", "2028-02-28", "2028-02-29T00:00:00.000Z", 3600],
    ["2026-11-05T23:30:00.000-05:00", "2026-11-06", "2026-11-07T00:00:00.000Z", 70_200],
  ])("at %s is %s and ends at %s, in %i s", (now, day, reset, seconds) => {
    const nowMs = Date.parse(now);
    expect([budgetDay(nowMs), resetsAt(nowMs), secondsUntilReset(nowMs)]).toEqual([day, reset, seconds]);
  });
});
