import type { Config } from "../config.ts";
import type { CatalogTool, ToolRule } from "../tools/tool.ts";
import { createToolCatalog } from "../tools/tool-catalog.ts";
import { createToolTokens } from "../tools/tool-token.ts";

/** A tool server, and how it was met. */
export interface MetServer {
  name: string;
  state: "connected" | "unreachable" | "refused";
  /** Why it is not connected. */
  reason: string | null;
}

/** A tool that its server has and that cannot be offered. */
export interface LeftOutTool {
  server: string | null;
  tool: string;
  reason: string;
}

/** What the configured tool servers answered. */
export interface MetServers {
  servers: readonly MetServer[];
  /** Also those that no rule names. Sorted by name. */
  tools: readonly CatalogTool[];
  leftOut: readonly LeftOutTool[];
}

/** Names every tool, so that none is left out for want of a rule. */
const EVERYTHING: Readonly<Record<string, ToolRule>> = { "*": { permissions: [], approval: "always" } };

/** Connects to every tool server as the server itself does, asks what its tools are, and leaves. */
export async function meetToolServers(config: Config, patienceMs: number): Promise<MetServers> {
  const said: Record<string, unknown>[] = [];
  const catalog = createToolCatalog({
    mcpServers: config.mcpServers,
    rules: config.toolRules,
    issuerRules: [EVERYTHING],
    workspace: { directory: config.workspaceDir, ...config.workspace },
    tokens: config.toolTokens === null ? null : createToolTokens(config.toolTokens),
    log: { info: () => undefined, warn: (fields) => said.push(fields) },
    patienceMs,
  });
  try {
    const tools = await catalog.list();
    const health = catalog.health();
    const servers = Object.keys(config.mcpServers).map((name): MetServer => {
      const state = health.get(name);
      if (state === "connected") return { name, state, reason: null };
      const reason = reasonOf(said.findLast((fields) => fields["server"] === name && fields["tool"] === undefined));
      return state === undefined
        ? { name, state: "refused", reason }
        : { name, state: "unreachable", reason: reason ?? `no answer within ${patienceMs / 1000} s` };
    });
    return { servers, tools, leftOut: said.flatMap(leftOutTool) };
  } finally {
    await catalog.close();
  }
}

/** The last words of a process that ended say more than that it did. */
function reasonOf(fields: Record<string, unknown> | undefined): string | null {
  const { reason, stderr } = fields ?? {};
  const words = [reason, stderr].filter((each) => typeof each === "string").map((each) => each.trim());
  return words.filter((each) => each !== "").join(": ") || null;
}

function leftOutTool({ server, tool, reason }: Record<string, unknown>): LeftOutTool[] {
  if (typeof tool !== "string" || typeof reason !== "string") return [];
  return [{ server: typeof server === "string" ? server : null, tool, reason }];
}
