import { describe, expect, it } from "vitest";
import type { Locale } from "../store/turn-record.ts";
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
  ["de, pt;q=0.1", "pt-BR"],
  ["de", "en"],
  ["de, *;q=0.5", "en"],
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

describe("errorMessage", () => {
  it("says when a limit starts anew", () => {
    const details = { resets_at: "2026-11-22T00:00:00.000Z" };
    expect(errorMessage("limit_exceeded", "en", details)).toMatch(/limit is used up\. .*Nov 22, 2026.*12:00.AM.*UTC/);
    expect(errorMessage("limit_exceeded", "pt-BR", details)).toMatch(/limite diário .*22 de nov.* de 2026.*00:00.*UTC/);
  });

  it("says a limit without a time too", () => {
    expect(errorMessage("limit_exceeded", "en")).toBe("The daily limit is used up.");
  });

  it("speaks two languages", () => {
    expect(errorMessage("forbidden", "en")).toBe("You are not allowed to do this.");
    expect(errorMessage("forbidden", "pt-BR")).toBe("Você não tem permissão para fazer isso.");
  });
});
