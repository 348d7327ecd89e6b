// A process that swaps what lies in a workspace for something else and back, as fast as it can, until it is killed:
// `node swapper.ts <directory inside> <directory outside>`. Its first line says that it has begun.
//
// It plays whoever else may write there: a tool server, another program of the operator, a mounted share. Each swap puts
// a way out where a good thing was a moment ago: `dir`, `dir/file.txt`, and whatever is half written.

import { execFileSync } from "node:child_process";
import { linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [inside = "", outside = ""] = process.argv.slice(2);
const dir = join(inside, "dir");
const file = join(dir, "file.txt");
const kept = join(inside, ".kept");
const secret = join(outside, "secret.txt");
const decoyPath = (index: number): string => join(inside, `.decoy-${index}`);

/** Ways to be led astray, made once and moved into place: a rename is the fastest swap there is. */
const DECOYS: readonly ((path: string) => void)[] = [
  (path) => symlinkSync(outside, path),
  (path) => symlinkSync(secret, path),
  (path) => linkSync(secret, path),
  (path) => symlinkSync(join(outside, "new.txt"), path),
  (path) => symlinkSync("/dev/zero", path),
  (path) => execFileSync("mkfifo", [path]),
  makeDevice,
  (path) => mkdirSync(path),
];

/** Only an administrator may make one: for others it is a link to one. */
function makeDevice(path: string): void {
  try {
    execFileSync("mknod", [path, "c", "1", "5"], { stdio: "ignore" });
  } catch {
    symlinkSync("/dev/full", path);
  }
}

/** Others are at it too: what is missing or in the way now is there or gone the next time. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

function swap(place: string, decoy: string): void {
  attempt(() => rmSync(kept, { recursive: true, force: true }));
  attempt(() => {
    renameSync(place, kept);
    attempt(() => renameSync(decoy, place));
    attempt(() => renameSync(place, decoy));
    renameSync(kept, place);
  });
}

/** What is half written is replaced by a way out, under its own name. */
function swapTemporaries(decoy: string): void {
  attempt(() => {
    for (const name of readdirSync(dir).filter((each) => each.endsWith(".tmp"))) {
      attempt(() => {
        renameSync(join(dir, name), kept);
        linkSync(decoy, join(dir, name));
      });
    }
  });
}

/** As it was in the beginning, whatever the swaps have come to. */
function tidy(): void {
  for (const [index, make] of DECOYS.entries()) {
    // Those that lie where they belong stay: making some takes a process.
    const isThere = lstatSync(decoyPath(index), { throwIfNoEntry: false }) !== undefined;
    if (!isThere) make(decoyPath(index));
  }
  attempt(() => mkdirSync(dir));
  attempt(() => writeFileSync(file, "good", { flag: "wx", mode: 0o600 }));
}

const ROUNDS_BETWEEN_TIDYING = 40;
/** Now as fast as it goes, to hit what takes microseconds, now at the pace of those who wait for the disk. */
const FAST_ROUNDS = 3000;
const SLOW_ROUNDS = 60;
const LONGEST_PAUSE_MS = 16;

/** This process has nothing else to do. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

tidy();
process.stdout.write("begun\n");
for (let round = 1; ; round += 1) {
  const decoy = decoyPath(round % DECOYS.length);
  swap(round % 3 === 0 ? dir : file, decoy);
  if (round % 5 === 0) swapTemporaries(decoy);
  if (round % ROUNDS_BETWEEN_TIDYING === 0) tidy();
  if (round % (FAST_ROUNDS + SLOW_ROUNDS) >= FAST_ROUNDS) sleep(((round * 7) % LONGEST_PAUSE_MS) + 1);
}
