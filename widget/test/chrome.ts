// Which browser the tests run in. A skipped browser test proves nothing, so a machine without one gets instructions
// and a failure, never a silent pass.

import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { unpackBundledChromium } from "./bundled-chromium.ts";

/** What `launch()` of puppeteer-core or playwright-core needs, under the names both of them use. */
export interface Chrome {
  executablePath: string;
  args: string[];
  /** The browser's whole environment, not an addition to ours. */
  env: Record<string, string>;
}

const QUIET_ARGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const INSTRUCTIONS = [
  "No Chrome or Chromium was found for the browser tests.",
  "Install Google Chrome or Chromium, or set CHROME_PATH to the browser's executable.",
  "On Linux x64 the package @sparticuz/chromium brings one: `npm ci` installs it.",
].join("\n");

/**
 * Finds the browser for the tests: `CHROME_PATH`, else an installed Chrome, Chromium or Edge, else on Linux x64 the
 * Chromium packed in `@sparticuz/chromium`. `CHROME_PATH=bundled` asks for the packed one even where another is installed.
 * Throws, with instructions, when there is none.
 */
export async function findChrome(): Promise<Chrome> {
  const wanted = process.env["CHROME_PATH"];
  if (wanted !== undefined && wanted !== "" && wanted !== "bundled") {
    if (!isExecutable(wanted)) throw new Error(`CHROME_PATH is "${wanted}", and no executable file is there.`);
    return installed(wanted);
  }
  const found = wanted === "bundled" ? undefined : usualPlaces().find(isExecutable);
  if (found !== undefined) return installed(found);
  if (process.platform !== "linux" || process.arch !== "x64") throw new Error(INSTRUCTIONS);
  return bundled();
}

function installed(executablePath: string): Chrome {
  // Chromium refuses to start its sandbox as root, and most containers do not let it have one.
  const isConfined = process.getuid?.() === 0 || process.env["CI"] !== undefined;
  return { executablePath, args: isConfined ? [...QUIET_ARGS, "--no-sandbox"] : QUIET_ARGS, env: ownEnvironment() };
}

async function bundled(): Promise<Chrome> {
  const { executablePath, env } = await unpackBundledChromium();
  return {
    executablePath,
    // Not the package's own list of arguments: it switches web security off, and with it what the tests are to show.
    args: [...QUIET_ARGS, "--no-sandbox", "--no-zygote"],
    env: { ...ownEnvironment(), ...env },
  };
}

function usualPlaces(): string[] {
  if (process.platform === "darwin") {
    return ["Google Chrome", "Chromium", "Microsoft Edge"].flatMap((name) =>
      ["/Applications", join(homedir(), "Applications")].map((folder) =>
        join(folder, `${name}.app`, "Contents", "MacOS", name),
      ),
    );
  }
  if (process.platform === "win32") {
    const folders = [process.env["PROGRAMFILES"], process.env["PROGRAMFILES(X86)"], process.env["LOCALAPPDATA"]];
    return [
      "Google\\Chrome\\Application\\chrome.exe",
      "Chromium\\Application\\chrome.exe",
      "Microsoft\\Edge\\Application\\msedge.exe",
    ].flatMap((file) => folders.filter((folder) => folder !== undefined).map((folder) => join(folder, file)));
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "microsoft-edge"].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
}

function isExecutable(path: string): boolean {
  if (process.platform === "win32") return existsSync(path);
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
