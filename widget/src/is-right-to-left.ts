import { canonicalLocale } from "./canonical-locale.ts";

/** Scripts of living languages that are written from right to left, as ISO 15924 names them. */
const SCRIPTS = /^(Adlm|Arab|Aran|Hebr|Nkoo|Rohg|Syrc|Thaa)$/;

/** Whether a language, a BCP 47 tag, is written from right to left. */
export function isRightToLeft(language: string): boolean {
  return SCRIPTS.test(canonicalLocale(language)?.maximize().script ?? "");
}
