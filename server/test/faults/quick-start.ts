import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** Within the workspace, so that packages resolve as they do from the sources. */
const CACHE = join(ROOT, "node_modules/.cache/chat-bot-faults");
/** What nobody has started for so long is of sources that have changed since. */
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

/** Where a program stands as one file, and what it was built from, when. */
interface Built {
  directory: string;
  sources: readonly string[];
  sinceMs: number;
}

const starts = new Map<string, Promise<QuickStart>>();

/**
 * A program as one file, with V8's code cache: a server that is killed some hundred times starts in a quarter of the time
 * that its thousand modules take. Built anew when one of them has changed.
 */
export function quickStart(main: URL): Promise<QuickStart> {
  const known = starts.get(main.href);
  if (known !== undefined) return known;
  const start = prepare(fileURLToPath(main));
  starts.set(main.href, start);
  return start;
}

async function prepare(main: string): Promise<QuickStart> {
  await removeOld();
  const note = join(CACHE, `${nameOf(main)}.json`);
  const directory = (await readBuilt(note)) ?? (await bundle(main, note));
  const now = new Date();
  await Promise.all([note, directory].map((path) => utimes(path, now, now)));
  const [file, compiled] = [join(directory, "main.mjs"), join(directory, "compiled")];
  const env = { NODE_COMPILE_CACHE: compiled };
  if (!(await exists(compiled))) await fillCodeCache(file, env);
  return { args: [...ROOM_FOR_YOUNG, file], env };
}

/** Where it stands; null when it was never built, or a source has changed since. */
async function readBuilt(note: string): Promise<string | null> {
  const text = await readFile(note, "utf8").catch(() => null);
  if (text === null) return null;
  const { directory, sources, sinceMs }: Built = JSON.parse(text);
  const isOld = (path: string): boolean =>
    (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY) < sinceMs;
  return sources.every(isOld) && (await exists(directory)) ? directory : null;
}

/** Resolves with the directory where it stands then. */
async function bundle(main: string, note: string): Promise<string> {
  const sinceMs = Date.now();
  const { outputFiles, metafile } = await build({
    entryPoints: [main],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
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
  const directory = join(CACHE, nameOf(contents));
  await writeOnce(directory, contents, note, {
    directory,
    sources: Object.keys(metafile.inputs).map((path) => join(ROOT, path)),
    sinceMs,
  });
  return directory;
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
async function writeOnce(directory: string, contents: Uint8Array, note: string, built: Built): Promise<void> {
  const temporary = await mkdtemp(join(CACHE, "building-"));
  const [program, about] = [join(temporary, "program"), join(temporary, "note.json")];
  await mkdir(program);
  await writeFile(join(program, "main.mjs"), contents);
  await writeFile(about, JSON.stringify(built));
  // It is there when it was built from the same.
  await rename(program, directory).catch(() => undefined);
  await rename(about, note);
  await rm(temporary, { recursive: true });
}

async function removeOld(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.NaN }));
    if (mtimeMs < Date.now() - KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

function nameOf(contents: string | Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex").slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
