import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

/** Within the workspace, so that packages resolve as they do from the sources. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/chat-bot-faults/", import.meta.url));
/** What nobody has built for so long is of sources that have changed since. */
const KEPT_MS = 24 * 60 * 60_000;
/** Packages that are CommonJS ask for Node's own modules with `require`. */
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
/** So that loading is not interrupted by the collection of garbage. */
const ROOM_FOR_YOUNG = ["--min-semi-space-size=32", "--max-semi-space-size=64"];

/** How to start a program. */
export interface QuickStart {
  /** For Node. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

const starts = new Map<string, Promise<QuickStart>>();

/**
 * A program as one file, with V8's code cache: a server that is killed some hundred times starts in a quarter of the time
 * that its thousand modules take. Built from the sources once for each test file.
 */
export function quickStart(main: URL): Promise<QuickStart> {
  const known = starts.get(main.href);
  if (known !== undefined) return known;
  const start = bundle(fileURLToPath(main));
  starts.set(main.href, start);
  return start;
}

async function bundle(main: string): Promise<QuickStart> {
  const { outputFiles } = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: REQUIRE },
    logLevel: "error",
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  const directory = join(CACHE, createHash("sha256").update(contents).digest("hex").slice(0, 16));
  const file = join(directory, "main.mjs");
  const env = { NODE_COMPILE_CACHE: join(directory, "compiled") };
  await removeOld();
  if (!(await exists(directory))) await writeOnce(directory, contents);
  if (!(await exists(env.NODE_COMPILE_CACHE))) await fillCodeCache(file, env);
  return { args: [...ROOM_FOR_YOUNG, file], env };
}

/**
 * The cache is written when a process ends by itself, which those of the tests never do. What cannot be imported without
 * its environment goes without.
 */
async function fillCodeCache(file: string, env: Record<string, string>): Promise<void> {
  const load = `import(${JSON.stringify(file)}).then(() => process.exit())`;
  await promisify(execFile)(process.execPath, ["-e", load], { env: { ...process.env, ...env } }).catch(() => undefined);
}

/** Written elsewhere first: another test may build the same at the same time. */
async function writeOnce(directory: string, contents: Uint8Array): Promise<void> {
  const temporary = await mkdtemp(join(CACHE, "building-"));
  await writeFile(join(temporary, "main.mjs"), contents);
  await rename(temporary, directory).catch(() => rm(temporary, { recursive: true }));
}

async function removeOld(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.NaN }));
    if (mtimeMs < Date.now() - KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
