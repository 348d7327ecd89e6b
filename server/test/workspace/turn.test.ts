import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Engine } from "../engine.ts";
import { filesIn, type ToolName, WorkspaceRig } from "./workspace-rig.ts";

const TOOLS: readonly ToolName[] = ["write_file", "edit_file", "read_file", "list_files"];

let engine: Engine;
let rig: WorkspaceRig;
beforeEach(async () => {
  engine = await Engine.start();
  rig = await WorkspaceRig.start();
  for (const name of TOOLS) engine.tools.replace(`workspace__${name}`, rig.tool(name));
});
afterEach(async () => {
  await engine.stop();
  await rig[Symbol.asyncDispose]();
});

/** One call, approved where a person is asked; what it answered. */
async function call(name: ToolName, input: Record<string, unknown>, permissions: string[]): Promise<unknown> {
  const identity = { ...engine.identity, permissions };
  const id = `toolu_${crypto.randomUUID()}`;
  const steps = [{ tool_use: [{ name: `workspace__${name}`, input, id }] }, { text: "Done." }];
  const turn = await engine.script(steps, { identity });
  const isAsked = ({ tool_use_id }: { tool_use_id: string }): boolean => tool_use_id === id;
  const first = await Promise.race([
    engine.event(turn, "tool_request", isAsked),
    engine.event(turn, "tool_result", isAsked),
  ]);
  if (first.type === "tool_request") {
    await engine.parked(turn);
    await engine.decide(turn, id, true, identity);
  }
  const result = await engine.event(turn, "tool_result", isAsked);
  await engine.done(turn);
  return { asked: first.type === "tool_request", outcome: result.outcome, content: JSON.stringify(result.content) };
}

const DENIED = { asked: false, outcome: "error" };

describe("In a turn, the tools of the workspace", () => {
  it("do what the user may do, and ask before something is changed", async () => {
    const all = ["chatbot:use", "workspace:*"];
    const path = "notes/hello.txt";
    expect(await call("write_file", { path, content: "Hello world" }, all)).toMatchObject({
      asked: true,
      outcome: "ok",
    });
    expect(await call("edit_file", { path, old_text: "world", new_text: "Ann" }, all)).toMatchObject({
      asked: true,
      outcome: "ok",
    });
    expect(await call("read_file", { path }, all)).toMatchObject({
      asked: false,
      outcome: "ok",
      content: expect.stringContaining("Hello Ann"),
    });
    expect(await call("list_files", {}, all)).toMatchObject({
      asked: false,
      outcome: "ok",
      content: expect.stringContaining("notes/hello.txt (9 bytes)"),
    });
  });

  it("refuse what the user may not do, without asking anybody", async () => {
    const writer = ["chatbot:use", "workspace:write"];
    expect(await call("write_file", { path: "a.txt", content: "old" }, writer)).toMatchObject({ outcome: "ok" });
    expect(await call("write_file", { path: "a.txt", content: "new", overwrite: true }, writer)).toMatchObject({
      ...DENIED,
      content: expect.stringContaining("workspace:overwrite is missing"),
    });
    expect(await call("edit_file", { path: "a.txt", old_text: "old", new_text: "new" }, writer)).toMatchObject(DENIED);
    expect(await call("read_file", { path: "a.txt" }, writer)).toMatchObject(DENIED);
    expect(await call("list_files", {}, writer)).toMatchObject(DENIED);
    expect(await call("write_file", { path: "b.txt", content: "x" }, ["chatbot:use", "workspace:read"])).toMatchObject(
      DENIED,
    );
    expect(Object.values(await filesIn(rig.root))).toEqual(["old"]);
  });

  it("are shown to the model as far as the user may use them", async () => {
    await call("list_files", {}, ["chatbot:use", "workspace:write"]);
    await call("list_files", {}, ["chatbot:use", "workspace:*"]);
    const [limited = "", whole = ""] = [engine.prompts[0], engine.prompts.at(-1)].map((prompt) =>
      JSON.stringify(prompt?.tools?.filter(({ name }) => name.startsWith("workspace__"))),
    );
    expect(limited).toContain("workspace__write_file");
    expect(limited).not.toMatch(/overwrite"|edit_file|read_file|list_files/);
    expect(whole).toMatch(/edit_file.*list_files.*read_file.*write_file/);
    expect(whole).toContain('"overwrite"');
  });

  it("refuse an overwrite when the permission is lost between asking and running", async () => {
    await rig.run("write_file", { path: "a.txt", content: "old" }, { owner: engine.identity.owner });
    const identity = { ...engine.identity, permissions: ["chatbot:use", "workspace:*"] };
    const input = { path: "a.txt", content: "new", overwrite: true };
    const steps = [{ tool_use: [{ name: "workspace__write_file", input, id: "toolu_o" }] }, { text: "Done." }];
    const turn = await engine.script(steps, { identity });
    await engine.parked(turn);
    await engine.decide(turn, "toolu_o", true, { ...identity, permissions: ["chatbot:use", "workspace:write"] });
    const result = await engine.event(turn, "tool_result");
    await engine.done(turn);
    expect(result).toMatchObject({ outcome: "error" });
    expect(JSON.stringify(result.content)).toContain("workspace:overwrite is missing");
    expect(Object.values(await filesIn(rig.root))).toEqual(["old"]);
  });
});
