import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChrome } from "../../widget/test/chrome.ts";
import { createDemo, type Demo, type DemoOptions } from "../src/create-demo.ts";

/** A demo of its own, and a browser to see it in. */
export interface DemoBrowser {
  demo: Demo;
  browser: Browser;
  /** Ends both, and takes away what the demo has stored. */
  stop(): Promise<void>;
}

export async function startDemoBrowser(options: Omit<DemoOptions, "directory">): Promise<DemoBrowser> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-demo-"));
  const [demo, browser] = await Promise.all([
    createDemo({ directory, ...options }),
    findChrome().then((chrome) => chromium.launch(chrome)),
  ]);
  return {
    demo,
    browser,
    async stop() {
      await browser.close();
      await demo.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** What the browser reports as an error of its own when a server refuses something. */
export const isRefusal = (text: string): boolean => text.startsWith("Failed to load resource");

/** Errors of the page from now on, thrown or in its console, but for those in the console that are a part of the journey. */
export function complaintsOf(page: Page, isExpected: (text: string) => boolean = () => false): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message.text())) complaints.push(message.text());
  });
  return complaints;
}
