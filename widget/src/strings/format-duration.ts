const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Short form with its units: `850 ms`, `2.4 sec`, `1 min, 35 sec`. Parts are joined as `Intl.DurationFormat` does, which
 * not every browser has and which writes no `2.4 sec`.
 */
export function formatDuration(locale: string, durationMs: number): string {
  const write = (value: number, unit: string, maximumFractionDigits = 0): string =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits }).format(value);
  if (durationMs < 1_000) return write(durationMs, "millisecond");
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return write(durationMs / 1_000, "second", 1);
  const minutes = Math.round(seconds / 60);
  const parts =
    minutes < 60
      ? [write(Math.floor(seconds / 60), "minute"), write(seconds % 60, "second")]
      : [write(Math.floor(minutes / 60), "hour"), write(minutes % 60, "minute")];
  return new Intl.ListFormat(locale, { type: "unit", style: "short" }).format(parts);
}

/** `m:ss`, never below zero. */
export function formatCountdown(locale: string, remainingMs: number): string {
  const totalSeconds = Math.max(0, Math.ceil(remainingMs / 1_000));
  const write = (value: number, minimumIntegerDigits: number): string =>
    new Intl.NumberFormat(locale, { minimumIntegerDigits, useGrouping: false }).format(value);
  return `${write(Math.floor(totalSeconds / 60), 1)}:${write(totalSeconds % 60, 2)}`;
}

/** How long to wait, in the largest unit that suits it: rounded up, a second at least. */
export function inLargestUnit(durationMs: number): { value: number; unit: "second" | "minute" | "hour" } {
  if (durationMs > HOUR_MS) return { value: Math.ceil(durationMs / HOUR_MS), unit: "hour" };
  if (durationMs > MINUTE_MS) return { value: Math.ceil(durationMs / MINUTE_MS), unit: "minute" };
  return { value: Math.max(1, Math.ceil(durationMs / 1_000)), unit: "second" };
}
