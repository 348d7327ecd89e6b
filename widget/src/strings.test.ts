import { expect, fixtureSync, html } from "@open-wc/testing";
import { openPanel, settled } from "../test/sample-panel.ts";
import { until } from "../test/until.ts";
import { launcherText, OPEN } from "./launcher-texts.ts";
import { loadStrings } from "./load-strings.ts";
import type { Strings } from "./strings.ts";
import { joinSentences } from "./views/join-sentences.ts";

const TAGS = ["en", "pt-BR", "es", "fr", "de", "it", "ja", "zh-CN", "ar", "he"] as const;
const spoken = await Promise.all(TAGS.map(async (tag) => ({ tag, strings: await loadStrings(tag) })));
const english = await loadStrings("en");

/** Texts that are rightly as in English. */
const SAME_AS_ENGLISH: Record<string, readonly string[]> = {
  fr: ["heading", "messageList", "assistant"],
  de: ["budgetShow"],
  it: ["toolInput", "toolFileWritten"],
};
/** Nothing but figures and units. */
const FIGURES = ["messageLength", "toolDuration", "size", "receiptTime"];

type Says<Text> = Text extends (...values: infer Values extends unknown[]) => string ? Values : never;
/** What each text that needs values is given, and what of it must be read: numbers as the language writes them. */
type Samples = {
  [Key in keyof Strings as Says<Strings[Key]> extends never ? never : Key]: {
    given: Says<Strings[Key]>;
    read: (string | number)[];
  };
};
const NOON = new Date(2026, 10, 21, 12, 0);
const SAMPLES: Samples = {
  launcherUnread: { given: [1234], read: [1234] },
  messageLength: { given: [3995, 4000], read: [3995, 4000] },
  messageTooLong: { given: [12_345, 4000], read: [12_345, 4000] },
  statusCreatingFile: { given: ["notes/a b.md"], read: ["notes/a b.md"] },
  statusToolRunning: { given: ["Send $& mail"], read: ["Send $& mail"] },
  statusBusy: { given: [29_100], read: [30] },
  toolDuration: { given: [2450], read: [2.5] },
  size: { given: [1_450_000], read: [1.5] },
  fileSize: { given: [1234, 45_000], read: [1234, 45] },
  toolProgress: { given: [1234, 5678], read: [1234, 5678] },
  toolFileWritten: { given: ["notes/a b.md"], read: ["notes/a b.md"] },
  toolOutputHidden: { given: [45_000], read: [45] },
  approvalAsks: { given: ["Send $& mail"], read: ["Send $& mail"] },
  approvalExpiresIn: { given: [65_000], read: ["1:05"] },
  approvalPosition: { given: [3, 12], read: [3, 12] },
  approvalApproveAll: { given: [12], read: [12] },
  approvalDenyAll: { given: [12], read: [12] },
  approvalLookAtAll: { given: [12], read: [12] },
  diffSummary: { given: [1234, 56], read: [1234, 56] },
  approvalApprovedElsewhere: { given: ["Send $& mail"], read: ["Send $& mail"] },
  approvalDeniedElsewhere: { given: ["Send $& mail"], read: ["Send $& mail"] },
  approvalRanOut: { given: ["Send $& mail"], read: ["Send $& mail"] },
  approvalAnnouncement: { given: ["Send $& mail"], read: ["Send $& mail"] },
  budgetRemaining: { given: [1234, 50_000], read: [1234, 50_000] },
  budgetLow: { given: [0.126], read: [13] },
  approvalSince: { given: [NOON], read: [2026, 21].map(String) },
  approvalRevokeOf: { given: ["Send $& mail"], read: ["Send $& mail"] },
  approvalRevoked: { given: ["Send $& mail"], read: ["Send $& mail"] },
  approvalRevokeFailed: { given: ["Send $& mail"], read: ["Send $& mail"] },
  receiptTime: { given: [NOON], read: [2026, 21].map(String) },
  receiptApproved: { given: [NOON], read: [2026, 21].map(String) },
  receiptDenied: { given: [NOON], read: [2026, 21].map(String) },
  linkConfirm: { given: ["example.com"], read: ["example.com"] },
  limitResetsAt: { given: [NOON], read: [2026, 21].map(String) },
  retryIn: { given: [29_100], read: [30] },
};
const samples = new Map(Object.entries<{ given: unknown[]; read: (string | number)[] }>(SAMPLES));

/** Every text under its name, those that need values with the samples'. */
function textsOf(strings: Strings): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, text] of Object.entries<unknown>({ ...strings })) {
    if (typeof text === "string") texts.set(key, text);
    else if (typeof text === "function")
      texts.set(key, String(Reflect.apply(text, null, samples.get(key)?.given ?? [])));
    else if (typeof text === "object" && text !== null)
      for (const [name, one] of Object.entries(text)) texts.set(`${key}.${name}`, String(one));
  }
  texts.set("statusCreatingFile.null", strings.statusCreatingFile(null));
  return texts;
}

/** `Intl.DurationFormat`, which is younger than the types we use. */
interface DurationFormat {
  format: (duration: { hours?: number; minutes?: number; seconds?: number }) => string;
}

const englishTexts = textsOf(english);

describe("strings", () => {
  for (const { tag, strings } of spoken) {
    const texts = textsOf(strings);

    it(`has every text in ${tag}`, () => {
      expect([...texts.keys()].toSorted()).to.deep.equal([...englishTexts.keys()].toSorted());
      for (const [key, text] of texts)
        expect(text, key)
          .to.match(/\S/)
          .and.not.match(/undefined|\bnull\b|NaN|\[object|#/);
    });

    it(`names in ${tag} what it is about`, () => {
      for (const [key, { read }] of samples)
        for (const value of read) {
          if (typeof value === "number")
            expect(texts.get(key), key).to.contain(new Intl.NumberFormat(tag).format(value));
          else expect(inLatinDigits(texts.get(key) ?? ""), key).to.contain(value);
        }
    });

    it(`has a form in ${tag} for every number`, () => {
      const rules = new Intl.PluralRules(tag);
      const numbers = [0, 1, 2, 3, 11, 100, 1_000_000];
      expect(new Set(numbers.map((value) => rules.select(value)))).to.deep.equal(
        new Set(rules.resolvedOptions().pluralCategories),
      );
      for (const value of numbers)
        for (const text of [
          strings.launcherUnread(value),
          strings.messageTooLong(5000, value),
          strings.fileSize(value, 1),
          strings.diffSummary(value, value),
          strings.approvalLookAtAll(value),
          strings.budgetRemaining(value, value),
          strings.retryIn(value * 1_000),
          strings.retryIn(value * 60_000),
          strings.retryIn(value * 3_600_000),
        ])
          expect(text, `${value}`)
            .to.match(/\S/)
            .and.not.match(/undefined|#/);
    });

    it(`names the button in ${tag} as the element does before there is a panel`, () => {
      const element = document.createElement("div");
      element.lang = tag;
      expect(strings.launcherOpen).to.equal(launcherText(element, OPEN));
    });

    it(`writes a long duration in ${tag} as the platform does`, () => {
      const platform = Reflect.construct<unknown[], DurationFormat>(Reflect.get(Intl, "DurationFormat"), [
        tag,
        { style: "short" },
      ]);
      expect(strings.toolDuration(95_000)).to.equal(platform.format({ minutes: 1, seconds: 35 }));
      expect(strings.toolDuration(7_260_000)).to.equal(platform.format({ hours: 2, minutes: 1 }));
    });

    if (tag === "en") continue;
    it(`leaves nothing in English in ${tag}`, () => {
      const same = [...texts].filter(([key, text]) => text === englishTexts.get(key)).map(([key]) => key);
      expect(same.filter((key) => !FIGURES.includes(key))).to.have.members([...(SAME_AS_ENGLISH[tag] ?? [])]);
    });
  }

  const inWords: [tag: string, text: (strings: Strings) => string, expected: string][] = [
    ["en", (strings) => strings.launcherUnread(1), "Open chat, 1 unread message"],
    ["en", (strings) => strings.launcherUnread(1200), "Open chat, 1,200 unread messages"],
    ["en", (strings) => strings.statusBusy(1400), "Busy… trying again in 2 seconds"],
    ["en", (strings) => strings.retryIn(61_000), "Try again in 2 minutes."],
    ["en", (strings) => strings.retryIn(0), "Try again in 1 second."],
    ["en", (strings) => strings.approvalExpiresIn(-5), "Expires in 0:00"],
    ["en", (strings) => strings.toolDuration(40), "40 ms"],
    ["en", (strings) => strings.toolDuration(2450), "2.5 sec"],
    ["en", (strings) => strings.toolDuration(59_990), "1 min, 0 sec"],
    ["en", (strings) => strings.size(1), "1 byte"],
    ["en", (strings) => strings.size(4_960_000), "5 MB"],
    ["en", (strings) => strings.diffSummary(1, 2), "1 line added, 2 removed"],
    ["en", (strings) => strings.budgetLow(0.126), "About 13% of today’s limit is left."],
    ["pt-BR", (strings) => strings.launcherUnread(1), "Abrir o chat, 1 mensagem não lida"],
    ["pt-BR", (strings) => strings.budgetRemaining(1200, 50_000), "Restam 1.200 de 50.000 tokens"],
    ["pt-BR", (strings) => strings.budgetRemaining(5, 2_000_000), "Restam 5 de 2.000.000 de tokens"],
    ["pt-BR", (strings) => strings.statusBusy(1400), "Ocupado… nova tentativa em 2 segundos"],
    ["es", (strings) => strings.diffSummary(1, 2), "1 línea añadida, 2 eliminadas"],
    ["fr", (strings) => strings.launcherUnread(0), "Ouvrir le chat, 0 message non lu"],
    ["fr", (strings) => strings.launcherUnread(1200), "Ouvrir le chat, 1\u202F200 messages non lus"],
    ["fr", (strings) => strings.approvalAsks("Courriel"), "L’assistant souhaite exécuter «\u202FCourriel\u202F»"],
    ["de", (strings) => strings.launcherUnread(1), "Chat öffnen, 1 ungelesene Nachricht"],
    ["de", (strings) => strings.retryIn(5000), "Versuchen Sie es in 5 Sekunden noch einmal."],
    ["it", (strings) => strings.approvalLookAtAll(1), "Per approvarle tutte insieme, guarda prima un’altra richiesta."],
    ["ja", (strings) => strings.retryIn(5000), "5 秒後にもう一度お試しください。"],
    ["zh-CN", (strings) => strings.fileSize(12, 850), "12 行，850字节"],
    ["ar", (strings) => strings.launcherUnread(0), "فتح الدردشة، لا رسائل غير مقروءة"],
    ["ar", (strings) => strings.launcherUnread(1), "فتح الدردشة، رسالة واحدة غير مقروءة"],
    ["ar", (strings) => strings.launcherUnread(2), "فتح الدردشة، رسالتان غير مقروءتين"],
    ["ar", (strings) => strings.launcherUnread(3), "فتح الدردشة، 3 رسائل غير مقروءة"],
    ["ar", (strings) => strings.launcherUnread(11), "فتح الدردشة، 11 رسالة غير مقروءة"],
    ["ar", (strings) => strings.retryIn(2000), "حاول مجددًا بعد ثانيتين."],
    ["ar", (strings) => strings.linkConfirm("a.com"), "يؤدي هذا الرابط إلى \u2068a.com\u2069. عنوانه الكامل:"],
    ["he", (strings) => strings.launcherUnread(2), "פתיחת הצ׳אט, שתי הודעות שלא נקראו"],
    ["he", (strings) => strings.launcherUnread(20), "פתיחת הצ׳אט, 20 הודעות שלא נקראו"],
  ];
  for (const [tag, text, expected] of inWords) {
    it(`says in ${tag} “${expected}”`, async () => {
      expect(inLatinDigits(text(await loadStrings(tag)))).to.equal(expected);
    });
  }

  it("sets French and the languages of full-width characters as they are set", async () => {
    for (const [key, text] of textsOf(await loadStrings("fr")))
      if (!FIGURES.includes(key)) expect(text, key).to.not.match(/[^\u202F\u00A0\d][:;?!»]|«[^\u202F]|'/);
    for (const tag of ["ja", "zh"])
      for (const [key, text] of textsOf(await loadStrings(tag)))
        expect(text.replace(/\d+:\d+/, ""), key).to.not.match(/[\p{L}…][,:;?!]|[()]/u);
  });

  it("writes dates as the region does, not only the language", async () => {
    expect((await loadStrings("en-GB")).limitResetsAt(NOON)).to.contain("21 November 2026");
    expect((await loadStrings("en-US")).limitResetsAt(NOON)).to.contain("November 21, 2026");
    expect((await loadStrings("de-AT")).receiptTime(NOON)).to.contain("21.11.2026");
    expect((await loadStrings("ar-EG")).approvalExpiresIn(65_000)).to.contain("١:٠٥");
    expect((await loadStrings("zh-TW")).size(850)).to.equal("850字节");
  });
});

describe("joinSentences", () => {
  it("leaves a space where the language does", () => {
    expect(joinSentences("One.", "Two.", "")).to.equal("One. Two.");
    expect(joinSentences("一。", "二。")).to.equal("一。二。");
  });
});

describe("loadStrings", () => {
  const matched: [tags: string, you: string][] = [
    ["en en-GB EN_us en-x-private", "You"],
    ["pt pt-BR pt-PT PT_br", "Você"],
    ["es es-MX es-419", "Tú"],
    ["fr fr-CA FR_be", "Vous"],
    ["de de-CH de-1996", "Sie"],
    ["it it-CH", "Tu"],
    ["ja ja-JP ja-JP-u-ca-japanese", "あなた"],
    ["zh zh-CN zh-Hans zh-Hans-CN zh-SG zh-TW zh-Hant-HK", "你"],
    ["ar ar-EG ar-SA", "أنت"],
    ["he he-IL iw iw-IL", "אתם"],
    ["ru nl tlh es_ constructor not-a-language-tag x-y _", "You"],
  ];
  for (const [tags, you] of matched) {
    it(`says “${you}” to ${tags}`, async () => {
      for (const tag of ["", ...tags.split(" ")]) {
        if (tag === "") continue;
        expect((await loadStrings(tag)).you, tag).to.equal(you);
      }
    });
  }

  it("fetches no language but the one spoken, and keeps to what it has where that cannot be had", async () => {
    const allowed = [
      "canonical-locale",
      "load-strings",
      ...["en", "formats", "format-duration", "format-size"].map(inStrings),
    ];
    const sources = [...allowed, inStrings("de")].map((file) => `${location.origin}/widget/src/${file}.ts`);
    const [withIt, without] = await Promise.all([said(sources), said(sources.slice(0, -1))]);
    expect(withIt).to.equal("Sie You Sie");
    expect(without).to.equal("You You Vous");
  });
});

function inStrings(file: string): string {
  return `strings/${file}`;
}

/**
 * What a page says that may load nothing but these scripts: in German; in English; in German, having spoken French so
 * far. What a policy forbids fails as what cannot be fetched. Addresses are whole: from a page in an attribute WebKit finds
 * no others.
 */
async function said(sources: readonly string[]): Promise<string> {
  const script = `
    const { loadStrings } = await import("${location.origin}/widget/src/load-strings.ts");
    const texts = [await loadStrings("de"), await loadStrings("en"), await loadStrings("de-AT", { you: "Vous" })];
    document.title = texts.map(({ you }) => you).join(" ");
  `;
  const policy = `script-src 'unsafe-inline' ${sources.join(" ")}`;
  const frame = fixtureSync<HTMLIFrameElement>(html`<iframe
    srcdoc=${`<meta http-equiv="Content-Security-Policy" content="${policy}"><script type="module">${script}</script>`}
  ></iframe>`);
  await until(() => Boolean(frame.contentDocument?.title));
  return frame.contentDocument?.title ?? "";
}

describe("the language of <chat-bot>", () => {
  it("changes with `lang`, and with it the direction, in the same corner of the page", async () => {
    const { element, root } = await openPanel();
    const panel = root.querySelector<HTMLElement>(".panel");
    const send = (): string | null | undefined => root.querySelector("button.send")?.ariaLabel;
    if (panel === null) throw new Error("There is no panel.");
    expect(getComputedStyle(panel).direction).to.equal("ltr");
    const corners = (): number[] =>
      (["end", "start"] as const).map((position) => {
        element.position = position;
        return panel.getBoundingClientRect().x;
      });
    const places = corners();
    expect(places[0]).to.be.above(places[1] ?? 0);

    for (const [language, label] of [
      ["ar", "إرسال"],
      ["he", "שליחה"],
    ]) {
      element.lang = language ?? "";
      await until(() => send() === label);
      await settled(root);
      expect(panel.lang).to.equal(language);
      expect(getComputedStyle(panel).direction).to.equal("rtl");
      expect(corners()).to.deep.equal(places);
    }

    element.lang = "de";
    await until(() => send() === "Senden");
    expect(getComputedStyle(panel).direction).to.equal("ltr");
  });

  it("leaves the direction to a host that has chosen one", async () => {
    const { element, root } = await openPanel();
    element.dir = "ltr";
    element.lang = "ar";
    await until(() => root.querySelector("button.send")?.ariaLabel === "إرسال");
    expect(getComputedStyle(root.querySelector(".panel") ?? element).direction).to.equal("ltr");
  });

  it("may be one that only the host has, or texts of its own", async () => {
    const { element, root } = await openPanel();
    element.strings = { send: "ارسال", messageLength: (length, limit) => `${length} از ${limit}` };
    element.lang = "fa";
    await until(() => root.querySelector<HTMLElement>(".panel")?.lang === "fa");
    await settled(root);
    expect(root.querySelector("button.send")?.ariaLabel).to.equal("ارسال");
    expect(root.querySelector("textarea")?.placeholder).to.equal("Write a message…");
    expect(getComputedStyle(root.querySelector(".panel") ?? element).direction).to.equal("rtl");
  });
});

/** Engines disagree about the digits of Arabic when no region is named. */
function inLatinDigits(text: string): string {
  return text.replace(/[٠-٩]/g, (digit) => String("٠١٢٣٤٥٦٧٨٩".indexOf(digit)));
}
