import type { Tool as McpToolDefinition } from "@modelcontextprotocol/client";
import { CallSlots } from "./call-slots.ts";
import { McpConnection, type McpConnectionState } from "./mcp-connection.ts";
import { ambiguousServers, toolName } from "./mcp-name.ts";
import { createMcpTool, type McpServer } from "./mcp-tool.ts";
import type { Tool, ToolRule } from "./tool.ts";
import { findToolRule, type McpServerConfig } from "./tool-config.ts";
import type { ToolLog } from "./tool-log.ts";
import { schemaProblem } from "./tool-schema.ts";

const CONCURRENT_CALLS = 16;
const PATIENCE_MS = 5_000;
const KNOWN_PATIENCE_MS = 500;
const RESERVED_NAMES = ["workspace"];

/** Configured tool servers and the operator's rules for their tools. */
export interface McpServersOptions {
  servers: Readonly<Record<string, McpServerConfig>>;
  rules: Readonly<Record<string, ToolRule>>;
  log: ToolLog;
  /** How long a list waits for a server; a slower one is in a later list. Default: 5 s. */
  patienceMs?: number | undefined;
}

/** What was made of a server's list the last time; a new list is a new array. */
interface Loaded {
  definitions: readonly McpToolDefinition[];
  tools: readonly Tool[];
}

/** Every configured tool server. One that does not answer, or a tool that cannot be offered, disturbs no other. */
export class McpServers {
  readonly #servers: readonly McpServer[];
  readonly #rules: Readonly<Record<string, ToolRule>>;
  readonly #log: ToolLog;
  readonly #patienceMs: number;
  readonly #loaded = new Map<string, Loaded>();

  constructor(options: McpServersOptions) {
    this.#rules = options.rules;
    this.#log = options.log;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    const refused = ambiguousServers(Object.keys(options.servers), RESERVED_NAMES);
    for (const [server, reason] of refused) this.#log.warn({ server, reason }, "a tool server is left out");
    this.#servers = Object.entries(options.servers)
      .filter(([name]) => !refused.has(name))
      .map(([name, config]) => ({
        name,
        config,
        connection: new McpConnection({ name, config, log: options.log }),
        slots: new CallSlots(config.limits?.concurrentCalls ?? CONCURRENT_CALLS),
      }));
  }

  /**
   * The tools of every server; those of one that does not answer as they were the last time, so that a prompt does not
   * change while it is away: a call then fails, and the model is told. Of a server that is to be asked anew, only what it
   * answers. Never rejects.
   */
  async list(askAnew?: string): Promise<readonly Tool[]> {
    const lists = await Promise.all(this.#servers.map((server) => this.#listServer(server, server.name === askAnew)));
    return lists.flat();
  }

  health(): ReadonlyMap<string, McpConnectionState> {
    return new Map(this.#servers.map(({ name, connection }) => [name, connection.state]));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#servers.map(({ connection }) => connection.close()));
  }

  async #listServer(server: McpServer, isAskedAnew: boolean): Promise<readonly Tool[]> {
    const loaded = this.#loaded.get(server.name);
    const known = isAskedAnew ? [] : (loaded?.tools ?? []);
    try {
      const definitions = await this.#soon(server, isAskedAnew);
      if (definitions === null) return known;
      if (loaded?.definitions === definitions) return loaded.tools;
      const tools = definitions.flatMap((definition) => this.#load(definition, server) ?? []);
      this.#loaded.set(server.name, { definitions, tools });
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
      return await Promise.race([server.connection.tools(isAskedAnew), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A tool that cannot be offered is left out and named in the log: it is the operator's to mend, and only that one. */
  #load(definition: McpToolDefinition, server: McpServer): Tool | null {
    const name = toolName(server.name, definition.name);
    const problem = name === null ? "the name is too long" : definitionProblem(definition);
    if (name === null || problem !== null) return this.#leaveOut(server, definition, problem);
    const rule = findToolRule(this.#rules, name);
    if (rule === null) return this.#leaveOut(server, definition, "no rule in the configuration says who may use it");
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
