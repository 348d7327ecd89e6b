// `npm run screenshots -w demo [-- <part of a name> ...]`: pictures of everything a person may see, from the real demo, for
// people to look at. They are written to `demo/screenshots/`.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Demo } from "../src/create-demo.ts";
import { startDemoBrowser } from "./demo-browser.ts";

const FOLDER = fileURLToPath(new URL("../screenshots/", import.meta.url));

const DESKTOP: BrowserContextOptions = {
  viewport: { width: 1280, height: 860 },
  reducedMotion: "reduce",
  locale: "en-GB",
};
const DARK: BrowserContextOptions = { colorScheme: "dark" };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

type Act = (page: Page) => Promise<void>;

interface Picture {
  name: string;
  options?: BrowserContextOptions;
  /** Attributes and styles of the element or the page, before the panel is opened. */
  dress?: Act;
  /** What is done in the open panel. */
  act?: Act;
}

const write = (path: string, content: string): object => ({ name: "workspace__write_file", input: { path, content } });

const STATES = {
  empty: async () => undefined,
  markdown: async (page) => {
    await say(page, "Show me Markdown");
    await answered(page);
  },
  "markdown-top": async (page) => {
    await say(page, "Show me Markdown");
    await answered(page);
    await page.getByRole("log").evaluate((log) => log.scrollTo(0, 0));
    await page.getByRole("button", { name: "Scroll to the latest message" }).waitFor();
  },
  table: async (page) => {
    await say(page, "List the members");
    await answered(page);
  },
  streaming: async (page) => {
    const text = "The tide turns at noon, so the juniors go out first and the masters follow. ";
    await script(page, [{ text, repeat: 400, chunks: 400, delay_ms: 40 }]);
    await page.getByText(/(masters follow.*){3}/s).waitFor();
  },
  "tool-details": async (page) => {
    await say(page, "List the members");
    await answered(page);
    await page.getByRole("button", { name: /List members|member_list/ }).click();
  },
  "tool-failed": async (page) => {
    await say(page, "Write outside");
    await approve(page);
    await answered(page);
  },
  "tool-input-streaming": async (page) => {
    const tool = { name: "workspace__write_file", input: { path: "log/season.txt" }, lines: 600 };
    await script(page, [{ tool_use: [tool], chunks: 300, delay_ms: 60 }]);
    await page
      .getByText(/Line \d+ of 600/)
      .first()
      .waitFor();
  },
  "file-output": async (page) => {
    await say(page, "Create a file log/season.txt with 200 lines");
    await approve(page);
    await answered(page);
  },
  approval: async (page) => {
    await say(page, "Create a file notes/hello.txt with content Hello world");
    await armed(page);
  },
  "approval-destructive": async (page) => {
    await say(page, "Remove George O'Brien");
    await armed(page);
  },
  "several-approvals": async (page) => {
    const files = [
      write("notes/one.txt", "One"),
      write("notes/two.txt", "Two\nlines"),
      write("notes/three.md", "# Three"),
    ];
    await script(page, [{ text: "I will write three files.", tool_use: files }, { text: "Done." }]);
    await armed(page);
  },
  denied: async (page) => {
    await say(page, "Remove George O'Brien");
    await page.getByRole("alertdialog").getByRole("button", { name: "Deny" }).click();
    await answered(page);
  },
  error: async (page) => {
    await say(page, "Fail with overloaded");
    await page.getByRole("button", { name: "Try again" }).waitFor();
  },
  "not-sent": async (page) => {
    await page.route("**/api/chatbot/message", (route) => route.fulfill(refusal(500, "internal")));
    await say(page, "Is anybody there?");
    await page.getByRole("button", { name: /again/ }).first().waitFor();
  },
  limit: async (page) => {
    const body = { limit_type: "user", limit: 50_000, used: 50_000, resets_at: "2030-01-01T00:00:00.000Z" };
    await page.route("**/api/chatbot/message", (route) => route.fulfill(refusal(429, "limit_exceeded", body)));
    await say(page, "List the members");
    await page
      .getByText(/limit resets/)
      .first()
      .waitFor();
  },
  "signed-out": async (page) => {
    await page.context().clearCookies();
    await say(page, "List the members");
    await page.getByRole("button", { name: /sign in/i }).waitFor();
  },
  reconnecting: async (page) => {
    await page.route("**/api/chatbot/**/events*", (route) => route.abort());
    await page.route("**/api/chatbot/message", async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      // All but the end of it: the connection broke.
      await route.fulfill({ response, body: text.slice(0, text.lastIndexOf("id:")) });
    });
    await script(page, [{ text: "The launch is fuelled, and the log book lies on the table.", chunks: 4 }]);
    await page.getByText("Reconnecting…").first().waitFor();
  },
  "link-dialog": async (page) => {
    await script(page, [{ text: "Read the rules at [worldrowing.com](https://rowing.example/rules?year=2026)." }]);
    await answered(page);
    await page.getByRole("log").getByRole("link").click();
    await page.getByRole("alertdialog").waitFor();
  },
  session: async (page) => {
    await say(page, "List the members");
    await answered(page);
    await page.getByRole("button", { name: /may do/ }).click();
    await page.getByRole("meter").first().waitFor();
  },
  "long-words": async (page) => {
    await page
      .getByRole("textbox")
      .fill(`A long message.\n\n${"antidisestablishmentarianism".repeat(9)}\n\nWith lines.`);
    await page.getByRole("textbox").press("Enter");
    await answered(page);
    await page.getByRole("textbox").fill("A draft\nof several\nlines, not sent");
  },
} satisfies Record<string, Act>;

const ARABIC = {
  lang: "ar",
  texts: ["أضِف عضوًا جديدًا", "من يجدّف يوم السبت؟"],
  greeting: "أهلًا! كيف أستطيع مساعدتك اليوم؟",
};

const rightToLeft = (page: Page): Promise<void> =>
  page.evaluate(({ greeting, texts }) => {
    document.documentElement.dir = "rtl";
    const element = document.querySelector("chat-bot");
    element?.setAttribute("greeting", greeting);
    Object.assign(element ?? {}, { suggestions: texts });
  }, ARABIC);

const suggestions = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const texts = ["List the members", "Who rows on Saturday?", "Invite ada.byron@example.org"];
    Object.assign(document.querySelector("chat-bot") ?? {}, { suggestions: texts });
  });

const accent =
  (colour: string) =>
  (page: Page): Promise<void> =>
    page.evaluate((value) => {
      const style = document.querySelector<HTMLElement>("chat-bot")?.style;
      style?.setProperty("--chat-bot-accent", value);
      // The club chose a colour for what stands on its own accent.
      style?.setProperty("--chat-bot-on-accent", "initial");
    }, colour);

const inline = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const element = document.querySelector("chat-bot");
    element?.setAttribute("mode", "inline");
    document.querySelector("main")?.prepend(element ?? "");
  });

const IN_LIGHT_AND_DARK: readonly Picture[] = Object.entries(STATES).flatMap(([name, act]) => [
  { name, act, dress: suggestions },
  { name: `${name}-dark`, act, dress: suggestions, options: DARK },
]);

const IN_OTHER_WAYS: readonly Picture[] = [
  ...(["empty", "markdown-top", "approval", "tool-details", "error", "session"] as const).flatMap((name) => [
    { name: `${name}-rtl`, act: STATES[name], dress: rightToLeft },
    { name: `${name}-phone`, act: STATES[name], dress: suggestions, options: PHONE },
  ]),
  ...(["empty", "markdown", "table", "approval"] as const).map((name) => ({
    name: `${name}-inline`,
    act: STATES[name],
    dress: inline,
  })),
  ...["gold", "#777777", "black", "white", "#e8590c", "#00b37e"].flatMap((colour) => [
    { name: `accent-${colour.replace("#", "")}`, act: STATES.markdown, dress: accent(colour) },
    { name: `accent-${colour.replace("#", "")}-dark`, act: STATES.markdown, dress: accent(colour), options: DARK },
  ]),
  ...(["empty", "markdown-top", "approval", "tool-details", "streaming"] as const).map((name) => ({
    name: `${name}-forced-colours`,
    act: STATES[name],
    options: { forcedColors: "active" as const },
  })),
  ...(["empty", "markdown", "approval"] as const).map((name) => ({
    name: `${name}-contrast`,
    act: STATES[name],
    options: { contrast: "more" as const },
  })),
  // A window of 1280 × 860 pixels, magnified two and four times.
  ...(["empty", "markdown", "approval"] as const).flatMap((name) => [
    {
      name: `${name}-zoom-200`,
      act: STATES[name],
      options: { viewport: { width: 640, height: 430 }, deviceScaleFactor: 2 },
    },
    {
      name: `${name}-zoom-400`,
      act: STATES[name],
      options: { viewport: { width: 320, height: 215 }, deviceScaleFactor: 4 },
    },
  ]),
];

const closed: Picture = { name: "launcher" };

await main(process.argv.slice(2));

async function main(parts: readonly string[]): Promise<void> {
  const all = [...IN_LIGHT_AND_DARK, ...IN_OTHER_WAYS];
  const pictures = all.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
  await mkdir(FOLDER, { recursive: true });
  const { demo, browser, stop } = await startDemoBrowser({
    delayMs: 1,
    env: { CHATBOT_REQUESTS_PER_MINUTE: "10000" },
  });
  try {
    if (parts.length === 0 || parts.includes(closed.name)) await take(closed, demo, browser);
    for (const picture of pictures) await take(picture, demo, browser);
  } finally {
    await stop();
  }
}

async function take({ name, options, dress, act }: Picture, demo: Demo, browser: Browser): Promise<void> {
  const context = await browser.newContext({ ...DESKTOP, ...options });
  try {
    const page = await context.newPage();
    await page.goto(demo.hostUrl);
    await page.getByRole("button", { name: "Sign in as admin" }).click();
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    await dress?.(page);
    if (act !== undefined) {
      await page.evaluate(() => document.querySelector("chat-bot")?.setAttribute("open", ""));
      await page.getByRole("textbox").waitFor();
      await act(page);
    }
    await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: "disabled" });
    // What goes on behind a picture must not stand in the way of the next.
    await page.evaluate(() => document.querySelector<HTMLElement & { cancel(): Promise<void> }>("chat-bot")?.cancel());
    process.stdout.write(`${name}.png\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${name}: ${String(error)}\n`);
  } finally {
    await context.close();
  }
}

/** Types as a person does, and sends with Enter. */
async function say(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
}

/** Says what the scripted Claude is to do, which is not what people say: the pictures show it as a question. */
async function script(page: Page, steps: readonly object[]): Promise<void> {
  await say(page, `script:${JSON.stringify(steps)}`);
  await page.getByText(/^script:/).evaluate((element) => {
    element.textContent = "What is going on at the club today?";
  });
}

async function answered(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

/** The question is there, and its buttons can be pressed. */
async function armed(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Approve" }).and(page.locator("[aria-disabled=false]")).waitFor();
}

async function approve(page: Page): Promise<void> {
  await armed(page);
  await page.getByRole("button", { name: "Approve" }).click();
}

function refusal(
  status: number,
  code: string,
  more: object = {},
): { status: number; headers: Record<string, string>; body: string } {
  const body = { error: code, message: "The assistant did not take the message.", request_id: "none", ...more };
  return {
    status,
    headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
    body: JSON.stringify(body),
  };
}
