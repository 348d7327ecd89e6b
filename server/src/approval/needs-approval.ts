import type { RememberedApproval } from "../store/store.ts";
import type { Tool } from "../tools/tool.ts";

/**
 * Whether a person is asked before a tool runs. With `auto` only a tool that says it is read-only, on a server the
 * operator vouches for, runs unasked: annotations of any other server prove nothing. What was approved for the rest of
 * the conversation is not asked again, as long as the tool's definition and its rule are what they were.
 */
export function needsApproval(
  tool: Pick<Tool, "name" | "rule" | "trusted" | "annotations" | "fingerprint">,
  remembered: readonly RememberedApproval[],
): boolean {
  switch (tool.rule.approval) {
    case "never":
      return false;
    case "auto":
      if (tool.trusted && tool.annotations.readOnlyHint === true) return false;
      break;
    case "always":
  }
  const isRemembered = remembered.some(
    ({ name, fingerprint }) => name === tool.name && fingerprint === tool.fingerprint,
  );
  return !(isRemembered && mayBeRemembered(tool));
}

/**
 * Whether a person may approve the tool for the rest of a conversation: where the operator allows it, and never one that
 * says it destroys.
 */
export function mayBeRemembered(tool: Pick<Tool, "rule" | "annotations">): boolean {
  return tool.rule.remember === true && tool.annotations.destructiveHint !== true;
}
