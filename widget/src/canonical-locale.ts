/** A language tag as BCP 47 has it, of what a page's `lang` says; null when that is none. */
export function canonicalLocale(language: string): Intl.Locale | null {
  try {
    const locale = new Intl.Locale(language.trim().replaceAll("_", "-"));
    // WebKit puts `he` for `iw` in the tag, and not in the locale's language.
    return new Intl.Locale(locale.toString());
  } catch {
    return null;
  }
}
