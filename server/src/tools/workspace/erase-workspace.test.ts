import { execFileSync } from "node:child_process";
import { link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ANN, BOB, namesIn, WorkspaceRig } from "../../../test/workspace/workspace-rig.ts";
import { eraseWorkspace, workspaceOf } from "./erase-workspace.ts";

const REACHES = ["descriptor", "path"] as const;

async function write(rig: WorkspaceRig, path: string, owner = ANN): Promise<void> {
  const { isError } = await rig.run("write_file", { path, content: "words" }, { owner });
  expect(isError).toBe(false);
}

describe.each(REACHES)("Erasing a workspace, by %s,", (reach) => {
  it("takes a user's directory with all files, and nobody else's", async () => {
    await using rig = await WorkspaceRig.start();
    expect(workspaceOf(rig.root, ANN)).toBe(rig.home);
    for (const path of ["a.txt", "b/c.txt", "b/d/e/f/g/h.txt"]) await write(rig, path);
    await write(rig, "a.txt", BOB);
    await writeFile(join(rig.home, ".hidden"), "");
    await mkdir(join(rig.home, ...Array.from({ length: 40 }, (_, index) => String(index))), { recursive: true });
    expect(await eraseWorkspace(rig.root, ANN, reach)).toBe(4);
    expect(await namesIn(rig.root)).toEqual(
      [dirname(workspaceOf(rig.root, BOB)), workspaceOf(rig.root, BOB), join(workspaceOf(rig.root, BOB), "a.txt")].map(
        (path) => path.slice(rig.root.length + 1),
      ),
    );
    await write(rig, "again.txt");
  });

  it("takes the organization's directory when nothing else is in it", async () => {
    await using rig = await WorkspaceRig.start();
    await write(rig, "a.txt");
    expect(await eraseWorkspace(rig.root, ANN, reach)).toBe(1);
    expect(await namesIn(rig.root)).toEqual([]);
    expect(await eraseWorkspace(rig.root, ANN, reach)).toBe(0);
  });

  it("leaves what an organization shares", async () => {
    await using rig = await WorkspaceRig.start({ shared: "organization" });
    await write(rig, "ours.txt");
    const names = await namesIn(rig.root);
    expect(await eraseWorkspace(rig.root, ANN, reach)).toBe(0);
    expect(await namesIn(rig.root)).toEqual(names);
  });

  it("says when there are no workspaces at all", async () => {
    await using rig = await WorkspaceRig.start();
    expect(await eraseWorkspace(join(rig.base, "elsewhere"), ANN, reach)).toBeNull();
  });

  it("removes links and whatever else is there, and touches nothing that they lead to", async () => {
    await using rig = await WorkspaceRig.start();
    const kept = join(rig.outside, "kept.txt");
    await writeFile(kept, "kept");
    await mkdir(join(rig.home, "a"));
    await symlink(rig.outside, join(rig.home, "directory"));
    await symlink(kept, join(rig.home, "a", "file"));
    await symlink("/nowhere", join(rig.home, "broken"));
    await link(kept, join(rig.home, "hard"));
    execFileSync("mkfifo", [join(rig.home, "pipe")]);
    expect(await eraseWorkspace(rig.root, ANN, reach)).toBe(5);
    expect(await namesIn(rig.outside)).toEqual(["kept.txt"]);
    expect(await readFile(kept, "utf8")).toBe("kept");
    expect(await namesIn(rig.root)).toEqual([]);
  });

  it.each([
    ["user's", (rig: WorkspaceRig) => rig.home],
    ["organization's", (rig: WorkspaceRig) => dirname(rig.home)],
  ])("does not follow a link in place of the %s directory", async (_title, place) => {
    await using rig = await WorkspaceRig.start();
    const linked = place(rig);
    await mkdir(join(rig.outside, "b"));
    await writeFile(join(rig.outside, "kept.txt"), "kept");
    await rm(linked, { recursive: true });
    await symlink(rig.outside, linked);
    await expect(eraseWorkspace(rig.root, ANN, reach)).rejects.toThrow(/ELOOP|ENOTDIR/);
    expect(await namesIn(rig.outside)).toEqual(["b", "kept.txt"]);
  });
});

describe("Erasing a workspace", () => {
  it("goes nowhere else when a directory gives way to a link while it is emptied", async () => {
    await using rig = await WorkspaceRig.start();
    const names = Array.from({ length: 3000 }, (_, index) => `${index}.txt`);
    const [place, aside] = [join(rig.home, "a"), join(rig.base, "aside")];
    await mkdir(place);
    await Promise.all(
      [place, rig.outside].flatMap((directory) => names.map((name) => writeFile(join(directory, name), ""))),
    );
    const erasing = eraseWorkspace(rig.root, ANN);
    await waitUntilFewer(place, names.length);
    await rename(place, aside);
    await symlink(rig.outside, place);
    const left = await namesIn(aside);
    expect(left.length).toBeGreaterThan(0);
    await erasing;
    expect(await namesIn(rig.outside)).toEqual(names.toSorted());
    expect(await namesIn(rig.root)).toEqual([]);
  });
});

async function waitUntilFewer(directory: string, than: number): Promise<void> {
  while ((await readdir(directory)).length === than);
}
