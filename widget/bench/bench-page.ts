import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChrome } from "../test/chrome.ts";

/** The benchmark's page in a browser. Actions are expressions that are evaluated, and awaited, in the page. */
export interface BenchPage {
  /** Of the browser. */
  version: string;
  run(action: string): Promise<void>;
  /** CPU time of the main thread, in milliseconds. */
  cpuMs(action: string): Promise<number>;
  /** CPU time of the longest task on the main thread, in milliseconds. */
  longestTaskMs(action: string): Promise<number>;
  close(): Promise<void>;
}

/** Bundles the page as it would be for production, serves it on a free port, and opens it. */
export async function openBenchPage(): Promise<BenchPage> {
  const files = await bundle();
  const server = createServer((request, response) => {
    const script = files.get(request.url ?? "");
    response.setHeader("Content-Type", script === undefined ? "text/html" : "text/javascript");
    response.end(script ?? '<!doctype html><meta charset="utf-8"><script type="module" src="/main.js"></script>');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const browser = await chromium.launch(await findChrome());
  const page = await browser.newPage({ viewport: { width: 800, height: 800 } });
  page.on("pageerror", (error) => process.stderr.write(`${error.message}\n`));
  await page.goto(`http://127.0.0.1:${address.port}/`);
  await page.waitForFunction("globalThis.bench !== undefined");
  const client = await page.context().newCDPSession(page);
  // Ticks of the thread, not of the clock: others use this machine, too.
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  const taskMs = async (): Promise<number> => {
    const { metrics } = await client.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1_000;
  };
  return {
    version: browser.version(),
    run: async (action) => {
      await page.evaluate(action);
    },
    cpuMs: async (action) => {
      await client.send("HeapProfiler.collectGarbage");
      const before = await taskMs();
      await page.evaluate(action);
      return (await taskMs()) - before;
    },
    longestTaskMs: async (action) => {
      await client.send("HeapProfiler.collectGarbage");
      return traceLongestTaskMs(browser, page, action);
    },
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function bundle(): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page/main.ts", import.meta.url))],
    bundle: true,
    splitting: true,
    write: false,
    outdir: "/",
    format: "esm",
    target: "es2022",
    minify: true,
    tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
    conditions: ["production", "browser"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** As much of a trace's events as is read here; durations are in microseconds, `tdur` those of the thread. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args?: { name?: string };
}

async function traceLongestTaskMs(browser: Browser, page: Page, action: string): Promise<number> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  await page.evaluate(action);
  const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse((await browser.stopTracing()).toString());
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && threads.has(`${pid} ${tid}`),
  );
  if (tasks.length === 0) throw new Error("The trace holds no task.");
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1_000;
}
