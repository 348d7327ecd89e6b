/** Leaves a test out where the browser lacks what it needs, and says so among the browser's logs. */
export function skip(test: Mocha.Context, reason: string): never {
  // biome-ignore lint/suspicious/noConsole: the test runner shows it beside the results.
  console.log(`Skipped: ${test.test?.fullTitle()}: ${reason}`);
  return test.skip();
}
