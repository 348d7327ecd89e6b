import { describe, expect, it } from "vitest";
import { aTool } from "../../test/handmade-tools.ts";
import { permittedTools } from "./permitted-tools.ts";
import type { Tool } from "./tool.ts";

function tool(name: string, permissions: string[]): Tool {
  return aTool(name, { rule: { permissions, approval: "always" } });
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

  it("are those tools as far as the permissions reach", () => {
    const limited = aTool("write", {
      limitedTo: (permissions) => (permissions.includes("all") ? {} : { checkInput: () => "not this much" }),
    });
    expect(permittedTools([limited], ["all"])[0]?.checkInput({})).toBeNull();
    expect(permittedTools([limited], ["some"])[0]?.checkInput({})).toBe("not this much");
  });
});
