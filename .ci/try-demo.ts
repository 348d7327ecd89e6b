// Does what the README tells a newcomer to do: starts the demo, opens the address it prints, signs in, ends it with Ctrl-C.

import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

const READY_WITHIN_MS = 120_000;
const ENDS_WITHIN_MS = 20_000;

// A group of its own, so that the signal reaches every process of the demo, as a terminal's Ctrl-C does.
const demo = spawn("npm", ["run", "demo"], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
const outcomes: boolean[] = [];

function outcome(title: string, isGood: boolean, detail = ""): void {
  outcomes.push(isGood);
  console.log(`${isGood ? "passed" : "FAILED"}  ${title}${isGood || detail === "" ? "" : `: ${detail}`}`);
}

/** The page at the first address in the demo's output that answers with one. */
async function openPrintedAddress(signal: AbortSignal): Promise<string> {
  let output = "";
  // The pipe stays open on return: a demo that can no longer print would end for that reason.
  for await (const piece of demo.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    output += String(piece);
    process.stdout.write(String(piece));
    signal.throwIfAborted();
    const lines = output.slice(0, output.lastIndexOf("\n") + 1);
    for (const [url] of lines.matchAll(/https?:\/\/(?:localhost|127\.0\.0\.1):\d+[^\s"')]*/g)) {
      const html = await pageAt(url, signal);
      if (html !== undefined) return html;
    }
  }
  throw new Error("the demo ended before a page answered");
}

/** What somebody sees there who has signed in; undefined where nobody can. */
async function pageAt(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const form = new URLSearchParams({ role: "member" });
    const signedIn = await fetch(new URL("/sign-in", url), { method: "POST", body: form, redirect: "manual", signal });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0];
    if (cookie === undefined) return undefined;
    const response = await fetch(url, { headers: { cookie }, signal });
    const isPage = response.ok && response.headers.get("content-type")?.startsWith("text/html") === true;
    return isPage ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}

/** Sends the signal to all of the demo's processes, or with 0 only asks; false when there are none. */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  if (demo.pid === undefined) return false;
  try {
    return process.kill(-demo.pid, signal);
  } catch {
    return false;
  }
}

/** npm itself ends at once; what it started may take a moment to close. */
async function isGroupGone(): Promise<boolean> {
  const end = Date.now() + ENDS_WITHIN_MS;
  while (signalGroup(0)) {
    if (Date.now() > end) return false;
    await wait(100);
  }
  return true;
}

try {
  const timeout = AbortSignal.timeout(READY_WITHIN_MS);
  timeout.addEventListener("abort", () => demo.stdout.destroy());
  const html = await openPrintedAddress(timeout);
  outcome("npm run demo prints the address of a page", true);
  outcome("the page loads the widget", html.includes("chat-bot.js"), html.slice(0, 500));
  demo.stdout.resume();
  signalGroup("SIGINT");
  outcome("Ctrl-C ends every process of the demo", await isGroupGone(), "some are still running");
} catch (error) {
  outcome("npm run demo prints the address of a page", false, String(error));
}

signalGroup("SIGKILL");

const failed = outcomes.filter((isGood) => !isGood).length;
console.log(`${outcomes.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
