import type { CallToolResult } from "@modelcontextprotocol/client";
import { type Owner, ownerKey } from "../store/identity.ts";
import { type KnownProtocol, type McpCall, McpConnection, type McpConnectionState } from "./mcp-connection.ts";
import type { McpServerConfig } from "./tool-config.ts";
import type { ToolLog } from "./tool-log.ts";
import type { ToolTokens } from "./tool-token.ts";

const CONNECTIONS = 32;
const IDLE_SECONDS = 300;

/** One tool server, and how it is spoken to. */
export interface McpConnectionsOptions {
  name: string;
  config: McpServerConfig;
  log: ToolLog;
  /** Null: this server signs none. */
  tokens: ToolTokens | null;
  /** The server says that its tools are not what they were. */
  onToolsChanged?: (() => void) | undefined;
}

interface UserConnection {
  connection: McpConnection;
  /** Running now. */
  calls: number;
  idle: NodeJS.Timeout | null;
}

/**
 * The connections to one tool server. What its tools are is asked over one that belongs to nobody, so everybody is told
 * the same; calls go over that one, too, or each user's over one of their own, made with their first call and closed when
 * they have made none for a while.
 */
export class McpConnections {
  readonly #options: McpConnectionsOptions;
  readonly #common: McpConnection;
  readonly #isPerUser: boolean;
  readonly #protocol: KnownProtocol = { prior: null };
  /** In the order of their last use. */
  readonly #users = new Map<string, UserConnection>();

  constructor(options: McpConnectionsOptions) {
    this.#options = options;
    this.#isPerUser = isPerUser(options.config);
    this.#common = this.#create(null);
  }

  get state(): McpConnectionState {
    return this.#common.state;
  }

  /** See `McpConnection.tools`. */
  tools(isAskedAnew = false): ReturnType<McpConnection["tools"]> {
    return this.#common.tools(isAskedAnew);
  }

  /** See `McpConnection.call`. No more calls may run at the same time than there may be connections. */
  async call(owner: Owner, call: McpCall): Promise<CallToolResult> {
    if (!this.#isPerUser) return this.#common.call(call);
    const key = ownerKey(owner);
    const user = await this.#take(key, owner);
    try {
      return await user.connection.call(call);
    } finally {
      this.#giveBack(key, user);
    }
  }

  async close(): Promise<void> {
    const users = [...this.#users.values()];
    this.#users.clear();
    for (const { idle } of users) clearTimeout(idle ?? undefined);
    await Promise.allSettled([this.#common, ...users.map(({ connection }) => connection)].map((each) => each.close()));
  }

  #create(owner: Owner | null): McpConnection {
    const { name, config, log, tokens, onToolsChanged } = this.#options;
    const audience = config.type === "http" ? config.auth?.audience : undefined;
    return new McpConnection({
      name,
      config,
      log,
      protocol: this.#protocol,
      token: audience === undefined || tokens === null ? undefined : () => tokens.sign(audience, owner),
      onToolsChanged: () => {
        this.#common.forgetTools();
        onToolsChanged?.();
      },
    });
  }

  async #take(key: string, owner: Owner): Promise<UserConnection> {
    const known = this.#users.get(key);
    const user = known ?? { connection: this.#create(owner), calls: 0, idle: null };
    clearTimeout(user.idle ?? undefined);
    user.calls += 1;
    this.#users.delete(key);
    this.#users.set(key, user);
    if (known === undefined) await this.#makeRoom();
    return user;
  }

  #giveBack(key: string, user: UserConnection): void {
    user.calls -= 1;
    if (user.calls > 0 || this.#users.get(key) !== user) return;
    const { idleSeconds = IDLE_SECONDS } = this.#options.config.limits ?? {};
    user.idle = setTimeout(() => {
      this.#users.delete(key);
      user.connection.close().catch(() => undefined);
    }, idleSeconds * 1000).unref();
  }

  /** Closes the connection that nobody has used for longest, before the new one is made. */
  async #makeRoom(): Promise<void> {
    if (this.#users.size <= maxConnections(this.#options.config)) return;
    const oldest = [...this.#users].find(([, { calls }]) => calls === 0);
    if (oldest === undefined) return;
    const [key, user] = oldest;
    clearTimeout(user.idle ?? undefined);
    this.#users.delete(key);
    await user.connection.close().catch(() => undefined);
  }
}

/** How many calls may run on a server at the same time: where users have their own connections, one on each at least. */
export function maxCalls(config: McpServerConfig, byDefault: number): number {
  const calls = config.limits?.concurrentCalls ?? byDefault;
  return isPerUser(config) ? Math.min(calls, maxConnections(config)) : calls;
}

function isPerUser(config: McpServerConfig): boolean {
  const needsToken = config.type === "http" && config.auth !== undefined;
  return (config.connection ?? (needsToken ? "per-user" : "shared")) === "per-user";
}

function maxConnections(config: McpServerConfig): number {
  return config.limits?.connections ?? CONNECTIONS;
}
