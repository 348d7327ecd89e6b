import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { getRaw } from "../../test/fixtures/get-raw.ts";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { errorBoundary } from "./error-boundary.ts";
import { securityHeaders } from "./security-headers.ts";
import { widgetFiles } from "./widget-files.ts";

const FILES = {
  "dist/chat-bot.js": "entry",
  "dist/chat-bot.js.map": "{}",
  "dist/chat-bot-panel-hr705eaj.js": "panel",
  "dist/integrity.json": "{}",
  "dist/.secret.js": "canary",
  "dist/views/view.js": "canary",
  "dist/notes.txt": "canary",
  "dist/folder.js/a": "canary",
  "secret.js": "canary",
};

async function serve(files: Record<string, string> = FILES): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "widget-files-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, "dist/views"), { recursive: true });
  await mkdir(join(directory, "dist/folder.js"));
  for (const [path, content] of Object.entries(files)) await writeFile(join(directory, path), content);
  const boundary = errorBoundary({ onUnexpected: () => {} });
  return await serveStages(boundary, securityHeaders(), widgetFiles(join(directory, "dist")));
}

const SERVED: [file: string, type: string, caching: string][] = [
  ["chat-bot.js", "text/javascript; charset=utf-8", "public, no-cache"],
  ["chat-bot.js.map", "application/json; charset=utf-8", "public, no-cache"],
  ["integrity.json", "application/json; charset=utf-8", "public, no-cache"],
  ["chat-bot-panel-hr705eaj.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
];

const UNKNOWN: string[] = [
  "/widget/",
  "/widget/missing.js",
  "/widget/notes.txt",
  "/widget/.secret.js",
  "/widget/folder.js",
  "/widget/views/view.js",
  "/widget/views%2fview.js",
  "/widget/../secret.js",
  "/widget/..%2fsecret.js",
  "/widget/%2e%2e/secret.js",
  "/widget/%2e%2e%2fsecret.js",
  "/widget/..\\secret.js",
  "/widget/..%5csecret.js",
  "/widget//etc/passwd",
  "/widget/chat-bot.js/",
  "/widget/chat-bot.js%00",
  "/widget/chat-bot.js%00.js",
  "/widget/CHAT-BOT.JS",
  "/widget/%ff.js",
];

describe("GET /widget/*", () => {
  it.each(SERVED)("serves %s to any site", async (file, type, caching) => {
    const response = await fetch(`${await serve()}/widget/${file}`, { headers: { Origin: "https://a.example" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe(type);
    expect(response.headers.get("Cache-Control")).toBe(caching);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Cross-Origin-Resource-Policy")).toBe("cross-origin");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(await response.text()).toBe(FILES[`dist/${file}` as keyof typeof FILES]);
  });

  it("does not send again what the browser has", async () => {
    const url = `${await serve()}/widget/chat-bot.js`;
    const etag = (await fetch(url)).headers.get("ETag") ?? "";
    const response = await fetch(url, { headers: { "If-None-Match": etag, "Cache-Control": "max-age=0" } });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe("");
    expect((await fetch(url, { headers: { "If-None-Match": '"other"' } })).status).toBe(200);
  });

  it("tells another file by another tag", async () => {
    const [first, second] = await Promise.all([serve(), serve({ "dist/chat-bot.js": "newer" })]);
    const tags = await Promise.all(
      [first, second].map(async (url) => (await fetch(`${url}/widget/chat-bot.js`)).headers.get("ETag")),
    );
    expect(tags[0]).not.toBe(tags[1]);
  });

  it.each(UNKNOWN)("knows no %s", async (path) => {
    const { status, body } = await getRaw(await serve(), path);
    expect(status).toBe(404);
    expect(body).not.toContain("canary");
  });

  it("says how to build the widget where it is not built", async () => {
    const response = await fetch(`${await serve({})}/widget/chat-bot.js`);
    expect(response.status).toBe(503);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.text()).toContain("npm run build");
  });
});
