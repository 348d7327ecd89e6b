import { expect, test } from "vitest";
import { unresolvedEdges } from "./unresolved-edges.ts";

const COMPLETE = {
  "": { dependencies: { tool: "1.0.0" }, devDependencies: { runner: "1.0.0" } },
  "node_modules/tool": { optionalDependencies: { "@tool/linux": "1.0.0" }, dependencies: { part: "1.0.0" } },
  "node_modules/tool/node_modules/part": { peerDependencies: { runner: "1.0.0" } },
  "node_modules/@tool/linux": {},
  "node_modules/runner": { peerDependencies: { jsdom: "1.0.0" }, peerDependenciesMeta: { jsdom: { optional: true } } },
};

test("a lock file that holds all it refers to has no unresolved edge", () => {
  expect(unresolvedEdges(COMPLETE)).toEqual([]);
});

test.each([
  ["a platform's binary", "node_modules/@tool/linux", "node_modules/tool needs @tool/linux"],
  ["a dependency", "node_modules/tool/node_modules/part", "node_modules/tool needs part"],
  ["a package the root names", "node_modules/tool", "The root needs tool"],
  ["a required peer", "node_modules/runner", "node_modules/tool/node_modules/part needs runner"],
])("the edge to %s that is missing is named", (_title, path, sentence) => {
  const packages = Object.fromEntries(Object.entries(COMPLETE).filter(([name]) => name !== path));
  expect(unresolvedEdges(packages)).toContain(`${sentence}, which the lock file does not hold.`);
});

test("a package inside an unrelated one does not count", () => {
  const packages = { "": { dependencies: { part: "1" } }, "node_modules/tool/node_modules/part": {} };
  expect(unresolvedEdges(packages)).toHaveLength(1);
});
