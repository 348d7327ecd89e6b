import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GOOD_PATHS, HOSTILE_PATHS } from "./paths.ts";
import { namesIn, type ToolName, textOf, WorkspaceRig } from "./workspace-rig.ts";

const HOSTILE = Object.values(HOSTILE_PATHS).flat();

/** A valid call of each tool, but for its path. */
const CALLS: [tool: ToolName, others: Record<string, unknown>][] = [
  ["write_file", { content: "x" }],
  ["write_file", { content: "x", overwrite: true }],
  ["edit_file", { old_text: "x", new_text: "y" }],
  ["read_file", {}],
  ["list_files", {}],
];

let rig: WorkspaceRig;
beforeAll(async () => {
  rig = await WorkspaceRig.start();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe("The tools of the workspace", () => {
  it("are tried with at least 120 hostile paths and 20 good ones", () => {
    expect(new Set(HOSTILE.map(([, path]) => path)).size).toBeGreaterThanOrEqual(120);
    expect(new Set(GOOD_PATHS).size).toBeGreaterThanOrEqual(20);
  });

  it.each(CALLS)("refuse every hostile path: %s with %j", async (tool, others) => {
    const before = await namesIn(rig.base);
    for (const [what, path] of HOSTILE) {
      const output = await rig.run(tool, { path, ...others });
      expect(output, what).toMatchObject({ isError: true, structuredContent: { error: "invalid_path" }, deltas: [] });
    }
    expect(await namesIn(rig.base)).toEqual(before);
  });

  it.each(GOOD_PATHS)("take %j", async (path) => {
    await using own = await WorkspaceRig.start();
    expect(await own.run("write_file", { path, content: "old" })).toMatchObject({ isError: false });
    expect(await own.run("edit_file", { path, old_text: "old", new_text: "new" })).toMatchObject({ isError: false });
    expect(await own.run("write_file", { path, content: "newer", overwrite: true })).toMatchObject({ isError: false });
    expect(textOf(await own.run("read_file", { path }))).toBe("newer");
    expect(textOf(await own.run("list_files", {})).split("\n")).toContain(`${path} (5 bytes)`);
    const directory = path.split("/").slice(0, -1).join("/");
    if (directory === "") return;
    const listed = await own.run("list_files", { path: directory });
    expect(listed.structuredContent).toEqual({ files: [{ path, bytes: 5 }], truncated: false });
  });
});
