import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { link, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOB, type Ran, textOf, WorkspaceRig } from "../../../test/workspace/workspace-rig.ts";
import { forModel } from "../tool-result.ts";

const READ_LIMIT_BYTES = 60 * 1024;

let rig: WorkspaceRig;
let home: string;
beforeEach(async () => {
  rig = await WorkspaceRig.start();
  home = rig.home;
});
afterEach(() => rig[Symbol.asyncDispose]());

function read(input: Record<string, unknown>): Promise<Ran> {
  return rig.run("read_file", input);
}

function refused(code: string): unknown {
  return expect.objectContaining({ isError: true, structuredContent: { error: code } });
}

/** Reads on as long as the answer says that there is more. */
async function readAll(path: string, limit: number): Promise<string> {
  let text = "";
  for (let offset: unknown = 0; offset !== null; ) {
    const output = await read({ path, offset, limit });
    text += output.content[0]?.type === "text" ? output.content[0].text : "";
    offset = output.structuredContent?.["next_offset"];
  }
  return text;
}

describe("workspace__read_file", () => {
  it("needs the permission to read, and asks nobody", () => {
    expect(rig.tool("read_file")).toMatchObject({
      title: "Read file",
      trusted: true,
      repeatable: true,
      annotations: { readOnlyHint: true, destructiveHint: false },
      rule: { permissions: ["workspace:read"], approval: "never" },
    });
  });

  it("reads a whole file, and says nothing besides", async () => {
    await writeFile(join(home, "a.txt"), "Olá, mundo\n");
    expect(await read({ path: "a.txt" })).toMatchObject({
      content: [{ type: "text", text: "Olá, mundo\n" }],
      structuredContent: { path: "a.txt", bytes: 12, offset: 0, next_offset: null },
      isError: false,
    });
  });

  it("says of an empty file that it is empty", async () => {
    await writeFile(join(home, "a.txt"), "");
    expect(textOf(await read({ path: "a.txt" }))).toContain("[bytes 0 to 0 of 0]");
  });

  it("cuts at what a result may carry, and says where to go on", async () => {
    await writeFile(join(home, "a.txt"), "é".repeat(50_000));
    const output = await read({ path: "a.txt" });
    expect(textOf(output)).toContain(
      `[bytes 0 to ${READ_LIMIT_BYTES} of 100000; go on with offset ${READ_LIMIT_BYTES}]`,
    );
    expect(output.structuredContent).toMatchObject({ bytes: 100_000, next_offset: READ_LIMIT_BYTES });
    const told = forModel(output)
      .content.map((block) => (block.type === "text" ? block.text : ""))
      .join("");
    expect(told).toContain("go on with offset");
    expect(told).not.toContain("cut off");
  });

  it.each([1, 2, 3, 4, 5, 7, 100])("gives every character once and whole, %i bytes at a time", async (limit) => {
    const content = "aé日😀\r\nb".repeat(20);
    await writeFile(join(home, "a.txt"), content);
    expect(await readAll("a.txt", limit)).toBe(content);
  });

  it("begins with the whole character when the offset is within one", async () => {
    await writeFile(join(home, "a.txt"), "a😀b");
    for (const offset of [1, 2, 3, 4]) {
      expect((await read({ path: "a.txt", offset })).structuredContent).toMatchObject({ offset: 1 });
    }
  });

  it("gives nothing from behind the end", async () => {
    await writeFile(join(home, "a.txt"), "abc");
    const output = await read({ path: "a.txt", offset: Number.MAX_SAFE_INTEGER });
    expect(output).toMatchObject({ isError: false, structuredContent: { offset: 3, next_offset: null } });
    expect(textOf(output)).toContain("[bytes 3 to 3 of 3]");
  });

  it("keeps a byte order mark and line ends as they are", async () => {
    await writeFile(join(home, "a.txt"), "\ufeffa\r\nb\n");
    expect((await read({ path: "a.txt" })).content).toEqual([{ type: "text", text: "\ufeffa\r\nb\n" }]);
  });

  it.each([
    ["an image", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")],
    ["text with NUL", Buffer.from("a\0b")],
    ["Latin-1", Buffer.from("café", "latin1")],
    ["UTF-16", Buffer.from("abc", "utf16le")],
    ["a surrogate in UTF-8", Buffer.from("eda080", "hex")],
    ["half a character at the end", Buffer.from("61f09f98", "hex")],
  ])("refuses %s", async (_what, bytes) => {
    await writeFile(join(home, "a.bin"), bytes);
    expect(await read({ path: "a.bin" })).toEqual(refused("not_text"));
  });

  it("says that there is no such file", async () => {
    expect(await read({ path: "a.txt" })).toEqual(refused("not_found"));
    expect(await read({ path: "no/such/a.txt" })).toEqual(refused("not_found"));
    await rm(rig.root, { recursive: true });
    expect(await read({ path: "a.txt" })).toEqual(refused("not_found"));
  });

  it("reads nobody else's files", async () => {
    await writeFile(join(home, "a.txt"), "Ann's");
    expect(await rig.run("read_file", { path: "a.txt" }, { owner: BOB })).toEqual(refused("not_found"));
  });

  it("checks its input", () => {
    const { checkInput } = rig.tool("read_file");
    expect(checkInput({ path: "a" })).toBeNull();
    expect(checkInput({ path: "a", offset: 5, limit: 10 })).toBeNull();
    for (const input of [
      {},
      { path: "a", offset: -1 },
      { path: "a", limit: 0 },
      { path: "a", limit: 1.5 },
      { path: "a", x: 1 },
    ]) {
      expect(checkInput(input)).toEqual(expect.any(String));
    }
  });

  const attacks: [what: string, path: string, prepare: () => unknown][] = [
    ["a link out", "a.txt", () => symlink(join(rig.outside, "secret.txt"), join(home, "a.txt"))],
    ["a link within", "a.txt", () => symlink("b.txt", join(home, "a.txt"))],
    ["a dangling link", "a.txt", () => symlink("nothing", join(home, "a.txt"))],
    ["a directory that is a link out", "d/secret.txt", () => symlink(rig.outside, join(home, "d"))],
    ["a hard link to a file outside", "a.txt", () => link(join(rig.outside, "secret.txt"), join(home, "a.txt"))],
    [
      "a hard link with a temporary name beside it",
      "a.txt",
      async () => {
        await link(join(rig.outside, "secret.txt"), join(home, "a.txt"));
        await link(join(rig.outside, "secret.txt"), join(home, ".chat-bot-00000000-0000-4000-8000-000000000000.tmp"));
      },
    ],
    ["a directory", "d", () => mkdir(join(home, "d"))],
    ["a pipe", "pipe", () => execFileSync("mkfifo", [join(home, "pipe")])],
    ["a link to a device", "zero", () => symlink("/dev/zero", join(home, "zero"))],
    [
      "a socket",
      "socket",
      async () => {
        // Its own path may have 107 bytes, so it is made where that is short.
        const server = createServer().listen(join(rig.base, "socket"));
        cleanUp = () => server.close();
        await once(server, "listening");
        await rename(join(rig.base, "socket"), join(home, "socket"));
      },
    ],
  ];
  let cleanUp = (): unknown => undefined;
  afterEach(() => cleanUp());

  it.each(attacks)("does not read %s", async (_what, path, prepare) => {
    await writeFile(join(rig.outside, "secret.txt"), "secret");
    await writeFile(join(home, "b.txt"), "within");
    await prepare();
    expect(await read({ path })).toEqual(refused("invalid_path"));
  });

  it("reads a file whose writer died before it took the temporary name away", async () => {
    await writeFile(join(home, "a.txt"), "complete");
    await link(join(home, "a.txt"), join(home, ".chat-bot-00000000-0000-4000-8000-000000000000.tmp"));
    expect(textOf(await read({ path: "a.txt" }))).toBe("complete");
  });
});
