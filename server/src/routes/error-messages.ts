import type { ErrorCode } from "@chat-bot/widget/protocol";
import type { Locale } from "../store/turn-record.ts";
import { arabic } from "./error-messages/ar.ts";
import { german } from "./error-messages/de.ts";
import { english } from "./error-messages/en.ts";
import { spanish } from "./error-messages/es.ts";
import { french } from "./error-messages/fr.ts";
import { hebrew } from "./error-messages/he.ts";
import { italian } from "./error-messages/it.ts";
import { japanese } from "./error-messages/ja.ts";
import type { Messages } from "./error-messages/messages.ts";
import { brazilianPortuguese } from "./error-messages/pt-br.ts";
import { simplifiedChinese } from "./error-messages/zh-cn.ts";

const MESSAGES: Record<Locale, Messages> = {
  en: english,
  "pt-BR": brazilianPortuguese,
  es: spanish,
  fr: french,
  de: german,
  it: italian,
  ja: japanese,
  "zh-CN": simplifiedChinese,
  ar: arabic,
  he: hebrew,
};

/** By the language of a range, whatever its script and region. `iw` is what Hebrew was called once. */
const LOCALES = new Map<string, Locale>([
  ["*", "en"],
  ["en", "en"],
  ["pt", "pt-BR"],
  ["es", "es"],
  ["fr", "fr"],
  ["de", "de"],
  ["it", "it"],
  ["ja", "ja"],
  ["zh", "zh-CN"],
  ["ar", "ar"],
  ["he", "he"],
  ["iw", "he"],
]);

/** Says an error to a person: in friendly words, and when a limit starts anew where that is known. */
export function errorMessage(code: ErrorCode, locale: Locale, details: { resets_at?: string } = {}): string {
  const { errors, startsAnew } = MESSAGES[locale];
  if (code !== "limit_exceeded" || details.resets_at === undefined) return errors[code];
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return `${errors[code]}${startsAnew(time.format(new Date(details.resets_at)))}`;
}

/** The language of `Accept-Language` (RFC 9110, section 12.5.4) that this server speaks; English when it knows none. */
export function pickLocale(header: string): Locale {
  const ranges = header
    .slice(0, 500)
    .split(",")
    .map((part) => {
      const [range = "", ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return { range, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  for (const { range } of ranges) {
    const [language = ""] = range.split("-");
    const locale = LOCALES.get(language);
    if (locale !== undefined) return locale;
  }
  return "en";
}
