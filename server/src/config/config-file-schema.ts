import { z } from "zod";
import type { TokenLimits } from "../admit/token-budget.ts";
import { isTrustedUrl } from "../authenticate/load-json.ts";
import { REVOCATIONS_URL_RULE } from "../authenticate/revocations.ts";
import type { ToolRule } from "../tools/tool.ts";
import { type McpServerConfig, mcpServerConfigSchema, toolRuleSchema } from "../tools/tool-config.ts";
import type { WorkspaceSharing } from "../tools/workspace/owner-directory.ts";
import { isAllowedOrigin } from "./issuer-config.ts";

const lineSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}*$/u, "must be one line");
const limitSchema = z.int().min(0).exactOptional();

const issuerSchema: z.ZodType<IssuerEntry> = z.strictObject({
  issuer: lineSchema.describe("Exactly the iss of its tokens."),
  audience: lineSchema.describe("Must be among the aud of its tokens."),
  jwksUrl: z.string().min(1).exactOptional().describe("Where its public keys are published. One of three."),
  publicKey: z.string().min(1).exactOptional().describe("Its public key or certificate in PEM. One of three."),
  secret: z.string().min(1).exactOptional().describe("A secret shared with it, at least 32 bytes. One of three."),
  algorithms: z.array(z.string().min(1)).min(1).exactOptional().describe("The only signature algorithms accepted."),
  origins: z
    .array(z.string().refine(isAllowedOrigin, "must be an origin such as https://example.com, or *"))
    .describe("Origins whose pages may embed the chatbot with its tokens; * is any."),
  limits: z
    .strictObject({ user: limitSchema, organization: limitSchema, global: limitSchema })
    .exactOptional()
    .describe("Daily tokens in place of the server's limits."),
  tools: z
    .record(z.string().min(1), toolRuleSchema)
    .exactOptional()
    .describe("Rules for tools in place of the server's."),
});

/** `resource:action`; only here may it be `resource:*` or `*`. */
const grantedPermissionSchema = z
  .string()
  .regex(/^(?:\*|(?:[A-Za-z0-9_.-]+:)+(?:\*|[A-Za-z0-9_.-]+))$/, "must be resource:action, resource:* or *");

/** One entry of `issuers`. */
export interface IssuerEntry {
  issuer: string;
  audience: string;
  jwksUrl?: string;
  publicKey?: string;
  secret?: string;
  algorithms?: string[];
  origins: string[];
  limits?: Partial<TokenLimits>;
  tools?: Record<string, ToolRule>;
}

/** How the files that tools read and write are shared. */
export interface WorkspaceSettings {
  shared?: WorkspaceSharing;
  hiddenFiles?: boolean;
}

/** With what tokens for tool servers are signed; see `createToolTokens`. */
export interface ToolTokensEntry {
  issuer: string;
  privateKey: string;
  publicKeys?: string[];
}

/** What the configuration file may hold. */
export interface ConfigFile {
  $schema?: string;
  mcpServers?: Record<string, McpServerConfig>;
  tools?: Record<string, ToolRule>;
  roles?: Record<string, string[]>;
  toolTokens?: ToolTokensEntry;
  workspace?: WorkspaceSettings;
  revocations?: { url: string };
  systemPrompt?: string;
  issuers?: IssuerEntry[];
}

/** Checks the configuration file once its variables are expanded. A member it does not know is an error. */
export const configFileSchema: z.ZodType<ConfigFile> = z
  .strictObject({
    $schema: z.string().exactOptional().describe("This schema, for editors."),
    mcpServers: z
      .record(z.string().min(1), mcpServerConfigSchema)
      .exactOptional()
      .describe("Tool servers by name, in the shape every MCP host uses."),
    tools: z
      .record(z.string().min(1), toolRuleSchema)
      .exactOptional()
      .describe(
        "Rules by tool name, <server>__<tool>, or by patterns with *. A tool without a rule is offered to nobody.",
      ),
    roles: z
      .record(z.string().min(1), z.array(grantedPermissionSchema))
      .exactOptional()
      .describe("Permissions of each role a token may name; in place of the default of the same name."),
    toolTokens: z
      .strictObject({
        issuer: lineSchema.describe("iss of the tokens: the address of this server."),
        privateKey: z.string().min(1).describe("Signs them: an Ed25519 or P-256 key in PEM."),
        publicKeys: z
          .array(z.string().min(1))
          .exactOptional()
          .describe("Published as well: the next key before it is used, the last one after, in PEM."),
      })
      .exactOptional()
      .describe("Signs the tokens of mcpServers whose auth is signed-token."),
    workspace: z
      .strictObject({
        shared: z
          .enum(["organization", "everyone"])
          .exactOptional()
          .describe("Who has one workspace together. Without it every user has a directory of their own."),
        hiddenFiles: z.boolean().exactOptional().describe("Names may begin with a dot. Default: false."),
      })
      .exactOptional()
      .describe("The files that tools read and write, below WORKSPACE_DIR."),
    revocations: z
      .strictObject({
        url: z.string().refine(isTrustedUrl, REVOCATIONS_URL_RULE).describe("Asked every 15 seconds."),
      })
      .exactOptional()
      .describe("Where tokens are listed that count no longer although they have not expired."),
    systemPrompt: z.string().min(1).max(100_000).exactOptional().describe("What the model is told about its job."),
    issuers: z.array(issuerSchema).exactOptional().describe("Further hosts, besides the environment's."),
  })
  .meta({
    title: "chatbot.config.json",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it explains this very notation.
    description: "Configuration of the chatbot's server. ${NAME} in a string is the environment's variable NAME.",
  });

/** The configuration file's JSON Schema, for editors. */
export function configFileJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configFileSchema, {
    io: "input",
    // An editor sees the variable's name where its value will be.
    override: ({ jsonSchema }) => {
      delete jsonSchema.format;
    },
  });
}
