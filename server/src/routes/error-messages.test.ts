import type { ErrorCode } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import type { Locale } from "../store/turn-record.ts";
import { english } from "./error-messages/en.ts";
import { errorMessage, pickLocale } from "./error-messages.ts";

const NEGOTIATED: [header: string, locale: Locale][] = [
  ["", "en"],
  ["en", "en"],
  ["en-GB", "en"],
  ["EN-us", "en"],
  ["pt", "pt-BR"],
  ["pt-BR", "pt-BR"],
  ["PT-br", "pt-BR"],
  ["pt-PT", "pt-BR"],
  ["pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"],
  ["en;q=0.8, pt;q=0.9", "pt-BR"],
  ["pt;q=0.8, en;q=0.9", "en"],
  ["pt;q=0.5,en;q=0.5", "pt-BR"],
  ["nl, pt;q=0.1", "pt-BR"],
  ["nl", "en"],
  ["nl, *;q=0.5", "en"],
  ["es-419", "es"],
  ["fr-CA,fr;q=0.9", "fr"],
  ["de-CH, en;q=0.9", "de"],
  ["it", "it"],
  ["ja-JP", "ja"],
  ["zh-Hant-TW", "zh-CN"],
  ["ar-EG", "ar"],
  ["he", "he"],
  ["iw-IL", "he"],
  ["constructor, __proto__", "en"],
  ["*", "en"],
  ["pt;q=0", "en"],
  ["pt;q=0, en", "en"],
  ["pt ; q=0.9 , en ; q=0.1", "pt-BR"],
  ["pt;q=much, en;q=0.1", "en"],
  ["ptx", "en"],
  [",,;q=1,;", "en"],
  [`${"x,".repeat(50_000)}pt`, "en"],
];

describe("pickLocale", () => {
  it.each(NEGOTIATED)("answers %j in %s", (header, locale) => {
    expect(pickLocale(header.slice(0, 100_000))).toBe(locale);
  });
});

const LOCALES: Locale[] = ["en", "pt-BR", "es", "fr", "de", "it", "ja", "zh-CN", "ar", "he"];
const ERROR_CODES = Object.keys(english.errors).filter((code): code is ErrorCode => code in english.errors);
const DETAILS = { resets_at: "2026-11-22T00:00:00.000Z" };

describe("errorMessage", () => {
  it.each([
    ["en", "The daily limit is used up. It starts anew on November 22, 2026 at 12:00 AM (UTC)."],
    ["pt-BR", "O limite diário foi atingido. Ele recomeça em 22 de novembro de 2026 às 00:00 (UTC)."],
    ["de", "Das Tageslimit ist aufgebraucht. Es wird am 22. November 2026 um 00:00 (UTC) zurückgesetzt."],
    ["ja", "1 日の上限に達しました。2026年11月22日 0:00 (UTC) にリセットされます。"],
  ] as const)("says when a limit starts anew, in %s", (locale, message) => {
    expect(errorMessage("limit_exceeded", locale, DETAILS).replaceAll(/[\u00A0\u202F]/g, " ")).toBe(message);
  });

  it("says a limit without a time too", () => {
    expect(errorMessage("limit_exceeded", "en")).toBe("The daily limit is used up.");
  });

  it.each(LOCALES)("says every error in a text of its own, in %s", (locale) => {
    const messages = ERROR_CODES.map((code) => errorMessage(code, locale));
    for (const message of messages) expect(message).toMatch(/[.。]$/);
    expect(new Set(messages).size).toBe(ERROR_CODES.length);
    expect(errorMessage("limit_exceeded", locale, DETAILS)).toContain("2026");
    if (locale === "en") return;
    for (const code of ERROR_CODES) expect(errorMessage(code, locale)).not.toBe(errorMessage(code, "en"));
  });
});
