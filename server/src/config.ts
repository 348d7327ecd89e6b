import { ConfigError } from "./config/config-error.ts";
import type { WorkspaceSettings } from "./config/config-file-schema.ts";
import { deepFreeze } from "./config/deep-freeze.ts";
import { setVariables } from "./config/environment.ts";
import { readEnvironmentIssuer } from "./config/environment-issuer.ts";
import type { IssuerConfig } from "./config/issuer-config.ts";
import { productionProblems } from "./config/production-problems.ts";
import { type ReadTextFile, readConfigFile } from "./config/read-config-file.ts";
import { readSettings, type Settings } from "./config/settings.ts";
import type { ToolRule } from "./tools/tool.ts";
import type { McpServerConfig } from "./tools/tool-config.ts";
import type { ToolTokenConfig } from "./tools/tool-token.ts";

export { ConfigError } from "./config/config-error.ts";

/** Everything an operator decides, checked and frozen. */
export interface Config extends Settings {
  /** At least one; the environment's is the first. No two have the same name. */
  issuers: readonly IssuerConfig[];
  mcpServers: Readonly<Record<string, McpServerConfig>>;
  toolRules: Readonly<Record<string, ToolRule>>;
  /** Null: no tool server gets signed tokens. */
  toolTokens: ToolTokenConfig | null;
  /** Permissions by role. */
  roles: ReadonlyMap<string, readonly string[]>;
  /** What the file says about the workspace besides its place. */
  workspace: Readonly<WorkspaceSettings>;
  /** Where the operator lists revoked tokens; null: nowhere. */
  revocationsUrl: string | null;
  /** Null: the built-in one. */
  systemPrompt: string | null;
}

const DEFAULT_ROLES: Readonly<Record<string, readonly string[]>> = {
  admin: ["chatbot:use", "chatbot:admin", "workspace:*"],
  member: ["chatbot:use"],
};

/**
 * The configuration from the environment and the file that it names, relative to `cwd`.
 * @throws ConfigError listing everything that is wrong.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  readTextFile: ReadTextFile,
  cwd: string,
): Config {
  const problems: string[] = [];
  const environment = setVariables(env);
  const settings = readSettings(environment, cwd, problems);
  const issuer = readEnvironmentIssuer(environment, problems);
  const file = readConfigFile(environment, { readTextFile, cwd }, problems);
  const issuers = [...(issuer === null ? [] : [issuer]), ...(file?.issuers ?? [])];
  for (const name of repeatedNames(issuers)) problems.push(`issuers: there are two named ${name}`);
  const revocationsUrl = file?.revocations?.url ?? null;
  if (environment.get("NODE_ENV") === "production") problems.push(...productionProblems(issuers, revocationsUrl));
  if (settings === null || issuer === null || file === null || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({
    ...settings,
    issuers,
    mcpServers: file.mcpServers ?? {},
    toolRules: file.tools ?? {},
    toolTokens: file.toolTokens,
    roles: new Map(Object.entries({ ...DEFAULT_ROLES, ...file.roles })),
    workspace: file.workspace ?? {},
    revocationsUrl,
    systemPrompt: file.systemPrompt ?? null,
  });
}

function repeatedNames(issuers: readonly IssuerConfig[]): string[] {
  const names = issuers.map(({ issuer }) => issuer);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
