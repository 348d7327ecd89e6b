import { execFileSync } from "node:child_process";
import { link, lstat, mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOB, filesIn, type Ran, WorkspaceRig } from "../../../test/workspace/workspace-rig.ts";
import type { ToolCallContext } from "../tool.ts";

let rig: WorkspaceRig;
let home: string;
beforeEach(async () => {
  rig = await WorkspaceRig.start();
  home = rig.home;
});
afterEach(() => rig[Symbol.asyncDispose]());

function edit(oldText: string, newText: string, context: Partial<ToolCallContext> = {}): Promise<Ran> {
  return rig.run("edit_file", { path: "a.txt", old_text: oldText, new_text: newText }, context);
}

function refused(code: string, details: Record<string, unknown> = {}): unknown {
  return expect.objectContaining({ isError: true, structuredContent: { error: code, ...details } });
}

const put = (content: string | Buffer): Promise<void> => writeFile(join(home, "a.txt"), content);

describe("workspace__edit_file", () => {
  it("needs the permissions to write and to overwrite, and a person's consent", () => {
    expect(rig.tool("edit_file")).toMatchObject({
      title: "Edit file",
      repeatable: false,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
      rule: { permissions: ["workspace:write", "workspace:overwrite"], approval: "always" },
    });
  });

  it("replaces the one place and shows what is new", async () => {
    await put("one two three");
    expect(await edit("two", "2 (zwei)")).toMatchObject({
      content: [{ type: "text", text: "Edited a.txt (13 bytes before, 18 now)." }],
      structuredContent: { path: "a.txt", bytes: 18, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      isError: false,
      deltas: [{ channel: "output", chunk: "2 (zwei)" }],
    });
    expect(await filesIn(home)).toEqual({ "a.txt": "one 2 (zwei) three" });
  });

  it.each<[what: string, content: string, oldText: string, newText: string, expected: string]>([
    ["at the beginning", "abc", "a", "x", "xbc"],
    ["at the end", "abc", "c", "x", "abx"],
    ["everything", "abc", "abc", "x", "x"],
    ["by nothing", "abc", "b", "", "ac"],
    ["everything by nothing", "abc", "abc", "", ""],
    ["over lines", "a\nb\nc\n", "a\nb", "x", "x\nc\n"],
    ["of other letters", "日本語😀です", "😀", "é", "日本語éです"],
    ["with characters that mean something elsewhere", "a$&b.*c", "$&b.*", "$1$&", "a$1$&c"],
    ["by something that holds it", "abc", "b", "abba", "aabbac"],
  ])("edits %s", async (_what, content, oldText, newText, expected) => {
    await put(content);
    expect(await edit(oldText, newText)).toMatchObject({ isError: false });
    expect(await filesIn(home)).toEqual({ "a.txt": expected });
  });

  it.each<[what: string, content: string, oldText: string, matches: number]>([
    ["nowhere", "abc", "x", 0],
    ["in another case", "abc", "B", 0],
    ["with other white space", "a  b", "a b", 0],
    ["twice", "abab", "ab", 2],
    ["three times", "a\na\na", "a", 3],
    ["twice, overlapping", "aaa", "aa", 2],
    ["longer than the file", "a", "aa", 0],
    ["in an empty file", "", "a", 0],
  ])("changes nothing when the text is %s", async (_what, content, oldText, matches) => {
    await put(content);
    expect(await edit(oldText, "new")).toEqual(refused("no_single_match", { matches }));
    expect(await filesIn(home)).toEqual({ "a.txt": content });
  });

  it("says so when only the line ends are other ones", async () => {
    await put("a\r\nb\r\n");
    expect(JSON.stringify((await edit("a\nb", "x")).content)).toContain("its lines end with");
  });

  it("refuses what is no text, no change, or half a character", async () => {
    await put(Buffer.from("ff00", "hex"));
    expect(await edit("a", "b")).toEqual(refused("not_text"));
    await put("abc");
    expect(await edit("a", "a")).toEqual(refused("write_failed"));
    expect(await edit("a", "\ud800")).toEqual(refused("write_failed"));
    expect(rig.tool("edit_file").checkInput({ path: "a", old_text: "", new_text: "x" })).toContain("old_text");
    expect(await filesIn(home)).toEqual({ "a.txt": "abc" });
  });

  it("makes no file", async () => {
    expect(await edit("a", "b")).toEqual(refused("not_found"));
    expect(await filesIn(rig.root)).toEqual({});
  });

  it("edits nobody else's files", async () => {
    await put("abc");
    expect(await edit("a", "x", { owner: BOB })).toEqual(refused("not_found"));
  });

  it("counts what the file has then", async () => {
    await put("x".repeat(10 * 1024 * 1024 - 1));
    await rig.run("write_file", { path: "b.txt", content: "yz" });
    expect(
      await rig.run("edit_file", { path: "b.txt", old_text: "y", new_text: "x".repeat(10 * 1024 * 1024) }),
    ).toEqual(refused("quota_exceeded"));
    await writeFile(join(home, "c.txt"), "x".repeat(10 * 1024 * 1024 + 1));
    expect(await rig.run("edit_file", { path: "c.txt", old_text: "y", new_text: "x" })).toEqual(
      refused("quota_exceeded"),
    );
  });

  it("shows the old content until the new one is complete", async () => {
    await put("abc");
    const seen: string[] = [];
    await edit("b", "x".repeat(10_000), { onDelta: async () => void seen.push((await filesIn(home))["a.txt"] ?? "") });
    expect(new Set(seen)).toEqual(new Set(["abc"]));
  });

  it.each<[what: string, change: () => unknown]>([
    ["written anew", () => put("ab changed")],
    ["appended to", () => writeFile(join(home, "a.txt"), "more", { flag: "a" })],
    [
      "changed in place, in the same length",
      async () => {
        await writeFile(join(home, "a.txt"), "abd", { flag: "r+" });
        await utimes(join(home, "a.txt"), new Date(), new Date(0));
      },
    ],
    [
      "replaced by another file",
      async () => {
        await writeFile(join(home, "new"), "abc");
        execFileSync("mv", [join(home, "new"), join(home, "a.txt")]);
      },
    ],
    ["overwritten by another call", () => rig.run("write_file", { path: "a.txt", content: "abc", overwrite: true })],
    ["removed", () => execFileSync("rm", [join(home, "a.txt")])],
  ])("leaves a file alone that was %s meanwhile", async (_what, change) => {
    await put("abc");
    let expected: Record<string, string> = {};
    const output = await edit("b", "x", {
      onDelta: async () => {
        await change();
        expected = Object.fromEntries(Object.entries(await filesIn(home)).filter(([name]) => !name.startsWith(".")));
      },
    });
    expect(output).toEqual(refused("conflict"));
    expect(await filesIn(home)).toEqual(expected);
  });

  it("lets one of two edits at once through, or both", async () => {
    await put("one two");
    const outputs = await Promise.all([edit("one", "1"), edit("two", "2")]);
    const [{ "a.txt": content = "" }, succeeded] = [await filesIn(home), outputs.map(({ isError }) => !isError)];
    expect(content).toBe(`${succeeded[0] ? "1" : "one"} ${succeeded[1] ? "2" : "two"}`);
    expect(succeeded).toContain(true);
  });

  it("leaves the file as it was when it is aborted", async () => {
    await put("abc");
    const abort = new AbortController();
    const editing = edit("b", "x".repeat(20_000), {
      signal: abort.signal,
      onDelta: async () => abort.abort(new Error("stop")),
    });
    await expect(editing).rejects.toThrow("stop");
    expect(await filesIn(home)).toEqual({ "a.txt": "abc" });
  });

  it("gives the new file to its owner alone", async () => {
    await put("abc");
    await edit("b", "x");
    expect((await lstat(join(home, "a.txt"))).mode & 0o777).toBe(0o600);
  });

  const attacks: [what: string, prepare: () => unknown][] = [
    ["a link out", () => symlink(join(rig.outside, "secret.txt"), join(home, "a.txt"))],
    ["a hard link to a file outside", () => link(join(rig.outside, "secret.txt"), join(home, "a.txt"))],
    ["a directory", () => mkdir(join(home, "a.txt"))],
    ["a pipe", () => execFileSync("mkfifo", [join(home, "a.txt")])],
  ];

  it.each(attacks)("does not edit %s", async (_what, prepare) => {
    await writeFile(join(rig.outside, "secret.txt"), "secret");
    await prepare();
    expect(await edit("secret", "public")).toEqual(refused("invalid_path"));
    expect(await filesIn(rig.outside)).toEqual({ "secret.txt": "secret" });
    expect(await readdir(home)).toEqual(["a.txt"]);
  });
});
