import { mayBeRemembered, needsApproval } from "../approval/needs-approval.ts";
import type { Config } from "../config.ts";
import { holdsPermission } from "../permission.ts";
import { permittedTools } from "../tools/permitted-tools.ts";
import type { CatalogTool, ToolRule } from "../tools/tool.ts";
import { findToolRuleKey } from "../tools/tool-config.ts";
import type { MetServer, MetServers } from "./tool-servers-met.ts";

/** What is wrong (`error`), or may not be what was meant (`warning`), and where in the configuration. */
export interface Problem {
  level: "error" | "warning";
  where: string;
  message: string;
}

/** How a call of a tool begins: unasked, or with a question, whose answer may hold for the rest of the conversation. */
export type CallStart = "unasked" | "asks" | "asks, may be remembered";

/** What the bearers of a role may use; null: they may not use the assistant at all. */
export interface RoleUse {
  role: string;
  tools: Readonly<Record<string, CallStart>> | null;
}

/** Who may use what, with the tokens of these issuers. */
export interface PolicyTable {
  issuers: readonly string[];
  /** Permissions that each tool needs; null: no rule names it, so nobody may use it. */
  tools: readonly { name: string; permissions: readonly string[] | null }[];
  roles: readonly RoleUse[];
}

/** What `check` found. */
export interface CheckReport {
  servers: readonly (MetServer & { tools: number })[];
  policies: readonly PolicyTable[];
  problems: readonly Problem[];
}

const USE = "chatbot:use";
/** Needed by the server itself, or for a part of what a built-in tool does. */
const OWN_PERMISSIONS = [USE, "chatbot:admin", "workspace:read", "workspace:write", "workspace:overwrite"];

type Rules = Readonly<Record<string, ToolRule>>;

/** Holds the configuration against what its tool servers answered. */
export function reportOn(config: Config, met: MetServers): CheckReport {
  return {
    servers: met.servers.map((server) => ({
      ...server,
      tools: met.tools.filter((tool) => tool.server === server.name).length,
    })),
    policies: policiesOf(config, met.tools),
    problems: [
      ...serverProblems(config, met),
      ...ruleProblems(config, met),
      ...permissionProblems(config, met.tools),
      ...roleProblems(config),
      ...(config.anthropic.apiKey === null
        ? [warning("ANTHROPIC_API_KEY", "is not set: the assistant is disabled")]
        : []),
    ],
  };
}

/** One for all issuers without rules of their own, and one for each that has some. */
function policiesOf(config: Config, tools: readonly CatalogTool[]): PolicyTable[] {
  const common = config.issuers.filter((issuer) => issuer.tools === null).map(({ issuer }) => issuer);
  const own = config.issuers.flatMap(({ issuer, tools: rules }) => (rules === null ? [] : [{ issuer, rules }]));
  return [
    ...(common.length === 0 ? [] : [policyTable(common, {}, config, tools)]),
    ...own.map(({ issuer, rules }) => policyTable([issuer], rules, config, tools)),
  ];
}

function policyTable(issuers: string[], ownRules: Rules, config: Config, tools: readonly CatalogTool[]): PolicyTable {
  const ruled = new Map(permittedTools(tools, ["*"], ownRules).map((tool) => [tool.name, tool]));
  return {
    issuers,
    tools: tools.map(({ name }) => ({ name, permissions: ruled.get(name)?.rule.permissions ?? null })),
    roles: [...config.roles].map(([role, permissions]) => {
      if (!holdsPermission(permissions, USE)) return { role, tools: null };
      const usable = permittedTools(tools, permissions, ownRules);
      return { role, tools: Object.fromEntries(usable.map((tool) => [tool.name, callStart(tool)])) };
    }),
  };
}

function callStart(tool: Parameters<typeof needsApproval>[0]): CallStart {
  if (!needsApproval(tool, [])) return "unasked";
  return mayBeRemembered(tool) ? "asks, may be remembered" : "asks";
}

function* serverProblems(config: Config, { servers, leftOut }: MetServers): Iterable<Problem> {
  for (const { name, state, reason } of servers) {
    if (state === "unreachable") yield error(`mcpServers.${name}`, `cannot be reached: ${reason}`);
    if (state === "refused") yield error(`mcpServers.${name}`, `is left out: ${reason}`);
  }
  for (const [name, server] of Object.entries(config.mcpServers)) {
    if (server.type !== "http" || !sendsCredentials(server) || isPrivate(server.url)) continue;
    yield warning(`mcpServers.${name}.url`, "sends credentials over plain http");
  }
  for (const { server, tool, reason } of leftOut) {
    yield warning(
      server === null ? tool : `mcpServers.${server}`,
      `${server === null ? "" : `${tool} `}is left out: ${reason}`,
    );
  }
}

function sendsCredentials(server: { auth?: unknown; headers?: Record<string, string> | undefined }): boolean {
  return server.auth !== undefined || Object.keys(server.headers ?? {}).length > 0;
}

function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

function* ruleProblems(config: Config, met: MetServers): Iterable<Problem> {
  const names = met.tools.map(({ name }) => name);
  const away = met.servers.filter(({ state }) => state !== "connected").map(({ name }) => `${name}__`);
  const ruleSets = ruleSetsOf(config);
  for (const [where, rules] of ruleSets) {
    const used = new Set(names.map((name) => findToolRuleKey(rules, name)));
    for (const key of Object.keys(rules)) {
      const [start = ""] = key.split("*", 1);
      const isUnknown = away.some((prefix) => prefix.startsWith(start) || start.startsWith(prefix));
      if (!used.has(key) && !isUnknown) yield error(`${where}.${key}`, "applies to no tool");
    }
  }
  const isRuled = ({ name, rule }: CatalogTool): boolean =>
    rule !== null || ruleSets.some(([, rules]) => findToolRuleKey(rules, name) !== null);
  for (const tool of met.tools.filter((each) => !isRuled(each))) {
    yield warning(`mcpServers.${tool.server}`, `${tool.name} has no rule: it is offered to nobody`);
  }
}

/** The server's rules, and those of each issuer that has some, with their place in the file. */
function ruleSetsOf(config: Config): [where: string, rules: Rules][] {
  const own = config.issuers.flatMap(({ issuer, tools }): [string, Rules][] =>
    tools === null ? [] : [[`issuers (${issuer}).tools`, tools]],
  );
  return [["tools", config.toolRules], ...own];
}

function* permissionProblems(config: Config, tools: readonly CatalogTool[]): Iterable<Problem> {
  const rules = ruleSetsOf(config).flatMap(([where, set]) =>
    Object.entries(set).map(([key, rule]) => ({ where: `${where}.${key}`, ...rule })),
  );
  const builtIn = tools.flatMap(({ rule }) => rule?.permissions ?? []);
  const needed = [...OWN_PERMISSIONS, ...rules.flatMap((rule) => rule.permissions), ...builtIn];
  const granted = [...config.roles.values()].flat();
  for (const [role, permissions] of config.roles) {
    for (const permission of permissions) {
      if (needed.some((each) => holdsPermission([permission], each))) continue;
      yield error(`roles.${role}`, `grants ${permission}, which nothing needs`);
    }
  }
  for (const { where, permissions } of rules) {
    for (const permission of permissions) {
      if (holdsPermission(granted, permission)) continue;
      yield warning(where, `needs ${permission}, which no role grants: only tokens that name it have it`);
    }
  }
}

function* roleProblems({ roles }: Config): Iterable<Problem> {
  for (const [role, permissions] of roles) {
    if (permissions.length === 0) yield warning(`roles.${role}`, "grants nothing");
    else if (!holdsPermission(permissions, USE)) {
      yield warning(`roles.${role}`, `does not grant ${USE}: it is of use only beside another role`);
    }
  }
}

function error(where: string, message: string): Problem {
  return { level: "error", where, message };
}

function warning(where: string, message: string): Problem {
  return { level: "warning", where, message };
}
