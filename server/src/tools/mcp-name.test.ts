import { describe, expect, it } from "vitest";
import { ambiguousServers, confusableNames, toolName } from "./mcp-name.ts";

describe("toolName", () => {
  it.each([
    ["members", "member_list", "members__member_list"],
    ["my server", "get.item/x", "my_server__get_item_x"],
    ["s", "ü😀", "s____"],
    ["s", "x".repeat(61), `s__${"x".repeat(61)}`],
    ["s", "x".repeat(62), null],
  ])("of %j and %j is %j", (server, tool, name) => {
    expect(toolName(server, tool)).toBe(name);
  });
});

describe("ambiguousServers", () => {
  it.each<[title: string, servers: string[], refused: string[]]>([
    ["lets different names be", ["a", "b", "ab", "a_b"], []],
    ["refuses a reserved name", ["workspace", "a"], ["workspace"]],
    ["refuses a name that looks reserved", ["Workspace"], ["Workspace"]],
    ["refuses names that begin another's tools", ["a", "a__b", "c"], ["a", "a__b"]],
    ["refuses a name below a reserved one", ["workspace__x"], ["workspace__x"]],
    ["refuses names that become the same", ["a b", "a.b"], ["a b", "a.b"]],
    ["refuses names that look the same", ["too1s", "tools"], ["too1s", "tools"]],
  ])("%s", (_title, servers, refused) => {
    expect([...ambiguousServers(servers, ["workspace"]).keys()]).toEqual(refused);
  });
});

describe("confusableNames", () => {
  it.each<[title: string, names: string[], refused: string[]]>([
    ["lets different names be", ["a__list", "a__lists", "b__list"], []],
    ["refuses all that are the same", ["a__x", "a__x", "a__y"], ["a__x"]],
    ["sees through dashes", ["a__get-x", "a__get_x"], ["a__get-x", "a__get_x"]],
    ["sees through case", ["a__List", "a__list"], ["a__List", "a__list"]],
    ["sees through digits", ["a__l0g", "a__log", "a__1og"], ["a__l0g", "a__log", "a__1og"]],
    ["sees through joined letters", ["a__form", "a__forrn"], ["a__form", "a__forrn"]],
  ])("%s", (_title, names, refused) => {
    expect([...confusableNames(names)]).toEqual(refused);
  });
});
