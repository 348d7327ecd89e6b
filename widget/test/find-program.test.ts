import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findProgram, isInstalled } from "./find-program.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-bot-programs-"));
  vi.stubEnv("PATH", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function put(program: string, mode: number): Promise<string> {
  const path = join(folder, program);
  await writeFile(path, "");
  await chmod(path, mode);
  return path;
}

test("findProgram finds a program under any of its names", async () => {
  const path = await put("firefox-esr", 0o755);
  expect(findProgram("firefox-esr")).toBe(path);
});

test("findProgram says what to install where nothing is found", () => {
  expect(() => findProgram("xvfb")).toThrow("apt-get install --no-install-recommends xvfb");
});

test.skipIf(process.platform === "win32")("a file that cannot be run is no program", async () => {
  await put("Xvfb", 0o644);
  expect(isInstalled("Xvfb")).toBe(false);
});
