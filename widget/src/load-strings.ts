import { canonicalLocale } from "./canonical-locale.ts";
import { englishStrings } from "./strings/en.ts";
import type { Strings } from "./strings.ts";

/** The texts of a language, written as a region writes numbers and times. */
type StringsOf = (locale: string) => Strings;

/** Each is a file of its own, fetched when it is spoken. English is at hand: it stands in for all others. */
const LANGUAGES = new Map<string, () => Promise<StringsOf>>([
  ["ar", async () => (await import("./strings/ar.ts")).arabicStrings],
  ["de", async () => (await import("./strings/de.ts")).germanStrings],
  ["en", async () => englishStrings],
  ["es", async () => (await import("./strings/es.ts")).spanishStrings],
  ["fr", async () => (await import("./strings/fr.ts")).frenchStrings],
  ["he", async () => (await import("./strings/he.ts")).hebrewStrings],
  ["it", async () => (await import("./strings/it.ts")).italianStrings],
  ["ja", async () => (await import("./strings/ja.ts")).japaneseStrings],
  ["pt", async () => (await import("./strings/pt-br.ts")).brazilianPortugueseStrings],
  ["zh", async () => (await import("./strings/zh-cn.ts")).simplifiedChineseStrings],
]);

/**
 * Texts in the language of a BCP 47 tag, whichever its region and script. A language we do not have is answered in
 * English, dates and numbers included, so that no sentence mixes two. `otherwise` are the texts to have where those
 * cannot be fetched.
 */
export async function loadStrings(language: string, otherwise: Strings = englishStrings("en")): Promise<Strings> {
  const locale = canonicalLocale(language);
  const load = LANGUAGES.get(locale?.language ?? "");
  if (locale === null || load === undefined) return englishStrings("en");
  try {
    return (await load())(locale.toString());
  } catch {
    return otherwise;
  }
}
