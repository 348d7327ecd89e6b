import { confusableNames } from "./mcp-name.ts";
import { McpServers } from "./mcp-servers.ts";
import type { CatalogTool, ToolCatalog, ToolRule } from "./tool.ts";
import { findToolRule, type McpServerConfig } from "./tool-config.ts";
import type { ToolLog } from "./tool-log.ts";
import type { ToolTokens } from "./tool-token.ts";
import type { WorkspaceOptions } from "./workspace/workspace.ts";
import { createWorkspaceTools } from "./workspace/workspace-tools.ts";

/** Where the tools come from and what the operator says about them. */
export interface ToolCatalogOptions {
  mcpServers: Readonly<Record<string, McpServerConfig>>;
  /** A tool server's tool without a rule is offered to nobody; one with an empty list of permissions to everybody. */
  rules: Readonly<Record<string, ToolRule>>;
  /** Those of each issuer that has rules of its own: tools that only they name are here, too. */
  issuerRules?: readonly Readonly<Record<string, ToolRule>>[];
  workspace: WorkspaceOptions;
  log: ToolLog;
  /** For the tool servers that want some. */
  tokens?: ToolTokens | null;
  /** How long `list` waits for a tool server; a slower one is in a later list. Default: 5 s. */
  patienceMs?: number;
}

/** Every tool of this server: those of the configured tool servers and the built-in ones. Connects when first asked. */
export function createToolCatalog(options: ToolCatalogOptions): ToolCatalog {
  const { mcpServers, rules, issuerRules, workspace, log, tokens, patienceMs } = options;
  const servers = new McpServers({ servers: mcpServers, rules, issuerRules, log, tokens, patienceMs });
  const builtIn = createWorkspaceTools(workspace, (name) => findToolRule(rules, name));
  const reported = new Set<string>();

  return {
    async list(askAnew) {
      const tools = [...builtIn, ...(await servers.list(askAnew))];
      const confusable = confusableNames(tools.map((tool) => tool.name));
      for (const name of confusable) {
        if (reported.has(name)) continue;
        reported.add(name);
        log.warn({ tool: name, reason: "its name could be taken for another tool's" }, "a tool is left out");
      }
      return tools.filter((tool) => !confusable.has(tool.name)).toSorted(byName);
    },
    ruleOf: (name) => builtIn.find((tool) => tool.name === name)?.rule ?? findToolRule(rules, name),
    onLoaded: (listener) => servers.onLoaded(listener),
    health: () => servers.health(),
    close: () => servers.close(),
  };
}

/** By code units: the same order everywhere, whatever the locale. */
function byName(a: CatalogTool, b: CatalogTool): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
