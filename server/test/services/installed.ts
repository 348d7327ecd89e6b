import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, it } from "vitest";

/** A program of the system that tests start, and how to get it. */
export interface Program {
  name: string;
  /** Folders besides PATH where distributions put it. */
  folders: readonly string[];
  install: string;
}

export const REDIS: Program = {
  name: "redis-server",
  folders: ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"],
  install: "apt-get install redis-server (7 or newer)",
};

export const POSTGRES: Program = {
  name: "initdb",
  folders: [
    ...versionsIn("/usr/lib/postgresql", "bin"),
    "/usr/local/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql/bin",
  ],
  install: "apt-get install postgresql",
};

/** Path of the program; null when it is not installed. */
export function findProgram(program: Program): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...program.folders];
  return folders.map((folder) => join(folder, program.name)).find(isExecutable) ?? null;
}

/**
 * Defines tests that need these programs. Where one is missing they are reported as skipped, with the way to install
 * it; in continuous integration that is a failure.
 */
export function whereInstalled(programs: readonly Program[], define: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === null);
  if (missing.length === 0) {
    define();
    return;
  }
  const advice = missing.map(({ name, install }) => `${name} is not installed: ${install}`).join("; ");
  if (process.env["CI"] === undefined) {
    process.stderr.write(`Tests are skipped. ${advice}\n`);
    describe.skip(advice, define);
    return;
  }
  it("finds the servers that the tests need", () => {
    throw new Error(advice);
  });
}

/** The newest first. */
function versionsIn(folder: string, subfolder: string): string[] {
  try {
    const versions = readdirSync(folder).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(folder, version, subfolder));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
