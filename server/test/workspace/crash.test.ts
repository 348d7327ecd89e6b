import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startScript } from "./child-script.ts";
import { filesIn, namesIn, textOf, WorkspaceRig } from "./workspace-rig.ts";

it("A process killed in mid-write leaves a temporary file at the most, which nobody sees and a later write removes", async () => {
  await using rig = await WorkspaceRig.start();
  {
    await using writer = startScript("half-writer.ts", [rig.root]);
    expect(await writer.hear()).toBe("half");
  }
  const [directory, temporary = "", ...others] = await namesIn(rig.home);
  expect([directory, others]).toEqual(["dir", []]);
  expect(temporary).toMatch(/^dir\/\.chat-bot-[0-9a-f-]{36}\.tmp$/);
  expect(textOf(await rig.run("list_files", {}))).toBe("dir/");
  expect(await rig.run("read_file", { path: "dir/half.txt" })).toMatchObject({
    structuredContent: { error: "not_found" },
  });

  // The same call is made again by whoever takes the turn over.
  const again = await rig.run("write_file", { path: "dir/half.txt", content: "x".repeat(100_000) });
  expect(again).toMatchObject({ isError: false, structuredContent: { created: true } });
  expect(await namesIn(rig.home)).toHaveLength(3);

  const longAgo = new Date(Date.now() - 61 * 60_000);
  await utimes(join(rig.home, temporary), longAgo, longAgo);
  await rig.run("write_file", { path: "a.txt", content: "x" });
  expect(Object.keys(await filesIn(rig.home)).toSorted()).toEqual(["a.txt", "dir/half.txt"]);
});
