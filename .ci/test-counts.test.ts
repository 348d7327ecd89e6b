import { expect, test } from "vitest";
import { sumCounts, vitestCounts, webTestRunnerCounts, withExitCode } from "./test-counts.ts";

test("vitest's report is read, what was skipped or left to do as skipped", () => {
  const report = { numTotalTests: 7, numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };
  expect(vitestCounts(JSON.stringify(report))).toEqual({ passed: 3, failed: 1, skipped: 3 });
});

test("of web-test-runner's progress the last line of each browser counts", () => {
  const output = [
    "Chrome:  |██      | 1/2 test files | \u001b[32m4 passed\u001b[39m, 0 failed",
    "Firefox: |        | 0/2 test files | 0 passed, 0 failed",
    "",
    "Chrome:  |████████| 2/2 test files | \u001b[32m9 passed\u001b[39m, \u001b[31m1 failed\u001b[39m",
    "Firefox: |████████| 2/2 test files | 8 passed, 0 failed, 2 skipped",
    "",
    "Finished running tests in 2.5s with 1 failed tests.",
  ].join("\n");
  expect(webTestRunnerCounts(output)).toEqual({ passed: 17, failed: 1, skipped: 2 });
});

test("a runner that printed no counts ran no tests", () => {
  expect(webTestRunnerCounts("Could not find any test files")).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test.each([
  ["a runner that broke counts as one failure", 0, 1, 1],
  ["a runner with failing tests counts them only", 2, 1, 2],
  ["a runner that went well has no failure", 0, 0, 0],
])("%s", (_title, failed, exitCode, expected) => {
  expect(withExitCode({ passed: 5, failed, skipped: 0 }, exitCode)).toEqual({
    passed: 5,
    failed: expected,
    skipped: 0,
  });
});

test("counts add up", () => {
  const counts = { passed: 1, failed: 2, skipped: 3 };
  expect(sumCounts([counts, counts])).toEqual({ passed: 2, failed: 4, skipped: 6 });
});
