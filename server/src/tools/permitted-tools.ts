import { holdsPermission } from "../permission.ts";
import type { Tool, ToolRule } from "./tool.ts";
import { findToolRule } from "./tool-config.ts";

/**
 * The tools somebody with these permissions may see and run, as far as they may: all of a tool's permissions must be held.
 * `ownRules`, where the token's issuer has some, take the place of the server's.
 */
export function permittedTools(
  tools: readonly Tool[],
  permissions: readonly string[],
  ownRules: Readonly<Record<string, ToolRule>> = {},
): readonly Tool[] {
  return tools
    .map((tool) => ({
      ...tool,
      ...tool.limitedTo?.(permissions),
      rule: findToolRule(ownRules, tool.name) ?? tool.rule,
    }))
    .filter((tool) => tool.rule.permissions.every((needed) => holdsPermission(permissions, needed)));
}
