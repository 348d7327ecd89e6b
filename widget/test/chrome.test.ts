import { afterEach, expect, test, vi } from "vitest";
import { findChrome } from "./chrome.ts";

afterEach(() => vi.unstubAllEnvs());

test("findChrome takes the browser that CHROME_PATH names", async () => {
  vi.stubEnv("CHROME_PATH", process.execPath);
  expect(await findChrome()).toMatchObject({ executablePath: process.execPath });
});

test("findChrome says which CHROME_PATH leads nowhere, and looks no further", async () => {
  vi.stubEnv("CHROME_PATH", "/no/such/chrome");
  await expect(findChrome()).rejects.toThrow('CHROME_PATH is "/no/such/chrome"');
});

test("findChrome hands over the whole environment, so that the browser keeps its home and its path", async () => {
  vi.stubEnv("CHROME_PATH", process.execPath);
  const { env } = await findChrome();
  expect(env["PATH"]).toBe(process.env["PATH"]);
});

test("findChrome leaves web security on", async () => {
  vi.stubEnv("CHROME_PATH", process.execPath);
  const { args } = await findChrome();
  expect(args).not.toContain("--disable-web-security");
});
