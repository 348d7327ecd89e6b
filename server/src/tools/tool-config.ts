import { z } from "zod";
import type { ToolRule } from "./tool.ts";

/** What every entry of `mcpServers` may say, whatever its transport. */
interface McpServerOptions {
  /** The operator vouches for the server: its annotations count, and it is told who the user is. */
  trusted?: boolean | undefined;
  /** Deadline of one call; a tool's rule may say otherwise. Default: 30. */
  timeoutSeconds?: number | undefined;
  /** One connection for all users, or one for each. Default: `shared`; `per-user` where tokens are signed. */
  connection?: "shared" | "per-user" | undefined;
  limits?: McpServerLimits | undefined;
}

/** Protects a tool server from its users together. */
interface McpServerLimits {
  /** Calls running at the same time; more wait, their deadline running. Default: 16. */
  concurrentCalls?: number | undefined;
  /** Connections of users at the same time; the one unused for longest gives way. Default: 32. */
  connections?: number | undefined;
  /** After this time without a call a user's connection is closed. Default: 300. */
  idleSeconds?: number | undefined;
}

/** A tool server that is started as a child process and spoken to over its standard streams. */
export interface StdioServerConfig extends McpServerOptions {
  type?: "stdio" | undefined;
  command: string;
  args?: string[] | undefined;
  /** All it gets of the environment besides `PATH`, `HOME` and the like: nothing is inherited by accident. */
  env?: Record<string, string> | undefined;
  cwd?: string | undefined;
}

/** A tool server reached over Streamable HTTP. */
interface HttpServerConfig extends McpServerOptions {
  type: "http";
  url: string;
  /** Sent with every request, for example the server's own credential. Never a user's token. */
  headers?: Record<string, string> | undefined;
  auth?: SignedTokenAuth | undefined;
}

/** Each request bears a token of its own, signed by this server (`toolTokens`), that names the verified user. */
interface SignedTokenAuth {
  type: "signed-token";
  /** `aud` of the tokens: what this server, and no other, calls itself. */
  audience: string;
}

/** One entry of `mcpServers`, in the shape every MCP host uses. */
export type McpServerConfig = StdioServerConfig | HttpServerConfig;

const BUILT_IN = "workspace__";

const timeoutSecondsSchema = z.number().positive().max(3600);

const serverOptions = {
  trusted: z.boolean().optional(),
  timeoutSeconds: timeoutSecondsSchema.optional(),
  connection: z
    .enum(["shared", "per-user"])
    .optional()
    .describe("One connection for all users, or one for each. Default: shared; per-user with signed tokens."),
  limits: z
    .strictObject({
      concurrentCalls: z.int().min(1).max(1000).optional(),
      connections: z.int().min(1).max(10_000).optional(),
      idleSeconds: timeoutSecondsSchema.optional(),
    })
    .optional(),
};

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/);
const authSchema = z
  .strictObject({ type: z.literal("signed-token"), audience: z.string().min(1).max(255) })
  .describe("Each request bears a short-lived token for this audience that names the verified user; see toolTokens.");

/** Checks one entry of `mcpServers`. */
export const mcpServerConfigSchema: z.ZodType<McpServerConfig> = z.union([
  z
    .strictObject({
      ...serverOptions,
      type: z.literal("http"),
      url: z.url({ protocol: /^https?$/ }),
      headers: z.record(headerName, headerValue).optional(),
      auth: authSchema.optional(),
    })
    .refine(({ auth, connection }) => auth === undefined || connection !== "shared", {
      path: ["connection"],
      error: "must be per-user: a signed token names one user",
    })
    .refine(({ auth, headers = {} }) => auth === undefined || !Object.keys(headers).some(isAuthorization), {
      path: ["headers"],
      error: "must not hold Authorization beside auth",
    }),
  z.strictObject({
    ...serverOptions,
    type: z.literal("stdio").optional(),
    command: z.string().min(1),
    args: z.array(z.string()).optional(),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
    cwd: z.string().min(1).optional(),
  }),
]);

function isAuthorization(header: string): boolean {
  return header.toLowerCase() === "authorization";
}

/** Checks one entry of `tools`. */
export const toolRuleSchema: z.ZodType<ToolRule> = z.strictObject({
  permissions: z.array(z.string().min(1)),
  approval: z.enum(["always", "never", "auto"]),
  idempotent: z.boolean().optional(),
  remember: z.boolean().optional(),
  timeoutSeconds: timeoutSecondsSchema.optional(),
  streamInput: z.boolean().optional(),
});

/** Key of the one rule that applies to a tool: its exact name, else the longest pattern (`*`) that matches. */
export function findToolRuleKey(rules: Readonly<Record<string, unknown>>, toolName: string): string | null {
  const candidates = Object.keys(rules).filter((key) => key === toolName || matches(key, toolName));
  candidates.sort((a, b) => Number(b === toolName) - Number(a === toolName) || b.length - a.length || (a < b ? -1 : 1));
  return candidates[0] ?? null;
}

/** The one rule that applies to a tool. */
export function findToolRule(rules: Readonly<Record<string, ToolRule>>, toolName: string): ToolRule | null {
  const key = findToolRuleKey(rules, toolName);
  return key === null ? null : (rules[key] ?? null);
}

/** Each piece between stars is looked for once, from the left: linear, unlike a regular expression made of the pattern. */
function matches(pattern: string, name: string): boolean {
  // A pattern such as `*` is meant for tool servers: it must not open the workspace by accident.
  if (name.startsWith(BUILT_IN) && !pattern.startsWith(BUILT_IN)) return false;
  const [head = "", ...pieces] = pattern.split("*");
  const tail = pieces.pop();
  if (tail === undefined || !name.startsWith(head)) return false;
  let from = head.length;
  for (const piece of pieces) {
    const at = name.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return name.length - tail.length >= from && name.endsWith(tail);
}
