import { formatCountdown, formatDuration, inLargestUnit } from "./format-duration.ts";
import { formatSize } from "./format-size.ts";

/** The forms of the plural that a language has besides `other`, which all have: see CLDR's plural rules. */
type PluralCategory = Exclude<Intl.LDMLPluralRule, "other">;

/** How a language writes amounts, times and names in its texts. `Category`: the forms of its plural besides `other`. */
export interface Formats<Category extends PluralCategory> {
  /** A whole number. */
  number: (value: number) => string;
  /** `fraction` is from 0 to 1. */
  percent: (fraction: number) => string;
  /** A number of things: the form for so many of them, with the number in place of `#`. */
  count: (value: number, forms: Record<Category | "other", string>) => string;
  /** Day and time by themselves. */
  dateTime: (date: Date) => string;
  /** Day and time within a sentence: `November 21, 2026 at 12:00 PM`. */
  dateTimeInSentence: (date: Date) => string;
  /** A wait, counted from now: `in 5 seconds`. */
  inTime: (durationMs: number) => string;
  duration: (durationMs: number) => string;
  countdown: (remainingMs: number) => string;
  size: (bytes: number) => string;
  /**
   * A name within a sentence of the other direction, kept from changing the order of what stands around it: between the
   * first strong isolate and its end, as Unicode's bidirectional algorithm has them.
   */
  isolated: (name: string) => string;
}

/** As the region of `locale` writes them, a BCP 47 tag. */
export function formatsOf<Category extends PluralCategory>(locale: string): Formats<Category> {
  const plural = new Intl.PluralRules(locale);
  const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const medium = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const long = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(locale);
  return {
    number: (value) => integer.format(value),
    percent: (fraction) => percent.format(fraction),
    count: (value, forms) => {
      // A browser may know a form that the language had in another version of CLDR.
      const known: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string } = forms;
      return (known[plural.select(value)] ?? known.other).replace("#", () => integer.format(value));
    },
    dateTime: (date) => medium.format(date),
    dateTimeInSentence: (date) => long.format(date),
    inTime: (durationMs) => {
      const { value, unit } = inLargestUnit(durationMs);
      return relative.format(value, unit);
    },
    duration: (durationMs) => formatDuration(locale, durationMs),
    countdown: (remainingMs) => formatCountdown(locale, remainingMs),
    size: (bytes) => formatSize(locale, bytes),
    isolated: (name) => `\u2068${name}\u2069`,
  };
}
