// The element on hosts that allow as little as they can: real pages with real headers, in a real browser.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Demo } from "../src/create-demo.ts";
import { complaintsOf, type DemoBrowser, isRefusal, startDemoBrowser } from "./demo-browser.ts";
import { type EmbeddingHost, startEmbeddingHost } from "./embedding-host.ts";

const DIST = fileURLToPath(new URL(".", import.meta.resolve("@chat-bot/widget/chat-bot.js")));

/** What the page heard of the browser, by the name of a function that only the tests give it. */
const REPORT = "reportToTest";

let started: DemoBrowser;
let browser: Browser;
let demo: Demo;
let host: EmbeddingHost;
let context: BrowserContext;
let page: Page;
/** Errors of the page, in its console or thrown. */
let complaints: string[];
/** `securitypolicyviolation` events, as "directive: what was blocked". */
let violations: string[];
let requested: URL[];

beforeAll(async () => {
  host = await startEmbeddingHost();
  started = await startDemoBrowser({ delayMs: 1, env: { ALLOWED_ORIGINS: host.url } });
  ({ demo, browser } = started);
  await serveScripts();
});

afterAll(async () => {
  await started.stop();
  await host.stop();
});

beforeEach(async () => {
  await host.signIn(demo);
  context = await browser.newContext({ reducedMotion: "reduce", locale: "en-GB" });
  page = await context.newPage();
  complaints = complaintsOf(page, isRefusal);
  [violations, requested] = [[], []];
  page.on("request", (request) => requested.push(new URL(request.url())));
  await page.exposeFunction(REPORT, (violation: string) => violations.push(violation));
  await page.addInitScript((report) => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
      Reflect.get(globalThis, report)(`${effectiveDirective}: ${blockedURI} ${sample}`),
    );
  }, REPORT);
});

afterEach(() => context.close());

/** Scripts that hosts may have beside the element. */
async function serveScripts(): Promise<void> {
  const lit = await build({
    stdin: {
      contents: `
        import { html, LitElement, render } from "lit";
        class HostClock extends LitElement { render() { return html\`<b>\${this.textContent} from the host's Lit</b>\`; } }
        customElements.define("host-clock", HostClock);
        render(html\`<i>rendered by the host</i>\`, document.querySelector("#host-lit"));
      `,
      resolveDir: fileURLToPath(new URL("../../widget", import.meta.url)),
    },
    bundle: true,
    format: "iife",
    write: false,
  });
  host.serve("/lit.js", { type: "text/javascript", content: lit.outputFiles[0]?.text ?? "" });
  host.serve("/site.css", { type: "text/css", content: "body { font: 16px sans-serif; } * { color: red; }" });
  for (const file of (await readdir(DIST, { recursive: true })).filter((name) => name.endsWith(".js"))) {
    host.serve(`/npm/${file}`, { type: "text/javascript", content: await readFile(join(DIST, file)) });
  }
}

/** The strictest policy under which all is to work; `overrides` replace directives by name, null leaves one out. */
function policy(overrides: Record<string, string | null> = {}): string {
  const directives: Record<string, string | null> = {
    "default-src": "'none'",
    "script-src": "'nonce-{nonce}' 'strict-dynamic'",
    "style-src": "'self'",
    "connect-src": `'self' ${demo.bffUrl}`,
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "chat-bot chat-bot-lit",
    ...overrides,
  };
  return Object.entries(directives)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))
    .join("; ");
}

function scriptTag(source: string, attributes = ""): string {
  return `<script nonce="{nonce}" src="${source}" ${attributes}></script>`;
}

/** Opens a page with the element on it. */
async function visit(contentSecurityPolicy: string, ...scripts: string[]): Promise<void> {
  const content = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Strict</title>
    <link rel="stylesheet" href="/site.css"></head><body>
    <p id="host-lit"></p><host-clock>Noon</host-clock>
    <chat-bot endpoint="${demo.bffUrl}/api/chatbot" token-url="/chat-token" persist="none"></chat-bot>
    ${scripts.join("\n")}</body></html>`;
  host.serve("/", { type: "text/html", content, contentSecurityPolicy });
  await page.goto(host.url);
}

const widget = (): string => `${demo.bffUrl}/widget/chat-bot.js`;

async function openChat(): Promise<void> {
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByRole("textbox").waitFor();
}

async function say(text: string): Promise<void> {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
}

async function answered(): Promise<void> {
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

function transcript(): Locator {
  return page.getByRole("log");
}

const MARKDOWN = [
  "# Title",
  "| a | b |\n|---|---|\n| one | two |",
  "```ts\nconst answer = 42;\n```",
  "Press <kbd>Enter</kbd> <img src=x onerror=alert(1)> [a link](https://example.com/)",
].join("\n\n");

/** Open, send, stream Markdown, use a tool, approve one, meet an error, and go on when the session has ended. */
async function wholeJourney({ isHtmlShown }: { isHtmlShown: boolean }): Promise<void> {
  await openChat();
  await say(`script:${JSON.stringify([{ text: MARKDOWN, chunks: 40 }])}`);
  await transcript().getByRole("table").waitFor();
  await answered();
  await transcript().getByText("const answer = 42;").last().waitFor();
  await transcript().locator("chat-bot-markdown").getByRole("heading", { name: "Title" }).waitFor();
  const key = transcript().locator("kbd").getByText("Enter", { exact: true });
  if (isHtmlShown) await key.waitFor();
  else expect(await key.count()).toBe(0);
  expect(await transcript().locator("chat-bot-markdown img").count()).toBe(0);

  await say("List the members");
  await transcript().getByText("jun.tanaka@harbour.example").first().waitFor();
  await answered();

  await say("Create a file notes/strict.txt with content Hello");
  const approve = page.getByRole("alertdialog").getByRole("button", { name: "Approve" });
  await approve.waitFor();
  await expect.poll(() => approve.isEnabled(), { timeout: 30_000 }).toBe(true);
  await approve.click();
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  await answered();
  const files = await readdir(demo.workspaceDir, { recursive: true });
  expect(files.filter((path) => path.endsWith("strict.txt"))).toHaveLength(1);

  await say("Fail with overloaded");
  await page.getByRole("button", { name: /try again|retry/i }).waitFor();

  host.signOut();
  await page.reload();
  await openChat();
  await say("Anybody there?");
  await page.getByRole("button", { name: /sign in/i }).waitFor();
}

describe("Under a policy of nonces, strict-dynamic and Trusted Types", () => {
  test("the whole journey works, and nothing is violated", async () => {
    await visit(policy(), scriptTag(widget(), "async"));
    await wholeJourney({ isHtmlShown: true });
    expect(violations).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("it works where the policies are not allowed: raw HTML is text, and only they are refused", async () => {
    await visit(policy({ "trusted-types": "'none'" }), scriptTag(widget(), "async"));
    await wholeJourney({ isHtmlShown: false });
    expect(new Set(violations)).toEqual(
      new Set(["trusted-types: trusted-types-policy chat-bot-lit", "trusted-types: trusted-types-policy chat-bot"]),
    );
    expect(complaints.filter((text) => !text.includes("TrustedTypePolicy"))).toEqual([]);
  });

  test.each<[string, (tag: string) => string[]]>([
    ["before", (tag) => [scriptTag("/lit.js"), tag]],
    ["after", (tag) => [tag, scriptTag("/lit.js", "defer")]],
  ])("it stands beside another Lit that comes %s it", async (_, scripts) => {
    const tag = scriptTag(widget());
    await visit(policy({ "trusted-types": "chat-bot chat-bot-lit lit-html" }), ...scripts(tag));
    await openChat();
    await say(`script:${JSON.stringify([{ text: MARKDOWN, chunks: 5 }])}`);
    await transcript().locator("kbd").waitFor();
    await page.getByText("Noon from the host's Lit").waitFor();
    await page.getByText("rendered by the host").waitFor();
    expect(violations).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test.each<[string, (tag: string, other: string) => string[]]>([
    ["before", (tag, other) => [other, tag]],
    ["after", (tag, other) => [tag, other]],
  ])("it stands beside another version of itself that comes %s it", async (_, scripts) => {
    await visit(policy(), ...scripts(scriptTag(widget(), "defer"), scriptTag("/npm/index.js", 'type="module"')));
    await openChat();
    await say(`script:${JSON.stringify([{ text: MARKDOWN, chunks: 5 }])}`);
    await transcript().locator("kbd").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(1);
    expect(violations).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe("Where it cannot work", () => {
  test("because the panel's file is not allowed, it says so beside its button", async () => {
    await visit(policy({ "script-src": widget() }), `<script src="${widget()}"></script>`);
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("alert").getByText("could not be loaded").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
  });

  test("because its server may not be reached, it says so in the panel and keeps what was written", async () => {
    await visit(policy({ "connect-src": "'self'" }), scriptTag(widget()));
    await openChat();
    await say("Is anybody there?");
    await page.getByText("Reconnecting").first().waitFor();
    await transcript().getByText("Is anybody there?").waitFor();
  });

  test("because the browser has no style sheets to adopt, it says so", async () => {
    await page.addInitScript(() => {
      Reflect.set(globalThis, "CSSStyleSheet", () => {
        throw new TypeError("Illegal constructor");
      });
    });
    await visit(policy(), scriptTag(widget()));
    const shown = (): Promise<string | null | undefined> =>
      page.locator("chat-bot").evaluate((element) => element.shadowRoot?.textContent);
    await expect.poll(shown, { timeout: 30_000 }).toContain("could not be loaded");
    expect(await page.locator("chat-bot").isVisible()).toBe(true);
    expect(await page.getByRole("button").count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe("Integrity", () => {
  /** Serves the widget's files from the host, with some of them changed. */
  async function serveWidget(folder: string, changed: (file: string) => boolean): Promise<void> {
    for (const file of (await readdir(DIST)).filter((name) => name.endsWith(".js"))) {
      const content = await readFile(join(DIST, file), "utf8");
      const tampered = `globalThis.wasTampered=true;${content}`;
      host.serve(`/${folder}/${file}`, { type: "text/javascript", content: changed(file) ? tampered : content });
    }
  }

  const wasTampered = (): Promise<unknown> => page.evaluate(() => Reflect.get(globalThis, "wasTampered"));

  async function integrityOf(file: string): Promise<string> {
    const hashes: Record<string, string> = JSON.parse(await readFile(join(DIST, "integrity.json"), "utf8"));
    return hashes[file] ?? "";
  }

  test("the script with its hash of integrity.json works from another origin", async () => {
    const integrity = `integrity="${await integrityOf("chat-bot.js")}" crossorigin="anonymous"`;
    await visit(policy(), scriptTag(widget(), integrity));
    await openChat();
    expect(complaints).toEqual([]);
  });

  test("a script that is not the one of the hash does not run", async () => {
    await serveWidget("changed-script", (file) => file === "chat-bot.js");
    await visit(policy(), scriptTag("/changed-script/chat-bot.js", `integrity="${await integrityOf("chat-bot.js")}"`));
    expect(await page.evaluate(() => customElements.get("chat-bot") === undefined)).toBe(true);
    expect(await wasTampered()).toBe(undefined);
  });

  test("a panel that is not the one the script knows does not run, and the person reads that it could not be loaded", async () => {
    await serveWidget("changed-panel", (file) => file.startsWith("chat-bot-panel-"));
    await visit(policy(), scriptTag("/changed-panel/chat-bot.js"));
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("alert").getByText("could not be loaded").waitFor();
    expect(await wasTampered()).toBe(undefined);
    expect(await page.getByRole("textbox").count()).toBe(0);
  });

  /** `tool-views-ogoid786.js` is the file of `tool-views`. */
  const nameOf = (file: string): string => file.replace(/-\w+\.js$/, "");
  const isUnformatted = (text: string) => async (): Promise<void> => {
    await openChat();
    await say(`script:${JSON.stringify([{ text: MARKDOWN }])}`);
    await answered();
    await transcript().getByText(text).last().waitFor();
  };
  const partIsMissing = (): Promise<void> => page.getByText("A part of the chat could not be loaded").waitFor();
  const nobodyIsAsked = async (): Promise<void> => {
    await openChat();
    await say("Create a file notes/unasked.txt with content Hello");
    await partIsMissing();
    expect(await page.getByRole("alertdialog").count()).toBe(0);
  };

  /** Every file that comes later, and what a person reads when it is not the one that was built. */
  const LATER: [name: string, means: string, journey: () => Promise<void>][] = [
    ["markdown-document", "answers are plain text", isUnformatted("# Title")],
    ["code-highlighter", "code is plain", isUnformatted("const answer = 42;")],
    ["html-sanitiser", "raw HTML is text", isUnformatted("<kbd>Enter</kbd>")],
    ["tool-views", "the person is told that a part is missing", nobodyIsAsked],
    ["tool-state", "the person is told that a part is missing", nobodyIsAsked],
    [
      "session-views",
      "the person is told that a part is missing",
      async () => {
        await openChat();
        await page.locator("[part=session-button]").click();
        await partIsMissing();
      },
    ],
    ...["ar", "de", "es", "fr", "he", "it", "ja", "pt-br", "zh-cn"].map(
      (language): [string, string, () => Promise<void>] => [
        language,
        "texts are English",
        async () => {
          await openChat();
          await page.locator("chat-bot").evaluate((element, lang) => element.setAttribute("lang", lang), language);
          await expect.poll(() => complaints.length).toBeGreaterThan(0);
          await page.getByRole("button", { name: "Send", exact: true }).waitFor();
        },
      ],
    ),
  ];

  test("all files that come later are among those that are changed here", async () => {
    const files = (await readdir(DIST)).filter((file) => file.endsWith(".js"));
    const later = files.filter((file) => !/^(?:chat-bot|index)/.test(file)).map(nameOf);
    expect(later.toSorted()).toEqual(LATER.map(([name]) => name).toSorted());
  });

  test.each(LATER)("a changed %s does not run: %s", async (name, _means, journey) => {
    await serveWidget(`changed-${name}`, (file) => nameOf(file) === name);
    await visit(policy(), scriptTag(`/changed-${name}/chat-bot.js`));
    await journey();
    // The browser has refused this file, and nothing else.
    await expect.poll(() => complaints).not.toEqual([]);
    for (const complaint of complaints) expect(complaint).toMatch(new RegExp(`integrity.*/changed-${name}/${name}-`));
    expect(await wasTampered()).toBe(undefined);
    expect(violations).toEqual([]);
  });
});

describe("With the script and the panel alone", () => {
  /** What is asked of the server's widget. */
  const files = (): string[] =>
    requested.flatMap(({ pathname }) => (pathname.startsWith("/widget/") ? [pathname.slice("/widget/".length)] : []));
  const SCRIPT_AND_PANEL = ["chat-bot.js", expect.stringMatching(/^chat-bot-panel-\w+\.js$/)];

  test("a person sends, reads, stops an answer and meets an error", async () => {
    const given: string[] = [];
    await page.route("**/*", async (route) => {
      const { pathname } = new URL(route.request().url());
      const isFile = /^\/widget\/chat-bot(-panel-\w+)?\.js$/.test(pathname);
      if (!isFile && !/^\/($|chat-token$|api\/)/.test(pathname)) return await route.abort();
      if (isFile) given.push(pathname.slice("/widget/".length));
      return await route.continue();
    });
    await visit(policy(), scriptTag(widget()));
    await openChat();
    await say(`script:${JSON.stringify([{ text: MARKDOWN, chunks: 40 }])}`);
    await answered();
    expect(await transcript().locator("chat-bot-markdown").innerText()).toBe(MARKDOWN);

    await say(`script:${JSON.stringify([{ text: "endless ", repeat: 2000, chunks: 500, delay_ms: 20 }])}`);
    await transcript().getByText("endless endless").last().waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await transcript().getByText("Stopped").waitFor();

    await say("Fail with overloaded");
    await page.getByRole("button", { name: /try again|retry/i }).waitFor();
    expect(given).toEqual(SCRIPT_AND_PANEL);
  });

  test("opening costs no more than these, and nothing of the server's API", async () => {
    await visit(policy(), scriptTag(widget()));
    await openChat();
    await page.waitForLoadState("networkidle");
    expect(files()).toEqual(SCRIPT_AND_PANEL);
    expect(requested.map(({ pathname }) => pathname).filter((path) => /^\/(api|chat-token)/.test(path))).toEqual([]);
    const sizes = await Promise.all(files().map(async (file) => gzipSync(await readFile(join(DIST, file))).length));
    // biome-ignore lint/suspicious/noConsole: it is told wherever the tests run.
    console.log(`Until the first message: ${sizes.length} requests, ${sizes.join(" + ")} bytes (gzip)`);

    await say(`script:${JSON.stringify([{ text: MARKDOWN }])}`);
    await transcript().getByRole("table").waitFor();
    expect(files().slice(2)).toContainEqual(expect.stringMatching(/^markdown-document-/));
  });
});

describe("On the page around it", () => {
  test("it leaves no global, no token and no trace of anybody else", async () => {
    await visit(policy());
    const before = await page.evaluate(() => Reflect.ownKeys(globalThis).map(String));
    await visit(policy(), scriptTag(widget()));
    const issued = page.waitForResponse((response) => response.url().endsWith("/chat-token"));
    await openChat();
    await say(`script:${JSON.stringify([{ text: MARKDOWN }])}`);
    await transcript().getByRole("table").waitFor();
    const { token } = (await (await issued).json()) as { token: string };
    const after = await page.evaluate(() => ({
      names: Reflect.ownKeys(globalThis).map(String),
      kept: JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]),
      markup: document.documentElement.outerHTML,
    }));
    expect(after.names.filter((name) => !before.includes(name))).toEqual([]);
    expect(token.split(".")).toHaveLength(3);
    expect(after.kept + after.markup).not.toContain(token.split(".")[2]);
    expect(await context.cookies()).toEqual([]);
    const origins = new Set(requested.map(({ origin }) => origin));
    expect(origins).toEqual(new Set([host.url, demo.bffUrl]));
  });
});
