// The pages of demo/frameworks in a browser: each embeds the element in its framework's own way.

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Demo } from "../src/create-demo.ts";
import { complaintsOf, type DemoBrowser, startDemoBrowser } from "./demo-browser.ts";

let started: DemoBrowser;
let browser: Browser;
let demo: Demo;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  started = await startDemoBrowser({ delayMs: 1 });
  ({ demo, browser } = started);
});

afterAll(() => started.stop());

beforeEach(async () => {
  context = await browser.newContext({ reducedMotion: "reduce", locale: "en-GB" });
  page = await context.newPage();
  complaints = complaintsOf(page);
  await page.goto(demo.hostUrl);
  await page.getByRole("button", { name: "Sign in as member" }).click();
  await page.getByRole("link", { name: /React, Vue/ }).click();
});

afterEach(() => context.close());

test.each([
  ["HTML", "Assistant in HTML"],
  ["React 19", "Assistant in React"],
  ["Vue 3", "Assistant in Vue"],
  ["Svelte 5", "Assistant in Svelte"],
  ["Angular", "Assistant in Angular"],
  ["CMS", "Assistant in a CMS"],
])("%s embeds the element", async (framework, heading) => {
  await page.getByRole("link", { name: framework }).click();
  const heard = (events: string): Promise<void> =>
    page
      .locator("output")
      .and(page.getByText(events, { exact: true }))
      .waitFor();

  // Drawn by the framework, with properties that are no attributes, and events it listens to.
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByRole("textbox").waitFor();
  await page.getByRole("heading", { name: heading }).waitFor();
  await page.getByRole("button", { name: "Show me Markdown" }).waitFor();
  await heard("chat-bot-open");

  // Its methods, through the framework's reference to it.
  await page.getByRole("button", { name: "Ask for the members" }).click();
  await page.getByRole("log").getByRole("table").waitFor();
  await heard("chat-bot-open, chat-bot-message, chat-bot-message, chat-bot-turn-end");

  // Taken away and put back, it goes on where it was.
  await page.getByRole("button", { name: "Take the assistant away" }).click();
  await page.locator("chat-bot").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Put the assistant back" }).click();
  await page.getByRole("button", { name: /^(Open|Close) chat/ }).waitFor();
  if (!(await page.getByRole("textbox").isVisible())) await page.getByRole("button", { name: /^Open chat/ }).click();
  await page.getByRole("log").getByRole("table").waitFor();
  expect(complaints).toEqual([]);
});
