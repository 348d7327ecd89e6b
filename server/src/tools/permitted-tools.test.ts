import { describe, expect, it } from "vitest";
import { aTool } from "../../test/handmade-tools.ts";
import { permittedTools, ruleInForce } from "./permitted-tools.ts";
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

  describe("where the issuer has rules of its own", () => {
    const rule = { permissions: ["own:use"], approval: "never" } as const;

    it("count for one that is away, too", () => {
      expect(ruleInForce({ name: "move", rule: null }, { "m*": rule })).toBe(rule);
      expect(ruleInForce({ name: "list", rule }, {})).toBe(rule);
      expect(ruleInForce({ name: "list", rule: null }, { "m*": rule })).toBeNull();
    });

    it("go by these rules, and by the server's where these say nothing", () => {
      const found = permittedTools(TOOLS, ["own:use", "member:read"], { move: rule });
      expect(found.map((each) => [each.name, each.rule.approval])).toEqual([
        ["free", "always"],
        ["list", "always"],
        ["move", "never"],
      ]);
      expect(permittedTools(TOOLS, ["member:read", "member:write"], { move: rule }).map(({ name }) => name)).toEqual([
        "free",
        "list",
      ]);
    });

    it("include one that the server's rules offer to nobody, for this issuer only", () => {
      const unruled = { ...aTool("extra"), rule: null };
      expect(permittedTools([unruled], ["*"])).toEqual([]);
      expect(permittedTools([unruled], ["own:use"], { "ex*": rule })).toMatchObject([{ name: "extra", rule }]);
      expect(permittedTools([unruled], [], { "ex*": rule })).toEqual([]);
    });

    it("run under these rules", () => {
      const repeating = { ...aTool("extra"), under: () => ({ repeatable: true, run: aTool("extra").run }) };
      expect(permittedTools([repeating], [], {})[0]?.repeatable).toBe(false);
      expect(permittedTools([repeating], ["own:use"], { extra: rule })[0]?.repeatable).toBe(true);
    });

    it("do not include the workspace by a rule for everything", () => {
      const file = aTool("workspace__write_file", { rule: { permissions: ["workspace:write"], approval: "always" } });
      const everything = { permissions: [], approval: "never" } as const;
      expect(permittedTools([file], [], { "*": everything })).toEqual([]);
      expect(permittedTools([file], [], { "workspace__*": everything })).toHaveLength(1);
    });
  });
});
