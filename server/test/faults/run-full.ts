// npm run test:faults, npm run test:cluster: the tests of that project with the counts that the guarantees are stated for,
// and a table of what was measured. Further arguments choose files: `npm run test:faults -- kill-loop` runs one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FaultFigure } from "./fault-figures.ts";

const TESTS = fileURLToPath(new URL("../", import.meta.url));
const VITEST = fileURLToPath(new URL("vitest.mjs", import.meta.resolve("vitest/package.json")));

function readFigures(file: string): FaultFigure[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line): FaultFigure => JSON.parse(line));
  } catch {
    return [];
  }
}

function table(figures: readonly FaultFigure[]): string {
  const rows = figures.toSorted((a, b) => a.guarantee.localeCompare(b.guarantee, "en", { numeric: true }));
  const lines = rows.map(({ guarantee, figure, value }) => `| ${guarantee} | ${figure} | ${value} |`);
  return ["| | Figure | Measured |", "| --- | --- | --- |", ...lines].join("\n");
}

const directory = mkdtempSync(join(tmpdir(), "chat-bot-figures-"));
const figures = join(directory, "figures.jsonl");
const [project = "faults", ...names] = process.argv.slice(2);
const filters = names.map((name) => join(TESTS, project, name));
const args = ["run", "--project", project, ...(filters.length > 0 ? filters : [join(TESTS, project, "/")])];
// With its full count each file is to be alone with its machine.
args.push("--no-file-parallelism", ...(project === "faults" ? ["--project", "deadlines"] : []));
const vitest = spawn(process.execPath, [VITEST, ...args], {
  env: { ...process.env, CHATBOT_FAULTS: process.env["CHATBOT_FAULTS"] ?? "full", CHATBOT_FAULTS_FIGURES: figures },
  stdio: "inherit",
});
const [code]: unknown[] = await once(vitest, "exit");
process.stdout.write(`\n${table(readFigures(figures))}\n`);
rmSync(directory, { recursive: true });
process.exitCode = code === 0 ? 0 : 1;
