import type { Tool as McpToolDefinition } from "@modelcontextprotocol/client";
import { CallSlots } from "./call-slots.ts";
import type { McpConnectionState } from "./mcp-connection.ts";
import { McpConnections, maxCalls } from "./mcp-connections.ts";
import { ambiguousServers, toolName } from "./mcp-name.ts";
import { createMcpTool, type McpServer } from "./mcp-tool.ts";
import type { CatalogTool, ToolCatalog, ToolRule } from "./tool.ts";
import { findToolRule, type McpServerConfig } from "./tool-config.ts";
import type { ToolLog } from "./tool-log.ts";
import { schemaProblem } from "./tool-schema.ts";
import type { ToolTokens } from "./tool-token.ts";

const CONCURRENT_CALLS = 16;
const PATIENCE_MS = 5_000;
const KNOWN_PATIENCE_MS = 500;
const RESERVED_NAMES = ["workspace"];
/** A server that announces changes without end is not asked without end. */
const RELOAD_MS = 1000;

/** Configured tool servers and the operator's rules for their tools. */
export interface McpServersOptions {
  servers: Readonly<Record<string, McpServerConfig>>;
  rules: Readonly<Record<string, ToolRule>>;
  /** Those of issuers that have rules of their own. */
  issuerRules?: readonly Readonly<Record<string, ToolRule>>[] | undefined;
  log: ToolLog;
  /** Null: no server needs any. */
  tokens?: ToolTokens | null | undefined;
  /** How long a list waits for a server; a slower one is in a later list. Default: 5 s. */
  patienceMs?: number | undefined;
}

type ToolsListener = Parameters<ToolCatalog["onLoaded"]>[0];

/** What was made of a server's list the last time; a new list is a new array. */
interface Loaded {
  definitions: readonly McpToolDefinition[];
  tools: readonly CatalogTool[];
}

/** Every configured tool server. One that does not answer, or a tool that cannot be offered, disturbs no other. */
export class McpServers {
  readonly #servers: readonly McpServer[];
  readonly #rules: Readonly<Record<string, ToolRule>>;
  readonly #issuerRules: readonly Readonly<Record<string, ToolRule>>[];
  readonly #log: ToolLog;
  readonly #patienceMs: number;
  readonly #loaded = new Map<string, Loaded>();
  /** Of every tool ever offered, by name. */
  readonly #fingerprints = new Map<string, string>();
  readonly #listeners = new Set<ToolsListener>();
  /** Servers that said that their tools changed, until they are asked. */
  readonly #reloads = new Map<string, NodeJS.Timeout>();

  constructor(options: McpServersOptions) {
    this.#rules = options.rules;
    this.#issuerRules = options.issuerRules ?? [];
    this.#log = options.log;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    const refused = ambiguousServers(Object.keys(options.servers), RESERVED_NAMES);
    for (const [server, reason] of refused) this.#log.warn({ server, reason }, "a tool server is left out");
    this.#servers = Object.entries(options.servers)
      .filter(([name]) => !refused.has(name))
      .map(([name, config]) => ({
        name,
        config,
        connections: new McpConnections({
          name,
          config,
          log: options.log,
          tokens: options.tokens ?? null,
          onToolsChanged: () => this.#reloadSoon(name),
        }),
        slots: new CallSlots(maxCalls(config, CONCURRENT_CALLS)),
      }));
  }

  /**
   * The tools of every server; those of one that does not answer as they were the last time, so that a prompt does not
   * change while it is away: a call then fails, and the model is told. Of a server that is to be asked anew, only what it
   * answers. Never rejects.
   */
  async list(askAnew?: string): Promise<readonly CatalogTool[]> {
    const lists = await Promise.all(this.#servers.map((server) => this.#listServer(server, server.name === askAnew)));
    return lists.flat();
  }

  /** See `ToolCatalog.onLoaded`. */
  onLoaded(listener: ToolsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  health(): ReadonlyMap<string, McpConnectionState> {
    return new Map(this.#servers.map(({ name, connections }) => [name, connections.state]));
  }

  async close(): Promise<void> {
    for (const timer of this.#reloads.values()) clearTimeout(timer);
    await Promise.allSettled(this.#servers.map(({ connections }) => connections.close()));
  }

  /** Asked without anybody wanting the list: what waits for a decision about a tool that changed must hear of it. */
  #reloadSoon(name: string): void {
    if (this.#reloads.has(name)) return;
    const reload = (): void => {
      this.#reloads.delete(name);
      const server = this.#servers.find((each) => each.name === name);
      const listed = server?.connections.tools().then(() => this.#listServer(server, false));
      // The connection has logged why.
      listed?.catch(() => undefined);
    };
    this.#reloads.set(name, setTimeout(reload, RELOAD_MS).unref());
  }

  async #listServer(server: McpServer, isAskedAnew: boolean): Promise<readonly CatalogTool[]> {
    const loaded = this.#loaded.get(server.name);
    const known = isAskedAnew ? [] : (loaded?.tools ?? []);
    try {
      const definitions = await this.#soon(server, isAskedAnew);
      if (definitions === null) return known;
      if (loaded?.definitions === definitions) return loaded.tools;
      const tools = definitions.flatMap((definition) => this.#load(definition, server) ?? []);
      this.#loaded.set(server.name, { definitions, tools });
      this.#compare(server.name, loaded?.tools ?? null, tools);
      return tools;
    } catch {
      // The connection has logged why.
      return known;
    }
  }

  /**
   * The server's definitions, or null when they take too long: nobody waits for one slow server, and least of all when
   * its tools are known.
   */
  async #soon(server: McpServer, isAskedAnew: boolean): Promise<readonly McpToolDefinition[] | null> {
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const isKnown = this.#loaded.has(server.name) && !isAskedAnew;
    const patienceMs = isKnown ? Math.min(this.#patienceMs, KNOWN_PATIENCE_MS) : this.#patienceMs;
    const timer = setTimeout(() => {
      this.#log.warn({ server: server.name }, "a tool server is too slow to be listed now");
      resolve(null);
    }, patienceMs);
    try {
      return await Promise.race([server.connections.tools(isAskedAnew), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whoever knows a tool as it was does without it from now on. */
  #compare(server: string, before: readonly CatalogTool[] | null, tools: readonly CatalogTool[]): void {
    const was = new Map(before?.map(({ name, fingerprint }) => [name, fingerprint]));
    const names = new Set(tools.map(({ name }) => name));
    const gone = before?.filter(({ name }) => !names.has(name)) ?? [];
    for (const { name } of gone) this.#log.warn({ server, tool: name }, "a tool is gone from its server");
    const changed = tools.filter(({ name, fingerprint }) => this.#fingerprints.get(name) !== fingerprint);
    for (const { name, fingerprint } of changed) {
      if (this.#fingerprints.has(name)) {
        this.#log.warn({ server, tool: name }, "a tool has changed: it is back with the next conversation");
      }
      this.#fingerprints.set(name, fingerprint);
    }
    const isNews = tools.some(({ name, fingerprint }) => was.get(name) !== fingerprint);
    if (before === null || gone.length > 0 || isNews) for (const listener of this.#listeners) listener(server, tools);
  }

  /** A tool that cannot be offered is left out and named in the log: it is the operator's to mend, and only that one. */
  #load(definition: McpToolDefinition, server: McpServer): CatalogTool | null {
    const name = toolName(server.name, definition.name);
    const problem = name === null ? "the name is too long" : definitionProblem(definition);
    if (name === null || problem !== null) return this.#leaveOut(server, definition, problem);
    const rule = findToolRule(this.#rules, name);
    const isRuled = rule !== null || this.#issuerRules.some((rules) => findToolRule(rules, name) !== null);
    if (!isRuled) return this.#leaveOut(server, definition, "no rule in the configuration says who may use it");
    try {
      return createMcpTool(name, definition, server, rule);
    } catch (error) {
      return this.#leaveOut(server, definition, error instanceof Error ? error.message : "its schema cannot be used");
    }
  }

  #leaveOut(server: McpServer, definition: McpToolDefinition, reason: string | null): null {
    const tool = definition.name.slice(0, 128);
    this.#log.warn({ server: server.name, tool, reason: reason?.slice(0, 256) }, "a tool is left out");
    return null;
  }
}

function definitionProblem(definition: McpToolDefinition): string | null {
  if (definition.name === "") return "it has no name";
  if (definition.execution?.taskSupport === "required") return "it runs only as a task";
  return schemaProblem(definition.inputSchema);
}
