import type { Tool } from "../tools/tool.ts";

/**
 * Whether a person is asked before a tool runs. With `auto` only a tool that says it is read-only, on a server the
 * operator vouches for, runs unasked: annotations of any other server prove nothing.
 */
export function needsApproval(tool: Pick<Tool, "rule" | "trusted" | "annotations">): boolean {
  switch (tool.rule.approval) {
    case "always":
      return true;
    case "never":
      return false;
    case "auto":
      return !(tool.trusted && tool.annotations.readOnlyHint === true);
  }
}
