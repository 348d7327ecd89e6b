import { describe, expect, it } from "vitest";
import { permittedTools } from "./permitted-tools.ts";
import type { Tool } from "./tool.ts";
import { createWriteFile } from "./workspace/write-file.ts";

function tool(name: string, permissions: string[]): Tool {
  return { ...createWriteFile("never-used", { permissions, approval: "always" }), name };
}

const TOOLS = [tool("free", []), tool("list", ["member:read"]), tool("move", ["member:read", "member:write"])];

describe("permittedTools", () => {
  it.each<[permissions: string[], names: string[]]>([
    [[], ["free"]],
    [["member:read"], ["free", "list"]],
    [["member:write"], ["free"]],
    [
      ["member:read", "member:write"],
      ["free", "list", "move"],
    ],
    [["member:*"], ["free", "list", "move"]],
    [["*"], ["free", "list", "move"]],
    [["members:read"], ["free"]],
  ])("with %j are %j", (permissions, names) => {
    expect(permittedTools(TOOLS, permissions).map(({ name }) => name)).toEqual(names);
  });
});
