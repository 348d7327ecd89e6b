import { defineConfig, type ViteUserConfig } from "vitest/config";
import { LongestFirst } from "./.ci/longest-first.ts";

/** Tests of what is promised to happen within some time. */
const HOLD_DEADLINES = ["no-hang", "survives-a-crash", "cancel"].map((name) => `server/test/faults/${name}.test.ts`);

/**
 * What tests import is loaded once for each worker, which is most of the work of short ones. They leave nothing behind
 * for the next: no fake clock, no variable of the environment, nothing that still runs.
 */
const SHARE_PACKAGES = { isolate: false } as const;

const config: ViteUserConfig = defineConfig({
  test: {
    passWithNoTests: false,
    // How long a test may take says nothing about what it tests: a busy machine fails none.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // Most tests wait for processes and the network more than they work.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "server",
          include: ["server/**/*.test.ts"],
          exclude: ["server/test/{faults,cluster}/**"],
          ...SHARE_PACKAGES,
        },
      },
      {
        extends: true,
        test: { name: "demo", include: ["demo/**/*.test.ts"], exclude: ["demo/e2e/**"], ...SHARE_PACKAGES },
      },
      {
        extends: true,
        test: { name: "tools", include: [".ci/*.test.ts", "widget/{bundle,test}/*.test.ts"], ...SHARE_PACKAGES },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["server/test/faults/*.test.ts"],
          exclude: HOLD_DEADLINES,
          // Each starts and kills processes of its own, as fast as it can.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "deadlines",
          include: HOLD_DEADLINES,
          // Two at a time, one of which mostly waits: what must not take longer than promised is not to wait for others.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "cluster",
          include: ["server/test/cluster/*.test.ts"],
          // Each starts several replicas, and what stands before and behind them.
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["demo/e2e/**/*.e2e.test.ts"],
          // Each starts the whole demo, and most a browser: after everything else.
          maxWorkers: 3,
          sequence: { groupOrder: 4 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

export default config;
