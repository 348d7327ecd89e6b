import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPart } from "./start-part.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "part-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function script(name: string, source: string): Promise<URL> {
  const path = join(directory, name);
  await writeFile(path, source);
  return pathToFileURL(path);
}

describe("startPart", () => {
  it("starts the scripted Claude, hears where it listens and ends it", async () => {
    const lines: string[] = [];
    const main = new URL("scripted-claude/main.ts", import.meta.url);
    const part = startPart({ name: "claude", main, env: {}, onLine: (name, line) => lines.push(`${name}: ${line}`) });
    const { url } = JSON.parse(await part.firstLine) as { url: string };
    expect((await fetch(url)).status).toBe(404);
    expect(lines).toEqual([`claude: {"url":"${url}"}`]);
    await part.stop();
    expect(await part.ended).toEqual({ name: "claude", how: "code 0" });
    await expect(fetch(url)).rejects.toThrow();
  });

  it("tells what a part writes on either stream, and how it ended", async () => {
    const main = await script("fails.mjs", 'console.log("one"); console.error("two"); process.exitCode = 3;');
    const lines: string[] = [];
    const part = startPart({ name: "x", main, env: {}, onLine: (_, line) => lines.push(line) });
    expect(await part.ended).toEqual({ name: "x", how: "code 3" });
    expect(lines.toSorted()).toEqual(["one", "two"]);
  });

  it("says so when a part ends before it is ready", async () => {
    const part = startPart({ name: "x", main: await script("silent.mjs", ""), env: {}, onLine: () => undefined });
    await expect(part.firstLine).rejects.toThrow("x ended before it was ready: code 0");
  });

  it("passes on nothing of the environment but what a part needs", async () => {
    const main = await script("env.mjs", "console.log(JSON.stringify(process.env))");
    process.env["DEMO_SECRET"] = "secret";
    const part = startPart({ name: "x", main, env: { GIVEN: "1" }, onLine: () => undefined });
    delete process.env["DEMO_SECRET"];
    const seen = JSON.parse(await part.firstLine) as Record<string, string>;
    expect(seen).toMatchObject({ GIVEN: "1", PATH: process.env["PATH"] });
    expect(seen).not.toHaveProperty("DEMO_SECRET");
  });
});
