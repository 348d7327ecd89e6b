// npm run check: everything about the code that is not a test. All steps run, also after one has failed.

import { runCommand } from "./run-command.ts";

const STEPS: readonly [title: string, command: string, ...args: string[]][] = [
  ["the lock file is complete", "node", ".ci/check-lock.ts"],
  ["the widget builds", "npm", "run", "build", "--workspace", "widget"],
  ["building the widget again gives the same files", "node", ".ci/check-reproducible.ts"],
  ["the server builds", "npm", "run", "build", "--workspace", "server"],
  ["what the packages are made of is known (SBOM)", "npm", "run", "sbom"],
  ["format and lint (Biome)", "biome", "check", "--error-on-warnings", "."],
  ["lint (oxlint)", "oxlint", "--deny-warnings"],
  ["types of the widget", "tsc", "-p", "widget"],
  ["types of the server", "tsc", "-p", "server"],
  ["types of the demo", "tsc", "-p", "demo"],
  ["types of the tools", "tsc", "-p", "."],
  ["types of the pages in frameworks", "tsc", "-p", "demo/frameworks"],
  ["types that frameworks get of the element", "tsc", "-p", "widget/test/frameworks"],
  ["nothing unused (knip)", "knip"],
  ["the element's manifest is complete", "node", ".ci/check-manifest.ts"],
  ["the widget is small enough", "size-limit"],
  ["the widget's package", "publint", "--strict", "widget"],
  ["the server's package", "publint", "--strict", "server"],
  ["the types the widget's package promises", "attw", "--pack", "widget", "--profile", "esm-only"],
];

const failed: string[] = [];
for (const [title, command, ...args] of STEPS) {
  const { exitCode, output } = await runCommand(command, args, { echo: false });
  console.log(`${exitCode === 0 ? "passed" : "FAILED"}  ${title}`);
  if (exitCode === 0) continue;
  failed.push(title);
  console.log(`\n$ ${[command, ...args].join(" ")}\n${output}`);
}
console.log(`${STEPS.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
