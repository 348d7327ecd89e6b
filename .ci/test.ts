// npm test: every test there is, also when the first runner fails. Arguments go to vitest, and then it runs alone.

import { mkdir, readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { runCommand } from "./run-command.ts";
import { sumCounts, type TestCounts, vitestCounts, webTestRunnerCounts, withExitCode } from "./test-counts.ts";

const REPORT = "node_modules/.cache/vitest-report.json";
const NONE: TestCounts = { passed: 0, failed: 0, skipped: 0 };

async function runVitest(args: readonly string[]): Promise<TestCounts> {
  await mkdir("node_modules/.cache", { recursive: true });
  await rm(REPORT, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
  const { exitCode } = await runCommand("vitest", ["run", ...reporters, ...args], { echo: true });
  const report = await readFile(REPORT, "utf8").catch(() => undefined);
  return withExitCode(report === undefined ? NONE : vitestCounts(report), exitCode);
}

/** Beside vitest, whose first tests mostly wait; what it prints comes after vitest's. */
function runWidgetTests(): () => Promise<TestCounts> {
  const running = runCommand("npm", ["test", "--workspace", "widget"], { echo: false });
  return async () => {
    const { exitCode, output } = await running;
    process.stdout.write(output);
    return withExitCode(webTestRunnerCounts(output), exitCode);
  };
}

// The tests start many processes of Node, of the same sources: what one has compiled the next ones read.
process.env["NODE_COMPILE_CACHE"] ??= resolve("node_modules/.cache/compiled");
const args = process.argv.slice(2);
const widgetCounts = args.length > 0 ? null : runWidgetTests();
const parts = [await runVitest(args), ...(widgetCounts === null ? [] : [await widgetCounts()])];
// A runner that found nothing to run proves nothing.
const counts = sumCounts(parts.map((part) => (part.passed + part.failed === 0 ? { ...part, failed: 1 } : part)));

// Where it matters nothing may be left out: a skipped test is a failed one.
const failed = process.env["CI"] === undefined ? counts.failed : counts.failed + counts.skipped;
if (counts.skipped > 0) console.log(`${counts.skipped} skipped${failed > counts.failed ? ", counted as failed" : ""}`);
console.log(`${counts.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
