import { expect } from "@open-wc/testing";
import { englishStrings } from "./strings/en.ts";
import { brazilianPortugueseStrings } from "./strings/pt-br.ts";
import type { Strings } from "./strings.ts";

const english = englishStrings("en");
const portuguese = brazilianPortugueseStrings("pt-BR");

describe("strings", () => {
  it("has the same texts in every language, none empty", () => {
    expect(Object.keys(portuguese).toSorted()).to.deep.equal(Object.keys(english).toSorted());
    for (const [key, text] of [...Object.entries(english), ...Object.entries(portuguese)])
      expect(text, key).to.not.equal("");
  });

  const cases: { title: string; read: (strings: Strings) => string; english: string; portuguese: string }[] = [
    {
      title: "one unread message",
      read: (strings) => strings.launcherUnread(1),
      english: "Open chat, 1 unread message",
      portuguese: "Abrir o chat, 1 mensagem não lida",
    },
    {
      title: "many unread messages",
      read: (strings) => strings.launcherUnread(1200),
      english: "Open chat, 1,200 unread messages",
      portuguese: "Abrir o chat, 1.200 mensagens não lidas",
    },
    {
      title: "a busy provider",
      read: (strings) => strings.statusBusy(1400),
      english: "Busy… trying again in 2 seconds",
      portuguese: "Ocupado… nova tentativa em 2 segundos",
    },
    {
      title: "an expiry",
      read: (strings) => strings.approvalExpiresIn(65_000),
      english: "Expires in 1:05",
      portuguese: "Expira em 1:05",
    },
    {
      title: "an expiry that has passed",
      read: (strings) => strings.approvalExpiresIn(-5),
      english: "Expires in 0:00",
      portuguese: "Expira em 0:00",
    },
    { title: "a short duration", read: (strings) => strings.toolDuration(40), english: "40 ms", portuguese: "40 ms" },
    {
      title: "a longer duration",
      read: (strings) => strings.toolDuration(2450),
      english: "2.5 sec",
      portuguese: "2,5 s",
    },
    { title: "a size in bytes", read: (strings) => strings.size(1), english: "1 byte", portuguese: "1 byte" },
    { title: "a larger size", read: (strings) => strings.size(4_960_000), english: "5 MB", portuguese: "5 MB" },
    {
      title: "a size with a fraction",
      read: (strings) => strings.size(1_234),
      english: "1.2 kB",
      portuguese: "1,2 kB",
    },
    {
      title: "the lines of a change",
      read: (strings) => strings.diffSummary(1, 2),
      english: "1 line added, 2 removed",
      portuguese: "1 linha adicionada, 2 removidas",
    },
    {
      title: "what is left of a budget",
      read: (strings) => strings.budgetRemaining(1200, 50_000),
      english: "1,200 of 50,000 tokens left",
      portuguese: "Restam 1.200 de 50.000 tokens",
    },
    {
      title: "that little is left of it",
      read: (strings) => strings.budgetLow(0.126),
      english: "About 13% of today’s limit is left.",
      portuguese: "Restam cerca de 13% do limite de hoje.",
    },
    {
      title: "a file being created",
      read: (strings) => strings.statusCreatingFile(null),
      english: "Creating file…",
      portuguese: "Criando arquivo…",
    },
  ];
  for (const { title, read, ...expected } of cases) {
    it(`writes ${title} as each language does`, () => {
      expect(read(english)).to.equal(expected.english);
      expect(read(portuguese)).to.equal(expected.portuguese);
    });
  }

  it("writes dates as the region does, not only the language", () => {
    const noon = new Date(2026, 10, 21, 12, 0);
    expect(englishStrings("en-GB").limitResetsAt(noon)).to.contain("21 Nov 2026");
    expect(englishStrings("en-US").limitResetsAt(noon)).to.contain("Nov 21, 2026");
  });
});
