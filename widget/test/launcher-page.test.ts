// The built script tag on a page of its own: what it costs before anybody wants to chat.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findChrome } from "./chrome.ts";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TEXT = Array.from({ length: 40 }, (_, line) => `<p>Line ${line} of a page that must not move.</p>`).join("");

let browser: Browser;
let server: Server;
let origin: string;
let page: Page;
let requests: string[];
let complaints: string[];
/** The page's HTML. */
let html = "";
/** The panel is not the one that the script was built with. */
let isTampered = false;
/** What begins so does not come. */
let missing: string | null = null;

/** An answer that asks whether a tool may run, and waits. */
const ASKING = [
  { type: "session_created", conversation_id: "c1", model: "m", protocol: 1 },
  { type: "status_update", state: "started", turn_id: "t1", message: { id: "m1", text: "Hello" } },
  { type: "tool_use", tool_use_id: "u1", name: "files__write", title: "Write file", server: "files", input: {} },
  {
    type: "tool_request",
    tool_use_id: "u1",
    name: "files__write",
    title: "Write file",
    description: "Writes a file.",
    input: {},
    input_sha256: "0".repeat(64),
    annotations: {},
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    remember: ["once"],
  },
]
  .map((event, index) => `id: 1-${index + 1}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join("");

/** The built files, and under /v2 the same as another version has them. */
async function read(path: string): Promise<string> {
  const code = await readFile(DIST + path.replace(/^\/(?:v2\/)?/, ""), "utf8");
  if (isTampered && path.startsWith("/chat-bot-panel-")) return `${code}\nglobalThis.isTampered = true;`;
  return path.startsWith("/v2/") ? `globalThis.isSecondVersionRun = true;${code}` : code;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname: path } = new URL(request.url ?? "/", origin);
    if (path === "/") {
      response.setHeader("Content-Type", "text/html").end(html);
    } else if (path === "/api/chatbot/message") {
      response.setHeader("Content-Type", "text/event-stream; charset=utf-8").write(ASKING);
    } else if (missing !== null && path.startsWith(missing)) {
      response.writeHead(503).end();
    } else {
      read(path).then(
        (code) => response.setHeader("Content-Type", "text/javascript").end(code),
        () => response.writeHead(404).end(),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch(await findChrome());
});

afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  page = await browser.newPage();
  requests = [];
  isTampered = false;
  missing = null;
  complaints = [];
  page.on("request", (request) => requests.push(request.url().slice(origin.length)));
  page.on("pageerror", (error) => complaints.push(error.message));
});

afterEach(async () => {
  await page.close();
});

async function show(...scripts: string[]): Promise<void> {
  html = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><body>${TEXT}<chat-bot endpoint="/api/chatbot" token="a.b.c" persist="none"></chat-bot>${scripts.join("")}`;
  await page.goto(origin);
  await page.getByRole("button", { name: "Open chat" }).waitFor();
}

/** How often something has moved since the page began, once what was drawn last is on the screen. */
async function layoutShifts(): Promise<number> {
  return await page.evaluate(async () => {
    let count = 0;
    const observer = new PerformanceObserver((list) => {
      count += list.getEntries().length;
    });
    observer.observe({ type: "layout-shift", buffered: true });
    for (let frame = 0; frame < 3; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    // What was recorded before is told in a task of its own.
    await new Promise((resolve) => setTimeout(resolve));
    return count + observer.takeRecords().length;
  });
}

test("a page that moves is noticed", async () => {
  await show('<script src="/chat-bot.js" async></script>');
  await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    document.body.prepend(Object.assign(document.createElement("div"), { style: "height: 200px" }));
  });
  await expect.poll(layoutShifts).toBeGreaterThan(0);
});

test.each([
  ["blocking", '<script src="/chat-bot.js"></script>'],
  ["async", '<script src="/chat-bot.js" async></script>'],
  ["a module", '<script src="/chat-bot.js" type="module"></script>'],
])("the script, %s, moves nothing on the page and asks for nothing but itself", async (_title, script) => {
  await show(script);
  expect(await layoutShifts()).toBe(0);
  expect(requests).toEqual(["/", "/chat-bot.js"]);
  expect(complaints).toEqual([]);
});

test("a panel with another hash does not run, and the person is told", async () => {
  isTampered = true;
  await show('<script src="/chat-bot.js" async></script>');
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByRole("alert").filter({ hasText: "could not be loaded" }).waitFor();
  expect(await page.evaluate(() => Reflect.get(globalThis, "isTampered"))).toBe(undefined);
});

test("intent fetches the panel, once", async () => {
  await show('<script src="/chat-bot.js" async></script>');
  await page.getByRole("button", { name: "Open chat" }).focus();
  await page.locator("chat-bot-panel").waitFor({ state: "attached" });
  const panels = requests.filter((path) => path.startsWith("/chat-bot-panel-"));
  expect(panels).toHaveLength(1);
  expect(complaints).toEqual([]);
});

test.each([
  ["the same version", '<script src="/chat-bot.js"></script>', undefined],
  ["another version", '<script src="/v2/chat-bot.js"></script>', true],
])("a second script tag, of %s, is harmless: the first one's panel is shown", async (_title, second, isRun) => {
  await show('<script src="/chat-bot.js"></script>', second);
  expect(await page.evaluate(() => Reflect.get(globalThis, "isSecondVersionRun"))).toBe(isRun);
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByRole("textbox").waitFor();
  expect(requests.filter((path) => path.includes("/chat-bot-panel-"))).toEqual([
    expect.stringMatching(/^\/chat-bot-panel-/),
  ]);
  expect(complaints).toEqual([]);
});

test("who is asked is told when the file that asks did not come, and is asked once it is there", async () => {
  missing = "/tool-views-";
  await show('<script src="/chat-bot.js" async></script>');
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByRole("textbox").fill("Hello");
  await page.keyboard.press("Enter");
  await page.getByText("A part of the chat could not be loaded").waitFor();
  missing = null;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alertdialog", { name: "Approval needed" }).waitFor();
});
