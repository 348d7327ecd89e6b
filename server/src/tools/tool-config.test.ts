import { describe, expect, it } from "vitest";
import type { ToolRule } from "./tool.ts";
import { findToolRule, mcpServerConfigSchema, toolRuleSchema } from "./tool-config.ts";

describe("mcpServerConfigSchema", () => {
  it.each([
    ["a command", { command: "node" }],
    [
      "a command with all options",
      { type: "stdio", command: "node", args: ["a"], env: { A: "b" }, cwd: "/srv", trusted: true },
    ],
    ["an address", { type: "http", url: "https://tools.example/mcp" }],
    [
      "an address with headers",
      { type: "http", url: "http://127.0.0.1:1/mcp", headers: { Authorization: "Bearer x" } },
    ],
    ["limits", { command: "node", timeoutSeconds: 5, limits: { concurrentCalls: 2, connections: 3, idleSeconds: 60 } }],
    ["a connection for each user", { command: "node", connection: "per-user" }],
    [
      "signed tokens",
      { type: "http", url: "https://tools.example", auth: { type: "signed-token", audience: "tools" } },
    ],
  ])("takes %s", (_what, config) => {
    expect(mcpServerConfigSchema.parse(config)).toEqual(config);
  });

  it.each([
    ["nothing", {}],
    ["an empty command", { command: "" }],
    ["a command with a URL", { command: "node", url: "https://tools.example" }],
    ["an address without its type", { url: "https://tools.example" }],
    ["another scheme", { type: "http", url: "file:///etc/passwd" }],
    ["no URL at all", { type: "http", url: "tools" }],
    ["an unknown transport", { type: "sse", url: "https://tools.example" }],
    ["a header with a line feed", { type: "http", url: "https://tools.example", headers: { A: "b\r\nC: d" } }],
    ["a header name with a space", { type: "http", url: "https://tools.example", headers: { "A b": "c" } }],
    ["a variable name with an equals sign", { command: "node", env: { "A=B": "c" } }],
    ["an unknown option", { command: "node", trust: true }],
    ["no time at all", { command: "node", timeoutSeconds: 0 }],
    ["no connections at all", { command: "node", limits: { connections: 0 } }],
    ["another way to connect", { command: "node", connection: "pooled" }],
    ["signed tokens for a process", { command: "node", auth: { type: "signed-token", audience: "tools" } }],
    ["signed tokens for nobody", { type: "http", url: "https://a.example", auth: { type: "signed-token" } }],
    [
      "signed tokens on a connection of all users",
      {
        type: "http",
        url: "https://a.example",
        connection: "shared",
        auth: { type: "signed-token", audience: "tools" },
      },
    ],
    [
      "two credentials",
      {
        type: "http",
        url: "https://a.example",
        headers: { authorization: "Bearer x" },
        auth: { type: "signed-token", audience: "tools" },
      },
    ],
    ["no calls at all", { command: "node", limits: { concurrentCalls: 0 } }],
  ])("refuses %s", (_what, config) => {
    expect(mcpServerConfigSchema.safeParse(config).success).toBe(false);
  });
});

describe("toolRuleSchema", () => {
  it("takes a rule", () => {
    const rule = { permissions: ["member:read"], approval: "never", idempotent: true, timeoutSeconds: 5 };
    expect(toolRuleSchema.parse(rule)).toEqual(rule);
  });

  it.each([
    ["without permissions", { approval: "never" }],
    ["without approval", { permissions: [] }],
    ["with an unknown approval", { permissions: [], approval: "sometimes" }],
    ["with an empty permission", { permissions: [""], approval: "never" }],
    ["with an unknown member", { permissions: [], approval: "never", permission: "a" }],
  ])("refuses a rule %s", (_what, rule) => {
    expect(toolRuleSchema.safeParse(rule).success).toBe(false);
  });
});

describe("findToolRule", () => {
  const cases: [title: string, keys: string[], name: string, found: string | null][] = [
    ["finds the exact name", ["a__b", "a__*"], "a__b", "a__b"],
    ["prefers the exact name to a longer pattern", ["a__b", "*a*_*_*b*"], "a__b", "a__b"],
    ["prefers the longest pattern", ["*", "a__*", "a__get_*"], "a__get_x", "a__get_*"],
    ["finds nothing", ["b__*"], "a__b", null],
    ["takes a star for nothing, too", ["a__b*"], "a__b", "a__b*"],
    ["matches a star in the middle", ["a__*_list"], "a__member_list", "a__*_list"],
    ["matches several stars", ["*__*_list"], "a__member_list", "*__*_list"],
    ["matches the whole name only", ["a__"], "a__b", null],
    ["does not use the same letters twice", ["a*a"], "a", null],
    ["takes other signs literally", ["a__.+"], "a__bb", null],
    ["is not impressed by inherited names", [], "toString", null],
    ["chooses the first of two patterns of the same length", ["*_b", "a_*"], "a_b", "*_b"],
  ];
  it.each(cases)("%s", (_title, keys, name, found) => {
    const rules = Object.fromEntries(
      keys.map((key): [string, ToolRule] => [key, { permissions: [key], approval: "never" }]),
    );
    expect(findToolRule(rules, name)?.permissions ?? null).toEqual(found === null ? null : [found]);
  });

  it("answers at once for a pattern made of stars", () => {
    const rules: Record<string, ToolRule> = { [`${"*a".repeat(5_000)}b`]: { permissions: [], approval: "never" } };
    expect(findToolRule(rules, "a".repeat(64))).toBeNull();
  });
});
