// `npm run test:browsers`: the same tests in three engines, one after the other.

import { chromeLauncher } from "@web/test-runner-chrome";
import { findProgram } from "./test/find-program.ts";
import { requireReducedMotion } from "./test/web-driver-page.ts";
import { webKitLauncher } from "./test/webkit-launcher.ts";
import chromium from "./web-test-runner.config.mjs";

/** Firefox by WebDriver BiDi, which has no media features yet: they are settings of the profile. */
const firefox = chromeLauncher({
  launchOptions: {
    browser: "firefox",
    executablePath: findProgram("firefox-esr"),
    extraPrefsFirefox: { "ui.prefersReducedMotion": 1 },
  },
  createPage: async ({ context }) => {
    const page = await context.newPage();
    page.emulateMediaFeatures = async (features = []) => requireReducedMotion(features);
    return page;
  },
  concurrency: 1,
});
firefox.name = "Firefox";

export default {
  ...chromium,
  browsers: [...chromium.browsers, firefox, webKitLauncher()].filter(isWanted),
  concurrentBrowsers: 1,
  // These engines draw without a graphics card and take their time: only a test that hangs is to be ended.
  testsFinishTimeout: 600_000,
  testFramework: { config: { timeout: 60_000 } },
};

/** `ENGINES=Firefox,WebKitGTK` leaves Chromium out. */
function isWanted({ name }) {
  const wanted = process.env["ENGINES"]?.split(",");
  return wanted?.includes(name) ?? true;
}
