import type { ConversationRecord, FrozenTool } from "../store/conversation-record.ts";
import type { Identity } from "../store/identity.ts";
import type { Tool } from "../tools/tool.ts";
import type { TurnServices } from "./turn-services.ts";

/** The tools that there are now and that this identity may run. */
export async function toolsOf(identity: Identity, services: TurnServices): Promise<readonly Tool[]> {
  return services.permittedTools(await services.catalog.list(), identity);
}

/** Those of the permitted tools that the conversation offers, by name. Those that changed are refused when called. */
export function usableTools(conversation: ConversationRecord, permitted: readonly Tool[]): ReadonlyMap<string, Tool> {
  const offered = new Set(conversation.tools.map((tool) => tool.name));
  return new Map(permitted.filter((tool) => offered.has(tool.name)).map((tool) => [tool.name, tool]));
}

/**
 * The tools offered from now on, sorted by name: those of the conversation as they were frozen, and all of servers
 * that it has not met yet because they did not answer when it began. The prompt cache lives on these bytes.
 */
export function freezeTools(known: readonly FrozenTool[], permitted: readonly Tool[]): readonly FrozenTool[] {
  const met = new Set(known.map((tool) => tool.server));
  const added = permitted.filter((tool) => !met.has(tool.server)).map(freeze);
  if (added.length === 0) return known;
  return [...known, ...added].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function freeze(tool: Tool): FrozenTool {
  const { name, server, description, inputSchema, fingerprint } = tool;
  return { name, server, description, inputSchema, fingerprint, streamInput: tool.rule.streamInput === true };
}
