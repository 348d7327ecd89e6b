// What the two test runners report, in one form.

import { stripVTControlCharacters } from "node:util";

/** How many tests passed, failed and were skipped. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Reads the report of vitest's JSON reporter. */
export function vitestCounts(report: string): TestCounts {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(report);
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests + numTodoTests,
  };
}

/** Reads what web-test-runner prints: a line for each browser, repeated until all its test files are finished. */
export function webTestRunnerCounts(output: string): TestCounts {
  const line =
    /^(?<browser>[^\n|]+?): .*\| (?<passed>\d+) passed, (?<failed>\d+) failed(?:, (?<skipped>\d+) skipped)?$/gm;
  const last = new Map<string, TestCounts>();
  for (const { groups } of stripVTControlCharacters(output).matchAll(line)) {
    if (groups === undefined) continue;
    const { browser = "", passed, failed, skipped = 0 } = groups;
    last.set(browser, { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) });
  }
  return sumCounts([...last.values()]);
}

/** A runner that fails without a failing test, such as one whose file cannot be loaded, counts as one failure. */
export function withExitCode(counts: TestCounts, exitCode: number): TestCounts {
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** All of them together. */
export function sumCounts(all: readonly TestCounts[]): TestCounts {
  return all.reduce(
    (sum, counts) => ({
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
      skipped: sum.skipped + counts.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}
