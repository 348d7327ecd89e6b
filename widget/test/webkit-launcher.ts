// Runs the widget's tests in WebKitGTK, the engine of GNOME's browser and a near relative of Safari's. Its driver
// speaks WebDriver; the window is drawn on a display in memory.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { BrowserLauncher } from "@web/test-runner";
import { findProgram } from "./find-program.ts";
import { WebDriverPage, webDriverCommand } from "./web-driver-page.ts";

const READY_TIMEOUT_MS = 30_000;

const SCREEN = { width: 3200, height: 2400 };

/** Where the display's pointer rests. Nobody manages windows there: the one under the pointer has the focus. */
const POINTER = { x: SCREEN.width / 2, y: SCREEN.height / 2 };

/** Of the profile, where the browser may still be writing. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10 };

/** The window gets no narrower than the browser's own buttons: they are to take hardly any room. */
const NARROW_BUTTONS = "* { min-width: 0; margin: 0; border: 0; padding: 0; font-size: 1px; }\n";

interface WebKit {
  page: WebDriverPage;
  stop(): Promise<void>;
}

/** A launcher for the test runner: one window, one test file at a time. */
export function webKitLauncher(): BrowserLauncher & { getPage(sessionId: string): WebDriverPage } {
  let starting: Promise<WebKit> | null = null;
  const pages = new Map<string, WebDriverPage>();

  function getPage(sessionId: string): WebDriverPage {
    const page = pages.get(sessionId);
    if (page === undefined) throw new Error(`There is no page for session ${sessionId}.`);
    return page;
  }

  return {
    name: "WebKitGTK",
    // The runner's commands know this kind of page.
    type: "puppeteer",
    concurrency: 1,
    getPage,
    async startSession(sessionId, url) {
      starting ??= startWebKit();
      const { page } = await starting;
      pages.set(sessionId, page);
      await page.setViewport({ width: 800, height: 600 });
      await page.goto(url);
    },
    isActive: (sessionId) => pages.has(sessionId),
    getBrowserUrl: (sessionId) => getPage(sessionId).url(),
    async stopSession(sessionId) {
      const page = getPage(sessionId);
      pages.delete(sessionId);
      await page.goto("about:blank");
      return {};
    },
    startDebugSession() {
      throw new Error("WebKitGTK runs on a display in memory: nobody could look at it.");
    },
    async stop() {
      await (await starting)?.stop();
    },
  };
}

async function startWebKit(): Promise<WebKit> {
  const home = await makeHome();
  const children: ChildProcess[] = [];
  const stopAll = async (): Promise<void> => {
    for (const child of children.toReversed()) await end(child);
    await rm(home, REMOVAL);
    process.off("exit", abandonAll);
  };
  /** What a process that exits in the middle of a run has time for. */
  const abandonAll = (): void => {
    for (const child of children) child.kill();
    rmSync(home, REMOVAL);
  };
  process.once("exit", abandonAll);
  try {
    const screen = spawn(
      findProgram("xvfb"),
      ["-displayfd", "3", "-screen", "0", `${SCREEN.width}x${SCREEN.height}x24`, "-nolisten", "tcp"],
      {
        stdio: ["ignore", "ignore", "ignore", "pipe"],
      },
    );
    children.push(screen);
    const display = await firstLine(screen.stdio[3]);
    const port = await freePort();
    const driver = spawn(findProgram("webkit2gtk-driver"), [`--port=${port}`], {
      stdio: "ignore",
      env: { ...process.env, DISPLAY: `:${display}`, GDK_BACKEND: "x11", NO_AT_BRIDGE: "1", ...homeVariables(home) },
    });
    children.push(driver);
    const driverUrl = `http://127.0.0.1:${port}`;
    await answers(`${driverUrl}/status`);
    const session = await webDriverCommand(`${driverUrl}/session`, "POST", { capabilities: {} });
    const page = new WebDriverPage(`${driverUrl}/session/${readSessionId(session)}`);
    await page.moveWindow(POINTER.x - 10, POINTER.y - 10);
    return { page, stop: () => page.close().finally(stopAll) };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/**
 * A profile of its own, whose desktop has its animations off: pages see `prefers-reduced-motion`. Its window can be as
 * narrow as a phone.
 */
async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "chat-bot-webkit-"));
  await mkdir(join(home, "gtk-3.0"));
  await writeFile(join(home, "gtk-3.0", "settings.ini"), "[Settings]\ngtk-enable-animations=0\n");
  await writeFile(join(home, "gtk-3.0", "gtk.css"), NARROW_BUTTONS);
  return home;
}

function homeVariables(home: string): Record<string, string> {
  return { HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home };
}

function readSessionId(session: unknown): string {
  if (typeof session === "object" && session !== null && "sessionId" in session) return String(session.sessionId);
  throw new Error(`No session was begun: ${JSON.stringify(session)}`);
}

async function firstLine(stream: unknown): Promise<string> {
  if (!(stream instanceof Readable)) throw new Error("Nothing comes from there.");
  for await (const line of createInterface(stream)) return line;
  throw new Error("Xvfb has ended and named no display.");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}

async function answers(url: string): Promise<void> {
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  for (;;) {
    const response = await fetch(url, { signal }).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    await pause(50, undefined, { signal });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}
