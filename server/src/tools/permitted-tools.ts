import { holdsPermission } from "../permission.ts";
import type { CatalogTool, Tool, ToolRule } from "./tool.ts";
import { findToolRule } from "./tool-config.ts";

/**
 * The tools somebody with these permissions may see and run, as far as they may: all of a tool's permissions must be held.
 * `ownRules`, where the token's issuer has some, come before the server's: they can change the rule of a tool, and offer
 * one that the server's rules offer to nobody.
 */
export function permittedTools(
  tools: readonly CatalogTool[],
  permissions: readonly string[],
  ownRules: Readonly<Record<string, ToolRule>> = {},
): readonly Tool[] {
  return tools.flatMap((tool) => {
    const ownRule = findToolRule(ownRules, tool.name);
    const rule = ruleInForce(tool, ownRules);
    if (rule === null || !rule.permissions.every((needed) => holdsPermission(permissions, needed))) return [];
    return [{ ...tool, ...tool.limitedTo?.(permissions), ...(ownRule === null ? {} : tool.under?.(ownRule)), rule }];
  });
}

/** The rule that counts for a tool, here and now or not: the issuer's own, else the server's; null: it is for nobody. */
export function ruleInForce(
  tool: Pick<CatalogTool, "name" | "rule">,
  ownRules: Readonly<Record<string, ToolRule>>,
): ToolRule | null {
  return findToolRule(ownRules, tool.name) ?? tool.rule;
}
