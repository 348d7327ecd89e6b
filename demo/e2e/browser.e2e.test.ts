import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDemo, type Demo } from "../src/create-demo.ts";
import { complaintsOf, type DemoBrowser, isRefusal, startDemoBrowser } from "./demo-browser.ts";
import { memberNames } from "./member-names.ts";

/** For people to look at; the README's picture is one of them. */
const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));

let started: DemoBrowser;
let browser: Browser;
let demo: Demo;
let context: BrowserContext;
let page: Page;
/** What the page complained about. */
let complaints: string[];

beforeAll(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  started = await startDemoBrowser({ delayMs: 2 });
  ({ demo, browser } = started);
});

afterAll(() => started.stop());

beforeEach(async () => {
  context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  page = await context.newPage();
  complaints = complaintsOf(page, isRefusal);
});

afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

async function signIn(role: "admin" | "member"): Promise<void> {
  await page.goto(demo.hostUrl);
  await page.getByRole("button", { name: `Sign in as ${role}` }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

async function openChat(): Promise<void> {
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByRole("textbox").waitFor();
}

/** Types as a person does, and sends with Enter. */
async function say(text: string): Promise<void> {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
}

function approval(): Locator {
  return page.getByRole("alertdialog");
}

/** The list of messages; `getByRole` looks through shadow roots. */
function transcript(): Locator {
  return page.getByRole("log");
}

/** The assistant has finished: the stop button has given way to the send button. */
async function answered(): Promise<void> {
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

function screenshot(name: string): Promise<Buffer> {
  return page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: "disabled" });
}

describe("A signed-in admin", () => {
  test("chats, approves a file, denies a removal, and finds it all again after a reload", async () => {
    await signIn("admin");
    await openChat();
    await screenshot("empty");
    await say("List the members");
    await transcript().getByRole("table").waitFor();
    await answered();
    await transcript().getByText("jun.tanaka@harbour.example").waitFor();
    await screenshot("member-list");

    await say("Create a file notes/hello.txt with content Hello world");
    await approval().waitFor();
    await expectText(approval(), ["notes/hello.txt", "Hello world", "Expires in"]);
    expect(await page.evaluate(focusedName)).toBe("Deny");
    await screenshot("approval");
    // The directory itself is made with the first file.
    const filesBefore = await readdir(demo.workspaceDir, { recursive: true }).catch((): string[] => []);
    expect(filesBefore.filter((path) => path.includes("notes"))).toEqual([]);
    await approve();
    await answered();
    const written = (await readdir(demo.workspaceDir, { recursive: true })).find((path) =>
      path.endsWith("notes/hello.txt"),
    );
    expect(await readFile(join(demo.workspaceDir, written ?? ""), "utf8")).toBe("Hello world");

    const [leaving = ""] = memberNames(demo).slice(5);
    await say(`Remove ${leaving}`);
    await approval().waitFor();
    await approval().getByRole("button", { name: "Deny" }).click();
    await approval().waitFor({ state: "detached" });
    await answered();
    expect(memberNames(demo)).toContain(leaving);
    await screenshot("denied");

    await page.reload();
    await openOrOpened();
    for (const text of [
      "List the members",
      "Create a file notes/hello.txt with content Hello world",
      `Remove ${leaving}`,
    ]) {
      await transcript().getByText(text, { exact: true }).first().waitFor();
    }
    await transcript().getByRole("table").waitFor();
    await screenshot("after-reload");
  });

  test("sees a long file appear while it is written", async () => {
    await signIn("admin");
    await openChat();
    await say("Create a file log/season.txt with 2000 lines");
    // The input is shown while the model writes it, before anybody is asked.
    await transcript()
      .getByText(/Line \d{4} of 2000/)
      .first()
      .waitFor();
    await approval().waitFor();
    await approve();
    await transcript().getByText("Line 2000 of 2000").waitFor();
    await answered();
    await screenshot("file-output");
    const written = (await readdir(demo.workspaceDir, { recursive: true })).filter((path) =>
      path.endsWith("season.txt"),
    );
    expect(written.length).toBe(1);
  });

  test("approves a removal, and the member is gone from the database", async () => {
    await signIn("admin");
    await openChat();
    const leaving = memberNames(demo).at(-1) ?? "";
    await say(`Remove ${leaving}`);
    await approval().waitFor();
    await approve();
    await answered();
    expect(memberNames(demo)).not.toContain(leaving);
  });

  test("reloads in the middle of an answer, and it goes on", async () => {
    await signIn("admin");
    await openChat();
    const script = JSON.stringify([{ text: "All in good order. ", repeat: 150, chunks: 150, delay_ms: 25 }]);
    await say(`script:${script}`);
    // The first one stands in the question.
    await transcript().getByText("All in good order.").nth(1).waitFor();
    await page.reload();
    await openOrOpened();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await answered();
    const words = await transcript().innerText();
    expect(words.match(/All in good order\./g)?.length).toBe(150 + 1);
  });

  test("reloads before the first message has got through, and it is answered all the same, once", async () => {
    await signIn("admin");
    await openChat();
    // The server has the message, but its answer never reaches this page: not even an error that it would try again after.
    let isLeft = false;
    await page.route("**/api/chatbot/message", async (route) => {
      if (isLeft) await route.continue();
      else await route.fetch({ timeout: 300 }).catch(() => undefined);
    });
    const asked = page.waitForRequest("**/api/chatbot/message");
    const script = JSON.stringify([{ text: "Here after all. ", repeat: 40, chunks: 40, delay_ms: 20 }]);
    await say(`script:${script}`);
    const key = await (await asked).headerValue("Idempotency-Key");
    isLeft = true;
    const askedAgain = page.waitForRequest("**/api/chatbot/message");
    await page.reload();
    expect(await (await askedAgain).headerValue("Idempotency-Key")).toBe(key);
    await openOrOpened();
    await answered();
    const words = await transcript().innerText();
    expect(words.match(/Here after all\./g)?.length).toBe(40 + 1);
  });

  test("finds a question again after a reload, and can still answer it", async () => {
    await signIn("admin");
    await openChat();
    await say("Invite grace.hopper@example.org");
    await approval().waitFor();
    await page.reload();
    await openOrOpened();
    await approval().waitFor();
    await approve();
    await answered();
    expect(memberNames(demo).length).toBeGreaterThan(0);
    await transcript().getByText("grace.hopper@example.org").first().waitFor();
  });

  test("stops an answer and goes on talking", async () => {
    await signIn("admin");
    await openChat();
    await say(`script:${JSON.stringify([{ text: "endless ", repeat: 2000, chunks: 500, delay_ms: 20 }])}`);
    await transcript().getByText("endless").nth(1).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await answered();
    await transcript().getByText("Stopped").first().waitFor();
    await say("List the members");
    await transcript().getByRole("table").waitFor();
  });

  test("is told kindly in a second tab that one answer is still coming", async () => {
    await signIn("admin");
    await openChat();
    await say(`script:${JSON.stringify([{ text: "slow ", repeat: 400, chunks: 400, delay_ms: 20 }])}`);
    await transcript().getByText("slow").nth(1).waitFor();
    const second = await context.newPage();
    await second.goto(demo.hostUrl);
    await second.getByRole("button", { name: "Open chat" }).click();
    await second.getByRole("textbox").fill("And what about this?");
    await second.getByRole("textbox").press("Enter");
    await second.getByText("still answering").first().waitFor();
    await second.screenshot({ path: join(SCREENSHOTS, "concurrent.png"), animations: "disabled" });
    await second.close();
    await page.getByRole("button", { name: "Stop" }).click();
    await answered();
  });

  test("reads what went wrong, and tries again", async () => {
    await signIn("admin");
    await openChat();
    await say("Fail with overloaded");
    await page.getByRole("button", { name: /try again|retry/i }).waitFor();
    await screenshot("error");
  });

  test("reads Markdown with tables, code and lists, in the dark and on a phone too", async () => {
    await signIn("admin");
    await openChat();
    await say("Show me Markdown");
    await answered();
    expect(await transcript().getByRole("table").count()).toBeGreaterThan(0);
    await screenshot("markdown");
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await screenshot("dark");
    await page.setViewportSize({ width: 390, height: 844 });
    await screenshot("phone");
  });
});

describe("On other surfaces", () => {
  test("every control and message has an outline where colours are forced, and so has what is focused", async () => {
    await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
    await signIn("admin");
    await openChat();
    await say("Remove George O'Brien");
    await approval().waitFor();
    const withoutOutline = await page.locator("chat-bot").evaluate((element) => {
      const names = ".panel, .launcher, .bubble, .tool-call, .composer, .send, .dialog, .button";
      return [...(element.shadowRoot?.querySelectorAll(names) ?? [])]
        .filter((part) => {
          const { borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(part);
          return borderTopWidth === "0px" || borderTopColor === backgroundColor;
        })
        .map((part) => part.className);
    });
    expect(withoutOutline).toEqual([]);
    const ring = await approval()
      .getByRole("button", { name: "Deny", exact: true })
      .evaluate((button) => getComputedStyle(button).outlineStyle);
    expect(ring).toBe("solid");
    await approval().getByRole("button", { name: "Deny", exact: true }).click();
    await answered();
  });

  test("an inline conversation is printed whole, a floating one not at all", async () => {
    await signIn("admin");
    await openChat();
    await say("Show me Markdown");
    await answered();
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("chat-bot .launcher").isVisible()).toBe(false);
    await page.locator("chat-bot").evaluate((element) => element.setAttribute("mode", "inline"));
    const heights = await transcript().evaluate((log) => {
      const last = log.querySelector(".markdown > :last-child")?.getBoundingClientRect().bottom ?? Number.NaN;
      return { last, end: log.getBoundingClientRect().bottom, host: document.documentElement.scrollHeight };
    });
    expect(heights.last).toBeGreaterThan(900);
    expect(heights.last).toBeLessThanOrEqual(heights.end);
    expect(heights.end).toBeLessThanOrEqual(heights.host);
  });

  test("what is left of a daily limit fills the whole height of its bar", async () => {
    await signIn("admin");
    await openChat();
    await page.getByRole("button", { name: /may do/ }).click();
    const meter = page.getByRole("meter").first();
    await meter.waitFor();
    const [top, middle, bottom] = await coloursDown(await meter.screenshot({ animations: "disabled" }), 10);
    expect([top, bottom]).toEqual([middle, middle]);
  });

  test("on a phone the keyboard stays away until somebody taps the message box", async () => {
    await context.close();
    context = await browser.newContext({ viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true });
    page = await context.newPage();
    await signIn("admin");
    await openChat();
    await page.waitForFunction(focusedRole, "log");
    await page.getByRole("textbox").tap();
    await say("Remove George O'Brien");
    await approval().getByRole("button", { name: "Deny", exact: true }).tap();
    await page.waitForFunction(focusedRole, "log");
    await answered();
  });
});

describe("A signed-in member", () => {
  test("lists the members without being asked, and cannot remove one", async () => {
    await signIn("member");
    await openChat();
    await say("List the members");
    await transcript().getByRole("table").waitFor();
    const before = memberNames(demo);
    await say(`Remove ${before[0]}`);
    await answered();
    expect(await approval().count()).toBe(0);
    expect(memberNames(demo)).toEqual(before);
  });

  test("whose session has ended is asked to sign in again", async () => {
    await signIn("member");
    await context.clearCookies();
    await openChat();
    await say("List the members");
    await page.getByRole("button", { name: /sign in/i }).waitFor();
    await screenshot("signed-out");
    expect(await transcript().innerText()).toContain("List the members");
  });
});

describe("A user whose limit is used up", () => {
  test("reads when it starts anew, in the panel and on the wire", async () => {
    const small = await mkdtemp(join(tmpdir(), "chat-bot-limits-"));
    const limited = await createDemo({ directory: small, delayMs: 0, env: { CHATBOT_DAILY_TOKEN_LIMIT_USER: "1" } });
    try {
      await page.goto(limited.hostUrl);
      await page.getByRole("button", { name: "Sign in as member" }).click();
      await openChat();
      const [refusal] = await Promise.all([
        page.waitForResponse((response) => response.url().endsWith("/message")),
        say("List the members"),
      ]);
      expect(refusal.status()).toBe(429);
      expect(await refusal.json()).toMatchObject({
        error: "limit_exceeded",
        limit_type: "user",
        limit: 1,
        used: 0,
        resets_at: expect.any(String),
      });
      expect(Number(await refusal.headerValue("retry-after"))).toBeGreaterThan(0);
      await page
        .getByText(/daily limit/i)
        .first()
        .waitFor();
      await screenshot("limit");
    } finally {
      await limited.stop();
      await rm(small, { recursive: true });
    }
  });
});

/** The panel opens by itself where it was open before; else a person opens it. */
async function openOrOpened(): Promise<void> {
  const textbox = page.getByRole("textbox");
  const launcher = page.getByRole("button", { name: /^Open chat/ });
  await textbox.or(launcher).first().waitFor();
  if (!(await textbox.isVisible())) await launcher.click();
  await textbox.waitFor();
}

/** The button is armed a moment after the question appears: a person cannot be that fast by intent. */
async function approve(): Promise<void> {
  const button = approval().getByRole("button", { name: "Approve" });
  await expect.poll(() => button.isEnabled()).toBe(true);
  await button.click();
  await approval().waitFor({ state: "detached" });
}

async function expectText(locator: Locator, texts: readonly string[]): Promise<void> {
  const shown = await locator.innerText();
  for (const text of texts) expect(shown).toContain(text);
}

/** Name of the focused button, through the shadow roots. Runs in the page. */
/** Colours of a picture near its top, in the middle and near its bottom. */
async function coloursDown(picture: Buffer, x: number): Promise<string[]> {
  const blank = await context.newPage();
  return await blank.evaluate(
    async ([base64, left]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
      canvas?.drawImage(image, 0, 0);
      return [1, image.height / 2, image.height - 2].map((y) => String(canvas?.getImageData(left, y, 1, 1).data));
    },
    [picture.toString("base64"), x] as const,
  );
}

function focusedRole(role: string): boolean {
  return document.activeElement?.shadowRoot?.activeElement?.role === role;
}

function focusedName(): string {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused?.textContent?.trim() ?? "";
}
