import { constants, type Stats } from "node:fs";
import { lstat, open, readdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { REACH_OF_THIS_SYSTEM } from "../../src/tools/workspace/open-directory.ts";
import { startScript } from "../workspace/child-script.ts";
import { ANN, filesIn, type Ran, type ToolName, textOf, WorkspaceRig } from "../workspace/workspace-rig.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import { sideBySide } from "./side-by-side.ts";

const TRIES = faultCount("SWAPS", { small: 300, full: 5000 });
const QUOTA_ROUNDS = faultCount("QUOTA_ROUNDS", { small: 2, full: 100 });
const LANES = 4;
/** Nothing that is asked of a disk takes so long: whatever does has been made to wait for ever. */
const HANG_MS = 120_000;
const SECRET = "secret words";

/** What is tried again and again while a file and its directory are swapped for other things. */
type Call = readonly [what: string, tool: ToolName, input: (index: number) => Record<string, unknown>];
const FIRST_CALL: Call = ["write", "write_file", (index) => ({ path: `dir/new-${index % 40}.txt`, content: "new" })];
const CALLS: readonly Call[] = [
  FIRST_CALL,
  ["overwrite", "write_file", () => ({ path: "dir/file.txt", content: "good", overwrite: true })],
  ["edit", "edit_file", () => ({ path: "dir/file.txt", old_text: "good", new_text: "good!" })],
  ["read", "read_file", () => ({ path: "dir/file.txt" })],
  ["list", "list_files", (index) => (index % 2 === 0 ? {} : { path: "dir" })],
];
const REFUSALS = [
  "invalid_path",
  "not_found",
  "write_failed",
  "read_failed",
  "conflict",
  "no_single_match",
  "not_text",
];

/** Without it directories are reached by path, which is known to be weaker: see the README's fine print. */
const hasProc = REACH_OF_THIS_SYSTEM === "descriptor";

describe.skipIf(!hasProc)("The tools of the workspace, while another process swaps files and directories", () => {
  it(
    "never leave it, never hang and leave nothing half written",
    async () => {
      await using rig = await WorkspaceRig.start();
      const before = await prepareOutside(rig);
      const outcomes = new Map<string, { ok: number; refused: number }>();
      {
        await using swapper = startScript("swapper.ts", [rig.home, rig.outside]);
        expect(await swapper.hear()).toBe("begun");
        let [next, done, refused] = [0, 0, 0];
        await sideBySide(LANES, async (_lane, failed) => {
          // And until both have come about: only then the swaps did hit.
          while ((next < TRIES || done === 0 || refused === 0) && !failed.aborted) {
            const index = next;
            next += 1;
            const [what, tool, input] = CALLS[index % CALLS.length] ?? FIRST_CALL;
            const output = await inTime(what, rig.run(tool, input(Math.floor(index / CALLS.length))));
            swapper.checkAlive();
            checkOutput(what, output);
            const counts = outcomes.get(what) ?? { ok: 0, refused: 0 };
            counts[output.isError ? "refused" : "ok"] += 1;
            outcomes.set(what, counts);
            if (output.isError) refused += 1;
            else done += 1;
          }
        });
      }
      expect(await lookOutside(rig)).toEqual(before);
      expect(await halfWritten(rig.root)).toEqual([]);
      noteFigures("G22", {
        "tries while files and directories are swapped": TRIES,
        "escapes, hangs, files left half written": 0,
        ...Object.fromEntries([...outcomes].map(([what, { ok, refused }]) => [what, `${ok} done, ${refused} refused`])),
      });
    },
    FAULT_TIMEOUT_MS,
  );

  it(
    "would be led out if they only compared paths",
    async () => {
      await using rig = await WorkspaceRig.start();
      const before = await prepareOutside(rig);
      await using swapper = startScript("swapper.ts", [rig.home, rig.outside]);
      expect(await swapper.hear()).toBe("begun");
      let tries = 0;
      do {
        tries += 1;
        swapper.checkAlive();
        await writeCarelessly(rig.home, "dir/file.txt", "new");
      } while (JSON.stringify(await lookOutside(rig)) === JSON.stringify(before));
      noteFigures("G22", { "tries until comparing paths alone is led out": tries });
    },
    FAULT_TIMEOUT_MS,
  );
});

describe("The quota of a workspace, while three processes write into it", () => {
  it(
    "holds exactly, and refuses at most two files too early",
    async () => {
      await using rig = await WorkspaceRig.start();
      const limit = 30;
      const each = 16;
      const scripts = [0, 1, 2].map(() => startScript("quota-writer.ts", [rig.root, String(limit)]));
      await using _all = {
        [Symbol.asyncDispose]: async () =>
          void (await Promise.all(scripts.map((script) => script[Symbol.asyncDispose]()))),
      };
      for (const script of scripts) expect(await script.hear()).toBe("ready");
      const totals: number[] = [];
      for (let round = 0; round < QUOTA_ROUNDS; round += 1) {
        for (const script of scripts) script.say(`user-${round} ${each}`);
        const answers = await Promise.all(scripts.map(async (script) => JSON.parse(await script.hear()) as Answer));
        expect(new Set(answers.flatMap(({ refusals }) => refusals))).toEqual(new Set(["quota_exceeded"]));
        totals.push(answers.reduce((sum, { written }) => sum + written, 0));
      }
      const all = Object.keys(await filesIn(rig.root));
      expect(all).toHaveLength(totals.reduce((sum, total) => sum + total, 0));
      expect(Math.max(...totals)).toBeLessThanOrEqual(limit);
      expect(Math.min(...totals)).toBeGreaterThanOrEqual(limit - 2);
      noteFigures("G22", {
        "rounds of 3 processes writing into a workspace that holds 30 files": QUOTA_ROUNDS,
        "files then in it": `${Math.min(...totals)} to ${Math.max(...totals)}`,
      });
    },
    FAULT_TIMEOUT_MS,
  );
});

interface Answer {
  written: number;
  refusals: string[];
}

/** Names, content and everything about the inode that writing would change. */
type Outside = { names: string[]; content: Record<string, string>; secret: Pick<Stats, "size" | "mtimeMs" | "mode"> };

async function prepareOutside(rig: WorkspaceRig): Promise<Outside> {
  await writeFile(join(rig.outside, "secret.txt"), SECRET);
  // What is read and written when a directory on the way is a link.
  await writeFile(join(rig.outside, "file.txt"), SECRET);
  return lookOutside(rig);
}

async function lookOutside(rig: WorkspaceRig): Promise<Outside> {
  const { size, mtimeMs, mode } = await stat(join(rig.outside, "secret.txt"));
  const names = await readdir(rig.outside, { recursive: true });
  return { names, content: await filesIn(rig.outside), secret: { size, mtimeMs, mode } };
}

function checkOutput(what: string, output: Ran): void {
  const all = `${textOf(output)} ${JSON.stringify(output.structuredContent)}`;
  expect(all).not.toContain(SECRET);
  expect(all).not.toContain("secret.txt");
  if (output.isError) expect(REFUSALS, `${what}: ${textOf(output)}`).toContain(output.structuredContent?.["error"]);
}

/** Our own files that are not complete: what the swapper has put under such a name is its own. */
async function halfWritten(root: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".tmp"));
  const all = await Promise.all(names.map(async (name) => ({ name, stats: await lstat(join(root, name)) })));
  return all.filter(({ stats }) => stats.isFile() && stats.nlink === 1).map(({ name }) => name);
}

async function inTime<Result>(what: string, work: Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const tooLong = pause(HANG_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what} hangs`);
  });
  tooLong.catch(() => undefined);
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    stop.abort();
  }
}

/** How it is often done: the path is made absolute and must begin with the directory's. */
async function writeCarelessly(home: string, path: string, content: string): Promise<void> {
  const target = resolve(home, path);
  if (!target.startsWith(`${home}/`)) throw new Error(`${path} leads out for ${ANN.user}`);
  // Not blocking: a pipe would hold it up for ever, too.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK;
  const handle = await open(target, flags).catch(() => null);
  await handle?.writeFile(content).catch(() => undefined);
  await handle?.close();
}
