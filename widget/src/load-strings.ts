import { englishStrings } from "./strings/en.ts";
import type { Strings } from "./strings.ts";

/**
 * Texts in the language of a BCP 47 tag; other languages than English are fetched. A language we do not have, or
 * cannot get, is answered in English, dates and numbers included, so that no sentence mixes two.
 */
export async function loadStrings(language: string): Promise<Strings> {
  const locale = canonicalLocale(language);
  if (locale?.language === "en") return englishStrings(locale.toString());
  if (locale?.language === "pt") {
    const portuguese = await import("./strings/pt-br.ts").catch(() => null);
    if (portuguese !== null) return portuguese.brazilianPortugueseStrings(locale.toString());
  }
  return englishStrings("en");
}

/** Null when the page's `lang` is not a language tag. */
function canonicalLocale(language: string): Intl.Locale | null {
  try {
    return new Intl.Locale(language.trim().replaceAll("_", "-"));
  } catch {
    return null;
  }
}
