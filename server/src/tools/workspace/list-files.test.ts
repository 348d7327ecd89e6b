import { execFileSync } from "node:child_process";
import { link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOB, type Ran, textOf, WorkspaceRig } from "../../../test/workspace/workspace-rig.ts";
import { forBrowser, forModel } from "../tool-result.ts";

let rig: WorkspaceRig;
let home: string;
beforeEach(async () => {
  rig = await WorkspaceRig.start();
  home = rig.home;
});
afterEach(() => rig[Symbol.asyncDispose]());

function list(input: Record<string, unknown> = {}): Promise<Ran> {
  return rig.run("list_files", input);
}

function refused(code: string): unknown {
  return expect.objectContaining({ isError: true, structuredContent: { error: code } });
}

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(home, path, ".."), { recursive: true });
    await writeFile(join(home, path), path);
  }
}

describe("workspace__list_files", () => {
  it("needs the permission to read, and asks nobody", () => {
    expect(rig.tool("list_files")).toMatchObject({
      title: "List files",
      annotations: { readOnlyHint: true, destructiveHint: false },
      rule: { permissions: ["workspace:read"], approval: "never" },
    });
  });

  it("tells files with their sizes, and directories, in order", async () => {
    await put("b.txt", "a/z.txt", "a/b/c.txt", "a.txt", "É.txt");
    await mkdir(join(home, "empty"));
    const output = await list();
    expect(textOf(output).split("\n")).toEqual([
      "a/",
      "a.txt (5 bytes)",
      "a/b/",
      "a/b/c.txt (9 bytes)",
      "a/z.txt (7 bytes)",
      "b.txt (5 bytes)",
      "empty/",
      "É.txt (6 bytes)",
    ]);
    expect(output.structuredContent).toMatchObject({ files: expect.any(Array), truncated: false });
  });

  it("lists one directory, with whole paths", async () => {
    await put("a/b/c.txt", "a/d.txt", "e.txt");
    expect(textOf(await list({ path: "a/b" }))).toBe("a/b/c.txt (9 bytes)");
  });

  it("says that there is nothing", async () => {
    expect(textOf(await list())).toBe("The workspace is empty.");
    await mkdir(join(home, "a"));
    expect(textOf(await list({ path: "a" }))).toBe("a is empty.");
    await rm(rig.root, { recursive: true });
    expect(textOf(await list())).toBe("The workspace is empty.");
    expect(await list({ path: "a" })).toEqual(refused("not_found"));
  });

  it("lists nobody else's files", async () => {
    await put("a.txt");
    expect(textOf(await rig.run("list_files", {}, { owner: BOB }))).toBe("The workspace is empty.");
  });

  it("refuses to list a file", async () => {
    await put("a.txt");
    expect(await list({ path: "a.txt" })).toEqual(refused("invalid_path"));
  });

  it("shows nothing hidden, no link, no pipe, and no name that could deceive", async () => {
    await put("a.txt", ".env", ".git/config", "a\u202eb.txt", "line\nfeed.txt", "cafe\u0301.txt", "x?.txt");
    await writeFile(join(rig.outside, "secret.txt"), "secret");
    await symlink(rig.outside, join(home, "link"));
    await symlink("a.txt", join(home, "other.txt"));
    await link(join(rig.outside, "secret.txt"), join(home, "hard.txt"));
    await writeFile(join(home, ".chat-bot-00000000-0000-4000-8000-000000000000.tmp"), "half");
    execFileSync("mkfifo", [join(home, "pipe")]);
    expect(textOf(await list())).toBe("a.txt (5 bytes)");
    expect(await list({ path: "link" })).toEqual(refused("invalid_path"));
  });

  it("shows hidden files where they are allowed, but never its own", async () => {
    await using other = await WorkspaceRig.start({ hiddenFiles: true });
    await writeFile(join(other.home, ".env"), "x");
    await writeFile(join(other.home, ".chat-bot-00000000-0000-4000-8000-000000000000.tmp"), "half");
    expect(textOf(await other.run("list_files", {}))).toBe(".env (1 bytes)");
  });

  it("is cut at 1,000 entries, and says so", async () => {
    const names = Array.from({ length: 1005 }, (_, index) => `${String(index).padStart(4, "0")}.txt`);
    for (const name of names) await writeFile(join(home, name), "");
    const output = await list();
    const lines = textOf(output).split("\n");
    expect(lines).toHaveLength(1001);
    expect(lines[0]).toBe("0000.txt (0 bytes)");
    expect(lines.at(-1)).toContain("cut off");
    expect(output.structuredContent).toMatchObject({ truncated: true });
  });

  it("fits into what a result may carry, however long the names are", async () => {
    const directory = `${"d".repeat(140)}/${"e".repeat(140)}/${"f".repeat(140)}`;
    await put(...Array.from({ length: 200 }, (_, index) => `${directory}/${index}`));
    const output = await list();
    expect(
      forModel(output)
        .content.map((block) => (block.type === "text" ? block.text : ""))
        .join(""),
    ).toMatch(/there are more; list one of the directories\]$/);
    expect(forBrowser(output).truncated).toBe(false);
  });
});
