import { execFileSync } from "node:child_process";
import { link, mkdir, readdir, rename, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ANN, BOB, filesIn, namesIn, type Ran, textOf, WorkspaceRig } from "../../../test/workspace/workspace-rig.ts";
import { permittedTools } from "../permitted-tools.ts";
import type { WorkspaceLimits } from "./workspace.ts";

const SMALL: WorkspaceLimits = { fileBytes: 100, bytes: 1000, files: 10, directories: 10 };
const LEFT_BEHIND = ".chat-bot-00000000-0000-4000-8000-000000000000.tmp";

function refused(code: string): unknown {
  return expect.objectContaining({ isError: true, structuredContent: { error: code } });
}

const OK = expect.objectContaining({ isError: false });

function write(rig: WorkspaceRig, path: string, content: string, others: Record<string, unknown> = {}): Promise<Ran> {
  return rig.run("write_file", { path, content, ...others });
}

async function sizeOf(directory: string): Promise<number> {
  return Object.values(await filesIn(directory)).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
}

describe("The quota of a workspace", () => {
  it("is 10 MB a file, 100 MB and 1,000 files", async () => {
    await using rig = await WorkspaceRig.start();
    for (let index = 0; index < 10; index += 1) {
      await writeFile(join(rig.home, `${index}.txt`), "");
      await truncate(join(rig.home, `${index}.txt`), 10 * 1024 * 1024);
    }
    expect(await write(rig, "more.txt", "x")).toEqual(refused("quota_exceeded"));
    expect(await write(rig, "0.txt", "smaller", { overwrite: true })).toEqual(OK);
    for (let index = 0; index < 990; index += 1) await writeFile(join(rig.home, `n${index}`), "");
    expect(await write(rig, "more.txt", "x")).toEqual(refused("quota_exceeded"));
    expect(await rig.run("edit_file", { path: "0.txt", old_text: "smaller", new_text: "s" })).toEqual(OK);
  });

  it("lets a file be replaced when the workspace is full", async () => {
    await using rig = await WorkspaceRig.start({ limits: SMALL });
    for (let index = 0; index < 10; index += 1) await write(rig, `${index}.txt`, "x".repeat(100));
    expect(await write(rig, "0.txt", "y".repeat(100), { overwrite: true })).toEqual(OK);
    expect(await write(rig, "0.txt", "y".repeat(101), { overwrite: true })).toEqual(refused("quota_exceeded"));
    expect(await write(rig, "10.txt", "")).toEqual(refused("quota_exceeded"));
  });

  it("counts directories, and takes back those made for nothing", async () => {
    await using rig = await WorkspaceRig.start({ limits: SMALL });
    expect(await write(rig, "a/b/c/d/e/f/g.txt", "")).toEqual(OK);
    const before = await namesIn(rig.root);
    expect(await write(rig, "h/i/j/k/l/m.txt", "")).toEqual(refused("quota_exceeded"));
    expect(await namesIn(rig.root)).toEqual(before);
  });

  it("holds for writers at once, and refuses none that fits", async () => {
    await using rig = await WorkspaceRig.start({ limits: SMALL });
    const outputs = await Promise.all(
      Array.from({ length: 40 }, (_, index) => write(rig, `${index % 7}/${index}.txt`, "x".repeat(50))),
    );
    expect(outputs.filter((output) => !output.isError)).toHaveLength(10);
    const codes = outputs.map((output) => output.structuredContent?.["error"]);
    expect(codes.filter((code) => code !== undefined && code !== "quota_exceeded")).toEqual([]);
    expect(await sizeOf(rig.home)).toBe(500);
  });

  it("counts a file that is being written in its whole length", async () => {
    await using rig = await WorkspaceRig.start({ limits: { ...SMALL, fileBytes: 1000 } });
    const second: Ran[] = [];
    await rig.run(
      "write_file",
      { path: "a.txt", content: "x".repeat(900) },
      { onDelta: async () => void second.push(await write(rig, "b.txt", "x".repeat(101))) },
    );
    expect(second).toEqual([refused("quota_exceeded")]);
    expect(await write(rig, "b.txt", "x".repeat(100))).toEqual(OK);
  });

  it("belongs to one user, or to those who share", async () => {
    await using own = await WorkspaceRig.start({ limits: { ...SMALL, files: 1 } });
    await using shared = await WorkspaceRig.start({ limits: { ...SMALL, files: 1 }, shared: "organization" });
    const both = async (rig: WorkspaceRig): Promise<boolean[]> => {
      const outputs = await Promise.all(
        [ANN, BOB].map((owner) => rig.run("write_file", { path: `${owner.user}.txt`, content: "x" }, { owner })),
      );
      return outputs.map((output) => !output.isError);
    };
    expect(await both(own)).toEqual([true, true]);
    expect((await both(shared)).filter(Boolean)).toHaveLength(1);
  });

  it("counts what others have put there, whatever it is", async () => {
    await using rig = await WorkspaceRig.start({ limits: { ...SMALL, files: 2 } });
    await symlink("/", join(rig.home, "link"));
    execFileSync("mkfifo", [join(rig.home, "pipe")]);
    expect(await write(rig, "a.txt", "")).toEqual(refused("quota_exceeded"));
  });
});

describe("A temporary file that a crash left behind", () => {
  it("is removed by the next writer when it is older than an hour, wherever it is", async () => {
    await using rig = await WorkspaceRig.start();
    await mkdir(join(rig.home, "a/b"), { recursive: true });
    const [old, fresh] = [join(rig.home, "a/b", LEFT_BEHIND), join(rig.home, LEFT_BEHIND)];
    await writeFile(old, "half");
    await writeFile(fresh, "half");
    await utimes(old, new Date(), new Date(Date.now() - 61 * 60_000));
    await utimes(fresh, new Date(), new Date(Date.now() - 59 * 60_000));
    await write(rig, "c.txt", "x");
    expect(await namesIn(rig.home)).toEqual([LEFT_BEHIND, "a", "a/b", "c.txt"]);
  });

  it("counts until then, and once when it has its real name too", async () => {
    await using rig = await WorkspaceRig.start({ limits: { ...SMALL, files: 3 } });
    await writeFile(join(rig.home, LEFT_BEHIND), "x".repeat(100));
    await link(join(rig.home, LEFT_BEHIND), join(rig.home, "a.txt"));
    expect(await write(rig, "b.txt", "")).toEqual(OK);
    expect(await write(rig, "c.txt", "")).toEqual(OK);
    expect(await write(rig, "d.txt", "")).toEqual(refused("quota_exceeded"));
  });

  it("is nobody else's file: names that only look like one stay", async () => {
    await using rig = await WorkspaceRig.start();
    const names = [".chat-bot-1.tmp", ".00000000-0000-4000-8000-000000000000.tmp", ".chat-bot"];
    for (const name of names) {
      await writeFile(join(rig.home, name), "");
      await utimes(join(rig.home, name), new Date(0), new Date(0));
    }
    await write(rig, "a.txt", "x");
    expect(await namesIn(rig.home)).toEqual([...names, "a.txt"].toSorted());
  });
});

describe("A shared workspace", () => {
  it.each<[sharing: "organization" | "everyone" | undefined, seen: boolean[]]>([
    [undefined, [true, false, false, false]],
    ["organization", [true, true, false, false]],
    ["everyone", [true, true, true, true]],
  ])("%s", async (shared, seen) => {
    await using rig = await WorkspaceRig.start(shared === undefined ? {} : { shared });
    await write(rig, "a.txt", "Ann's");
    const owners = [ANN, BOB, { ...BOB, organization: "Other" }, { ...BOB, issuer: "https://other.example" }];
    const outputs = await Promise.all(owners.map((owner) => rig.run("read_file", { path: "a.txt" }, { owner })));
    expect(outputs.map((output) => !output.isError)).toEqual(seen);
  });

  it("does not show what users had of their own", async () => {
    await using rig = await WorkspaceRig.start();
    await write(rig, "a.txt", "Ann's");
    for (const shared of ["organization", "everyone"] as const) {
      await using other = await WorkspaceRig.start({ directory: rig.root, shared });
      expect(textOf(await other.run("list_files", {}))).toBe("The workspace is empty.");
    }
  });
});

describe("Without the permission workspace:overwrite", () => {
  const offered = (rig: WorkspaceRig, ...permissions: string[]): Map<string, Record<string, unknown>> =>
    new Map(
      permittedTools(
        (["write_file", "edit_file", "read_file", "list_files"] as const).map((name) => rig.tool(name)),
        permissions,
      ).map((tool) => [tool.name, tool.inputSchema]),
    );

  it("write_file is offered without overwrite, and refuses it clearly", async () => {
    await using rig = await WorkspaceRig.start();
    const [tool] = permittedTools([rig.tool("write_file")], ["workspace:write"]);
    expect(tool?.inputSchema["properties"]).not.toHaveProperty("overwrite");
    expect(tool?.fingerprint).toBe(rig.tool("write_file").fingerprint);
    expect(tool?.checkInput({ path: "a", content: "x" })).toBeNull();
    for (const overwrite of [true, false, "true", null]) {
      expect(tool?.checkInput({ path: "a", content: "x", overwrite })).toContain("workspace:overwrite is missing");
    }
  });

  it.each(["workspace:overwrite", "workspace:*", "*"])("but not with %s", async (permission) => {
    await using rig = await WorkspaceRig.start();
    const [tool] = permittedTools([rig.tool("write_file")], ["workspace:write", permission]);
    expect(tool?.inputSchema["properties"]).toHaveProperty("overwrite");
    expect(tool?.checkInput({ path: "a", content: "x", overwrite: true })).toBeNull();
  });

  it("edit_file is not offered", async () => {
    await using rig = await WorkspaceRig.start();
    expect([...offered(rig, "workspace:write").keys()]).toEqual(["workspace__write_file"]);
    expect([...offered(rig, "workspace:read").keys()]).toEqual(["workspace__read_file", "workspace__list_files"]);
    expect(offered(rig, "workspace:write", "workspace:overwrite").size).toBe(2);
    expect(offered(rig, "workspace:*").size).toBe(4);
  });
});

describe("Where entries are reached by path, for want of /proc", () => {
  const start = (): Promise<WorkspaceRig> => WorkspaceRig.start({ reach: "path" });

  it("everything works", async () => {
    await using rig = await start();
    expect(await write(rig, "a/b/c.txt", "old")).toEqual(OK);
    expect(await write(rig, "a/b/c.txt", "older", { overwrite: true })).toEqual(OK);
    expect(await rig.run("edit_file", { path: "a/b/c.txt", old_text: "older", new_text: "new" })).toEqual(OK);
    expect(textOf(await rig.run("read_file", { path: "a/b/c.txt" }))).toBe("new");
    expect(textOf(await rig.run("list_files", {}))).toBe("a/\na/b/\na/b/c.txt (3 bytes)");
    expect(await namesIn(rig.home)).toEqual(["a", "a/b", "a/b/c.txt"]);
  });

  it.each<[what: string, path: string]>([
    ["a directory that is a link", "link/secret.txt"],
    ["a link further down", "d/link/secret.txt"],
    ["a file that is a link", "secret.txt"],
  ])("links are not followed: %s", async (_what, path) => {
    await using rig = await start();
    await writeFile(join(rig.outside, "secret.txt"), "secret");
    await mkdir(join(rig.home, "d"));
    await symlink(rig.outside, join(rig.home, "link"));
    await symlink(rig.outside, join(rig.home, "d/link"));
    await symlink(join(rig.outside, "secret.txt"), join(rig.home, "secret.txt"));
    expect(await write(rig, path, "x", { overwrite: true })).toEqual(refused("invalid_path"));
    expect(await rig.run("edit_file", { path, old_text: "secret", new_text: "x" })).toEqual(refused("invalid_path"));
    expect(await rig.run("read_file", { path })).toEqual(refused("invalid_path"));
    expect(textOf(await rig.run("list_files", {}))).toBe("d/");
    expect(await filesIn(rig.outside)).toEqual({ "secret.txt": "secret" });
  });

  it.each(["d", "."])("a link that takes the place of a directory meanwhile is noticed: %s", async (above) => {
    await using rig = await start();
    await mkdir(join(rig.home, "d/e"), { recursive: true });
    await mkdir(join(rig.outside, "e"));
    const [place, elsewhere] = [
      join(rig.home, "d", above === "d" ? "e" : "."),
      join(rig.outside, above === "d" ? "e" : ""),
    ];
    const output = await rig.run(
      "write_file",
      { path: "d/e/a.txt", content: "x" },
      {
        onDelta: async () => {
          await rename(place, join(rig.base, "moved"));
          await symlink(elsewhere, place.replace(/\/\.?$/, ""));
        },
      },
    );
    expect(output).toEqual(refused("invalid_path"));
    expect(await readdir(rig.outside, { recursive: true })).toEqual(["e"]);
  });
});
