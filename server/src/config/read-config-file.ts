import { resolve } from "node:path";
import { keyProblem } from "../authenticate/signature-algorithms.ts";
import { parseJsonStrictly } from "../parse-json-strictly.ts";
import type { McpServerConfig } from "../tools/tool-config.ts";
import { type ToolTokenConfig, toolKeyProblem } from "../tools/tool-token.ts";
import { type ConfigFile, configFileSchema, type IssuerEntry, type ToolTokensEntry } from "./config-file-schema.ts";
import { describeIssues, type Finding } from "./describe-issues.ts";
import type { Environment } from "./environment.ts";
import { toIssuerKey, wholePem } from "./environment-issuer.ts";
import { expandVariables } from "./expand-variables.ts";
import type { IssuerConfig } from "./issuer-config.ts";

const DEFAULT_PATH = "chatbot.config.json";

/** Gives a file's text; null when it cannot be read. */
export type ReadTextFile = (path: string) => string | null;

/** A configuration file that was found in order. */
export interface CheckedConfigFile extends Omit<ConfigFile, "issuers" | "toolTokens"> {
  issuers: readonly IssuerConfig[];
  toolTokens: ToolTokenConfig | null;
}

/**
 * Reads the file that `CHATBOT_CONFIG` names, or the default one, which need not exist. Adds to `problems`, and
 * answers null, when there is anything wrong with it.
 */
export function readConfigFile(
  environment: Environment,
  from: { readTextFile: ReadTextFile; cwd: string },
  problems: string[],
): CheckedConfigFile | null {
  const named = environment.get("CHATBOT_CONFIG");
  const path = named ?? DEFAULT_PATH;
  const text = from.readTextFile(resolve(from.cwd, path));
  if (text === null) {
    if (named === undefined) return { issuers: [], toolTokens: null };
    problems.push(`CHATBOT_CONFIG: ${path} cannot be read`);
    return null;
  }
  const { file, findings } = checkConfigFile(text, environment);
  for (const { path: where, message } of findings)
    problems.push(`${[path, where].filter(Boolean).join(": ")}: ${message}`);
  return file;
}

function checkConfigFile(
  text: string,
  environment: Environment,
): { file: CheckedConfigFile | null; findings: readonly Finding[] } {
  const missing: Finding[] = [];
  let expanded: unknown;
  try {
    expanded = expandVariables(parseJsonStrictly(text.replace(/^\uFEFF/, "")), environment, missing);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { file: null, findings: [{ path: "", message: error.message }] };
  }
  const parsed = configFileSchema.safeParse(expanded);
  if (!parsed.success) {
    const unexpanded = new Set(missing.map((finding) => finding.path));
    const found = describeIssues(parsed.error.issues).filter((finding) => !unexpanded.has(finding.path));
    return { file: null, findings: [...missing, ...found] };
  }
  const { issuers: entries = [], toolTokens: signing, ...file } = parsed.data;
  const checked = entries.map(checkIssuer);
  const toolTokens = signing === undefined ? null : withWholeKeys(signing);
  const findings = [
    ...missing,
    ...checked.flatMap(({ finding }) => finding ?? []),
    ...(toolTokens === null ? unsignedServers(file.mcpServers ?? {}) : toolKeyFindings(toolTokens)),
  ];
  const issuers = checked.flatMap(({ issuer }) => issuer ?? []);
  return { file: findings.length > 0 ? null : { ...file, issuers, toolTokens }, findings };
}

function withWholeKeys({ issuer, privateKey, publicKeys = [] }: ToolTokensEntry): ToolTokenConfig {
  return { issuer, privateKey: wholePem(privateKey), publicKeys: publicKeys.map(wholePem) };
}

function toolKeyFindings({ privateKey, publicKeys = [] }: ToolTokenConfig): Finding[] {
  const problems: [path: string, problem: string | null][] = [
    ["toolTokens.privateKey", toolKeyProblem(privateKey, "private")],
    ...publicKeys.map((key, index): [string, string | null] => [
      `toolTokens.publicKeys[${index}]`,
      toolKeyProblem(key, "public"),
    ]),
  ];
  return problems.flatMap(([path, message]) => (message === null ? [] : [{ path, message }]));
}

/** Servers that are to get signed tokens, while there is nothing to sign them with. */
function unsignedServers(servers: Readonly<Record<string, McpServerConfig>>): Finding[] {
  return Object.entries(servers)
    .filter(([, server]) => server.type === "http" && server.auth !== undefined)
    .map(([name]) => ({ path: `mcpServers.${name}.auth`, message: "needs toolTokens, which say how to sign" }));
}

function checkIssuer(entry: IssuerEntry, index: number): { issuer: IssuerConfig | null; finding: Finding | null } {
  const { issuer, audience, origins, algorithms = null, limits = null, tools = null } = entry;
  const path = `issuers[${index}]`;
  const given = [entry.jwksUrl, entry.publicKey, entry.secret].filter((value) => value !== undefined);
  const key = toIssuerKey({ url: entry.jwksUrl, pem: entry.publicKey, secret: entry.secret });
  if (key === null || given.length !== 1) {
    return { issuer: null, finding: { path, message: "must have exactly one of jwksUrl, publicKey and secret" } };
  }
  const problem = keyProblem(key, algorithms);
  if (problem !== null) return { issuer: null, finding: { path, message: problem } };
  return { issuer: { issuer, audience, algorithms, key, origins, limits, tools }, finding: null };
}
