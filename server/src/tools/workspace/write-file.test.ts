import { execFileSync } from "node:child_process";
import { chmod, link, lstat, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANN, filesIn, namesIn, type Ran, WorkspaceRig } from "../../../test/workspace/workspace-rig.ts";
import type { Owner } from "../../store/identity.ts";
import type { Tool, ToolCallContext } from "../tool.ts";
import { REACH_OF_THIS_SYSTEM } from "./open-directory.ts";

let rig: WorkspaceRig;
let base: string;
let root: string;
let home: string;
let outside: string;
let tool: Tool;

beforeEach(async () => {
  rig = await WorkspaceRig.start();
  ({ base, root, home, outside } = rig);
  tool = rig.tool("write_file");
});
afterEach(() => rig[Symbol.asyncDispose]());

function write(input: Record<string, unknown>, context: Partial<ToolCallContext> = {}): Promise<Ran> {
  return rig.run("write_file", input, context);
}

function refused(code: string): unknown {
  return expect.objectContaining({ isError: true, structuredContent: { error: code } });
}

describe("workspace__write_file", () => {
  it("needs the permission to write and a person's consent", () => {
    expect(tool).toMatchObject({
      name: "workspace__write_file",
      server: "workspace",
      title: "Write file",
      trusted: true,
      rule: { permissions: ["workspace:write"], approval: "always" },
    });
  });

  it("writes a new file and tells its path, size and hash", async () => {
    const output = await write({ path: "notes/hello.txt", content: "Hello world" });
    expect(output).toMatchObject({
      content: [{ type: "text", text: "Created notes/hello.txt (11 bytes)." }],
      structuredContent: {
        path: "notes/hello.txt",
        bytes: 11,
        created: true,
        sha256: "64ec88ca00b268e5ba1a35678a1b5316d212f4f366b2477232534a8aeca37f3c",
      },
      isError: false,
    });
    expect(await filesIn(home)).toEqual({ "notes/hello.txt": "Hello world" });
  });

  it("writes an empty file", async () => {
    expect(await write({ path: "empty.txt", content: "" })).toMatchObject({ isError: false, deltas: [] });
    expect(await filesIn(home)).toEqual({ "empty.txt": "" });
  });

  it("gives the file to its owner alone", async () => {
    await write({ path: "a/b.txt", content: "x" });
    expect((await lstat(join(home, "a/b.txt"))).mode & 0o777).toBe(0o600);
    expect((await lstat(join(home, "a"))).mode & 0o777).toBe(0o700);
  });

  it("makes the workspace itself when it is missing", async () => {
    await rm(root, { recursive: true });
    expect(await write({ path: "a.txt", content: "x" })).toMatchObject({ isError: false });
    expect(await filesIn(home)).toEqual({ "a.txt": "x" });
  });

  it("shows the content piece by piece, whole characters only, each after it reached the disk", async () => {
    const content = "aé日😀".repeat(2_000);
    let shown = "";
    const output = await write(
      { path: "long.txt", content },
      {
        onDelta: async (delta) => {
          shown += delta.chunk;
          expect(delta).toMatchObject({ channel: "file", path: "long.txt" });
          expect(Buffer.byteLength(delta.chunk)).toBeLessThanOrEqual(4096);
          expect(delta.chunk.isWellFormed() && !delta.chunk.includes("\ufffd")).toBe(true);
          // The file has its whole length from the beginning.
          const [soFar = ""] = Object.values(await filesIn(home));
          expect(soFar.replace(/\0+$/, "")).toBe(shown);
        },
      },
    );
    expect(output.isError).toBe(false);
    expect(shown).toBe(content);
  });

  it("does not cost more than 256 pieces, however large the file", async () => {
    const output = await write({ path: "large.txt", content: "é".repeat(5 * 1024 * 1024) });
    expect(output.isError).toBe(false);
    expect(output.deltas.length).toBeLessThanOrEqual(256);
  });

  it("shows nothing under the real name before the file is complete", async () => {
    const names: string[][] = [];
    await write(
      { path: "late.txt", content: "x".repeat(10_000) },
      {
        onDelta: async () => {
          names.push(await readdir(home));
        },
      },
    );
    expect(names.flat()).not.toContain("late.txt");
    expect(await readdir(home)).toEqual(["late.txt"]);
  });

  it("leaves nothing behind when it is aborted", async () => {
    const abort = new AbortController();
    const writing = write(
      { path: "a/b.txt", content: "x".repeat(20_000) },
      { signal: abort.signal, onDelta: async () => abort.abort(new Error("cancelled")) },
    );
    await expect(writing).rejects.toThrow("cancelled");
    expect(await namesIn(home)).toEqual([]);
  });

  it("leaves nothing behind when its output cannot be recorded", async () => {
    const writing = write({ path: "a.txt", content: "x" }, { onDelta: () => Promise.reject(new Error("fenced off")) });
    await expect(writing).rejects.toThrow("fenced off");
    expect(await namesIn(home)).toEqual([]);
  });

  it("does not replace a file unless told to", async () => {
    await write({ path: "a.txt", content: "old" });
    expect(await write({ path: "a.txt", content: "new" })).toEqual(refused("write_failed"));
    expect(await filesIn(home)).toEqual({ "a.txt": "old" });
  });

  it("replaces a file when told to", async () => {
    await write({ path: "a.txt", content: "old" });
    const output = await write({ path: "a.txt", content: "new", overwrite: true });
    expect(output.structuredContent).toMatchObject({ created: false });
    expect(await filesIn(home)).toEqual({ "a.txt": "new" });
  });

  it("finds its work done when the same call is made again", async () => {
    await write({ path: "a.txt", content: "same" });
    expect(await write({ path: "a.txt", content: "same" })).toMatchObject({
      isError: false,
      structuredContent: { created: false },
    });
  });

  it("lets one of two writers make a new file", async () => {
    const outputs = await Promise.all(
      ["one", "two", "six", "ten"].map((content) => write({ path: "race.txt", content })),
    );
    expect(outputs.filter((output) => !output.isError)).toHaveLength(1);
    expect(Object.keys(await filesIn(home))).toEqual(["race.txt"]);
  });

  it("keeps each user and organization in a directory of their own", async () => {
    const owners: Owner[] = [
      ANN,
      { ...ANN, user: "ann@example_com" },
      { ...ANN, organization: "ACME INC." },
      { ...ANN, issuer: "https://other.example" },
      { ...ANN, user: "../../ann" },
      { ...ANN, user: "\0" },
    ];
    for (const owner of owners) {
      expect(await write({ path: "a.txt", content: JSON.stringify(owner) }, { owner })).toMatchObject({
        isError: false,
      });
    }
    expect(new Set(Object.values(await filesIn(root))).size).toBe(owners.length);
  });

  it.each(["../a.txt", "/etc/passwd", "a\0b", ".env", "a/../b", ""])("refuses the path %j", async (path) => {
    expect(await write({ path, content: "x" })).toEqual(refused("invalid_path"));
    expect(await filesIn(base)).toEqual({});
  });

  it("refuses more than 10 MB", async () => {
    const content = "x".repeat(10 * 1024 * 1024 + 1);
    expect(await write({ path: "a.txt", content })).toEqual(refused("quota_exceeded"));
    expect(await filesIn(home)).toEqual({});
  });

  it("refuses content that is not Unicode", async () => {
    expect(await write({ path: "a.txt", content: "half \ud800" })).toEqual(refused("write_failed"));
  });

  it("says what is wrong with an input", () => {
    expect(tool.checkInput({ path: "a.txt", content: "x" })).toBeNull();
    expect(tool.checkInput({ path: "a.txt" })).toContain("content");
    expect(tool.checkInput({ path: 1, content: "x" })).toContain("#/path");
    expect(tool.checkInput({ path: "a.txt", content: "x", mode: "0777" })).toContain("mode");
  });

  describe("attacked with links", () => {
    const attacks: [what: string, path: string, prepare: () => Promise<unknown>, code?: string][] = [
      ["a directory that is a link out", "out/a.txt", () => symlink(outside, join(home, "out"))],
      [
        "a directory that is a link within",
        "in/a.txt",
        () => mkdir(join(home, "real")).then(() => symlink("real", join(home, "in"))),
      ],
      [
        "a link further down",
        "x/out/a.txt",
        () => mkdir(join(home, "x")).then(() => symlink(outside, join(home, "x/out"))),
      ],
      ["a link to itself", "loop/a.txt", () => symlink("loop", join(home, "loop"))],
      ["a dangling directory", "gone/a.txt", () => symlink(join(outside, "gone"), join(home, "gone"))],
      ["a directory that is a file", "file/a.txt", () => writeFile(join(home, "file"), "x")],
      ["a file that is a link out", "a.txt", () => symlink(join(outside, "victim.txt"), join(home, "a.txt"))],
      ["a file that is a dangling link", "a.txt", () => symlink(join(outside, "new.txt"), join(home, "a.txt"))],
      ["a file that is a directory", "dir", () => mkdir(join(home, "dir"))],
      ["a file that is a pipe", "pipe", async () => execFileSync("mkfifo", [join(home, "pipe")])],
      ["the user's own directory", "a.txt", () => rm(home, { recursive: true }).then(() => symlink(outside, home))],
      [
        "the organization's directory",
        "a.txt",
        () => rm(dirname(home), { recursive: true }).then(() => symlink(outside, dirname(home))),
      ],
    ];

    it.each(attacks)("does not follow %s", async (_what, path, prepare) => {
      await writeFile(join(outside, "victim.txt"), "untouched");
      await prepare();
      for (const overwrite of [false, true]) {
        expect(await write({ path, content: "x", overwrite })).toEqual(refused("invalid_path"));
      }
      expect(await filesIn(outside)).toEqual({ "victim.txt": "untouched" });
    });

    it("replaces a hard link without touching what it is linked to", async () => {
      await writeFile(join(outside, "victim.txt"), "untouched");
      await link(join(outside, "victim.txt"), join(home, "a.txt"));
      expect(await write({ path: "a.txt", content: "x", overwrite: true })).toMatchObject({ isError: false });
      expect(await filesIn(outside)).toEqual({ "victim.txt": "untouched" });
      expect(await filesIn(home)).toEqual({ "a.txt": "x" });
    });

    // Where there is no /proc the call is refused instead: see workspace.test.ts.
    it.skipIf(REACH_OF_THIS_SYSTEM === "path")(
      "stays in the directory it opened when a link takes its place meanwhile",
      async () => {
        await mkdir(join(home, "dir"));
        const output = await write(
          { path: "dir/a.txt", content: "x" },
          {
            onDelta: async () => {
              execFileSync("mv", [join(home, "dir"), join(home, "moved")]);
              await symlink(outside, join(home, "dir"));
            },
          },
        );
        expect(output.isError).toBe(false);
        expect(await filesIn(outside)).toEqual({});
        expect(await filesIn(home)).toEqual({ "moved/a.txt": "x" });
      },
    );

    it("follows a link that the operator put in the place of the workspace", async () => {
      await rm(root, { recursive: true });
      await symlink(outside, root);
      expect(await write({ path: "a.txt", content: "x" })).toMatchObject({ isError: false });
      expect(Object.values(await filesIn(outside))).toEqual(["x"]);
    });
  });

  it("tells nothing about the disk when it fails", async () => {
    await rm(root, { recursive: true });
    await writeFile(root, "a file where the workspace should be");
    await chmod(root, 0o400);
    const output = await write({ path: "a.txt", content: "x" });
    expect(output).toEqual(refused("write_failed"));
    expect(JSON.stringify(output.content)).not.toContain(base);
  });
});
