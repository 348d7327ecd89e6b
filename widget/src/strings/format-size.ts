const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Short form with its unit, in steps of a thousand: `850 byte`, `12 kB`, `1.4 MB`. */
export function formatSize(locale: string, bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step > 0 && value < 10 ? 1 : 0,
  }).format(value);
}
