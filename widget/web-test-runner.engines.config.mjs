// `npm run test:browsers`: the same tests in three engines, one after the other.

import { chromeLauncher } from "@web/test-runner-chrome";
import { exitOnSignals } from "./test/exit-on-signals.ts";
import { findProgram } from "./test/find-program.ts";
import { requireReducedMotion } from "./test/web-driver-page.ts";
import { webKitLauncher } from "./test/webkit-launcher.ts";
import chromium from "./web-test-runner.config.mjs";

exitOnSignals();

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
    const goto = page.goto.bind(page);
    page.goto = async (address) => {
      if (page.url() === "about:blank") await takeFocus(page);
      return await goto(address);
    };
    return page;
  },
  concurrency: 1,
});
firefox.name = "Firefox";

const engines = [...chromium.browsers, firefox, webKitLauncher()];

export default {
  ...chromium,
  browsers: wanted(process.env["ENGINES"]?.split(",")),
  concurrentBrowsers: 1,
  // These engines draw without a graphics card and take their time: only a test that hangs is to be ended.
  testsFinishTimeout: 600_000,
  testFramework: { config: { timeout: 60_000 } },
};

/** `ENGINES=Firefox,WebKitGTK` leaves Chrome out. */
function wanted(names = engines.map(({ name }) => name)) {
  return names.map((name) => {
    const engine = engines.find((one) => one.name === name);
    if (engine !== undefined) return engine;
    throw new Error(`There is no engine "${name}" in ENGINES, only ${engines.map((one) => one.name).join(", ")}.`);
  });
}

/** Tests that go through a page with Tab may leave the focus on a button of the browser's own, where no key reaches a page. */
async function takeFocus(page) {
  while (!(await page.evaluate(() => document.hasFocus()))) await page.keyboard.press("Tab");
}
