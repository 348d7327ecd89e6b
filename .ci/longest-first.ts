import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Of each group those that take longest: what begins last would be waited for alone. */
const LONGEST = [
  "server/src/tools/tool-catalog.test.ts",
  "server/src/store/sql/sql-store.test.ts",
  "server/src/turn/turn-runner.test.ts",
  "server/test/faults/kill-loop.test.ts",
  "server/test/faults/no-hang.test.ts",
  "server/test/cluster/losing-redis.test.ts",
  "server/test/cluster/losing-postgres.test.ts",
  "server/test/cluster/through-nginx.test.ts",
  "demo/e2e/browser.e2e.test.ts",
  "demo/e2e/strict-hosts.e2e.test.ts",
  "demo/e2e/http.e2e.test.ts",
];

/** Begins with the longest; the others as vitest would have them, by what it remembers of them and by their size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- not an array's
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(name));
  return place === -1 ? LONGEST.length : place;
}
