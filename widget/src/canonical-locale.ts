/** A language tag as BCP 47 has it, of what a page's `lang` says; null when that is none. */
export function canonicalLocale(language: string): Intl.Locale | null {
  try {
    return new Intl.Locale(language.trim().replaceAll("_", "-"));
  } catch {
    return null;
  }
}
