// The built script tag on a page of its own: what it costs before anybody wants to chat, and what happens when files do not come.

import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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
/** In which way it does not. */
let fail: (response: ServerResponse) => void;
/** The stream that every message is answered with. */
let answer: string;

type Event = { type: string; [name: string]: unknown };

/** An answer that asks whether a tool may run, and waits. */
const ASKING = stream([
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
]);

const CODE = "const answer = 42;";

/** An answer that is code. */
const CODING = stream([
  { type: "session_created", conversation_id: "c1", model: "m", protocol: 1 },
  { type: "status_update", state: "started", turn_id: "t1", message: { id: "m1", text: "Hello" } },
  { type: "text", block: 0, offset: 0, text: `\`\`\`ts\n${CODE}\n\`\`\`` },
  { type: "done", turn_id: "t1", reason: "end_turn" },
]);

/** An answer that is written piece by piece. */
const WRITING = stream([
  { type: "session_created", conversation_id: "c1", model: "m", protocol: 1 },
  { type: "status_update", state: "started", turn_id: "t1", message: { id: "m1", text: "Hello" } },
  ...Array.from({ length: 30 }, (_, index) => ({ type: "text", block: 0, offset: 9 * index, text: "**bold** " })),
  { type: "done", turn_id: "t1", reason: "end_turn" },
]);

/** The same as the next turn. */
function next(events: string): string {
  return events.replaceAll("id: 1-", "id: 2-").replaceAll('"t1"', '"t2"').replaceAll('"m1"', '"m2"');
}

/** Event by event. */
async function send(events: string, response: ServerResponse): Promise<void> {
  response.setHeader("Content-Type", "text/event-stream; charset=utf-8");
  for (const event of events.split(/(?<=\n\n)/)) {
    response.write(event);
    await pause(20);
  }
}

function stream(events: Event[]): string {
  return events
    .map((event, index) => `id: 1-${index + 1}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

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
      void send(answer, response);
    } else if (missing !== null && path.startsWith(missing)) {
      fail(response);
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
  fail = (response) => response.writeHead(503).end();
  answer = ASKING;
  complaints = [];
  page.on("request", (request) => requests.push(request.url().slice(origin.length)));
  page.on("pageerror", (error) => complaints.push(error.message));
});

afterEach(async () => {
  await page.close();
});

async function show(...scripts: string[]): Promise<void> {
  await visit("", ...scripts);
  await page.getByRole("button", { name: "Open chat" }).waitFor();
}

async function visit(attributes: string, ...scripts: string[]): Promise<void> {
  html = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><body>${TEXT}<chat-bot endpoint="/api/chatbot" token="a.b.c" persist="none" ${attributes}></chat-bot>${scripts.join("")}`;
  await page.goto(origin);
}

async function say(text: string): Promise<void> {
  await page.getByRole("textbox").fill(text);
  await page.keyboard.press("Enter");
}

const notice = (): Locator => page.getByRole("alert").filter({ hasText: "could not be loaded" });
const panelRequests = (): string[] => requests.filter((path) => path.startsWith("/chat-bot-panel-"));

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
  await notice().waitFor();
  expect(await page.evaluate(() => Reflect.get(globalThis, "isTampered"))).toBe(undefined);
});

test("intent fetches the panel, once", async () => {
  await show('<script src="/chat-bot.js" async></script>');
  await page.getByRole("button", { name: "Open chat" }).focus();
  await page.locator("chat-bot-panel").waitFor({ state: "attached" });
  expect(panelRequests()).toHaveLength(1);
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
  await say("Hello");
  await page.getByText("A part of the chat could not be loaded").waitFor();
  missing = null;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alertdialog", { name: "Approval needed" }).waitFor();
});

describe.each<[string, (response: ServerResponse) => void]>([
  ["is not there", (response) => response.writeHead(404).end()],
  ["is refused", (response) => response.writeHead(503).end()],
  ["is cut off before it begins", (response) => response.destroy()],
  [
    "is cut off on its way",
    (response) => {
      response.writeHead(200, { "Content-Type": "text/javascript", "Content-Length": "9999" }).write("//");
      setTimeout(() => response.destroy());
    },
  ],
])("When the panel's file %s", (_title, failure) => {
  beforeEach(() => {
    missing = "/chat-bot-panel-";
    fail = failure;
  });

  test.each([
    ["classic", ""],
    ["a module", 'type="module"'],
  ])("the script, %s, asks again at the next press, and one chats with tools and all", async (_kind, attributes) => {
    await show(`<script src="/chat-bot.js" ${attributes}></script>`);
    const button = page.getByRole("button", { name: "Open chat" });
    await button.click();
    await notice().waitFor();
    // Wherever it was asked for so far: what is pressed next asks at an address that has not failed.
    const failed = panelRequests();
    missing = null;
    await button.click();
    await say("Hello");
    await page.getByRole("alertdialog", { name: "Approval needed" }).waitFor();
    const answered = new Set(panelRequests()).difference(new Set(failed));
    expect([...answered]).toEqual([expect.stringMatching(/\?again$/)]);
    expect(await notice().count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("an inline element, whose button is not seen otherwise, shows it to be pressed", async () => {
    await visit('mode="inline"', '<script src="/chat-bot.js"></script>');
    await notice().waitFor();
    missing = null;
    // By key: when the panel comes because the pointer is over the button, there is nothing left to click at.
    await page.getByRole("button", { name: "Open chat" }).press("Enter");
    await page.getByRole("textbox").waitFor();
    expect(await notice().count()).toBe(0);
    expect(await page.getByRole("button", { name: "Open chat" }).count()).toBe(0);
  });
});

test("two elements on a page share the panel's file, also after it has failed", async () => {
  missing = "/chat-bot-panel-";
  await visit(
    "open",
    '<chat-bot endpoint="/api/chatbot" mode="inline"></chat-bot><script src="/chat-bot.js"></script>',
  );
  await expect.poll(() => notice().count()).toBe(2);
  missing = null;
  await page.evaluate(() => {
    for (const { shadowRoot } of document.querySelectorAll("chat-bot")) shadowRoot?.querySelector("button")?.click();
  });
  await expect.poll(() => page.getByRole("textbox").count()).toBe(2);
  expect(complaints).toEqual([]);
});

test("an answer whose formatting did not come is text; with the next one it is asked for again, for both", async () => {
  missing = "/markdown-document-";
  answer = WRITING;
  await show('<script src="/chat-bot.js"></script>');
  await page.getByRole("button", { name: "Open chat" }).click();
  await say("Hello");
  await page.getByRole("log").getByText("**bold** ".repeat(30).trim()).waitFor();
  // With the message, and when the answer began; not with each piece.
  expect(requests.filter((path) => path.startsWith("/markdown-document-")).length).toBeLessThan(3);

  missing = null;
  answer = next(WRITING);
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
  await say("Once more");
  await expect.poll(() => page.locator("strong").count()).toBe(60);
  expect(complaints).toEqual([]);
});

test("code whose colours did not come is plain and can be copied; with the next code they are asked for again", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  missing = "/code-highlighter-";
  answer = CODING;
  await show('<script src="/chat-bot.js"></script>');
  await page.getByRole("button", { name: "Open chat" }).click();
  const refused = page.waitForResponse((response) => response.status() === 503);
  await say("Hello");
  expect(new URL((await refused).url()).pathname).toMatch(/^\/code-highlighter-/);
  await page.getByRole("button", { name: "Copy code" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(CODE);
  expect(await page.locator(".code-keyword").count()).toBe(0);

  missing = null;
  answer = next(CODING);
  await say("Once more");
  // The first block gets its colours, too.
  await expect.poll(() => page.locator(".code-keyword").count()).toBe(2);
  expect(complaints).toEqual([]);
});
