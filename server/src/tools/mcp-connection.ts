import {
  type CallToolResult,
  Client,
  type Tool as McpToolDefinition,
  type PriorDiscovery,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from "@modelcontextprotocol/client";
import { CallLost, ServerUnreachable } from "./call-lost.ts";
import { createTransport, isLostRequest, type McpTransport, mendTransport } from "./mcp-transport.ts";
import { type ReconnectOptions, ReconnectPolicy } from "./reconnect-policy.ts";
import type { McpServerConfig } from "./tool-config.ts";
import type { ToolLog } from "./tool-log.ts";

/** A server may have to be downloaded before it starts. */
const CONNECT_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 3_000;
const LIST_TIMEOUT_MS = 10_000;
/** A server that cannot announce changes is asked again after this time. */
const LIST_MAX_AGE_MS = 60_000;
/** Above every deadline of ours, which is what ends a call. */
const CLIENT_TIMEOUT_MS = 2 ** 31 - 1;
const RESTARTS_PER_MINUTE = 3;

/** One call of a tool, as it goes to the server. */
export interface McpCall {
  tool: McpToolDefinition;
  input: Record<string, unknown>;
  meta: Record<string, unknown>;
  signal: AbortSignal;
  onProgress: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void;
}

/** Where a server stands. */
export type McpConnectionState = "connected" | "connecting" | "failed";

/**
 * Which protocol a server that is started as a process speaks; null until it is known. Finding out costs a process of its
 * own, because some servers end when they are asked.
 */
export interface KnownProtocol {
  prior: PriorDiscovery | null;
}

/** What a connection is made of; the clock and the dice are there for tests. */
export interface McpConnectionOptions {
  name: string;
  config: McpServerConfig;
  log: ToolLog;
  /** Makes the bearer token of each request. */
  token?: (() => string) | undefined;
  /** Shared by the connections to one server. */
  protocol?: KnownProtocol | undefined;
  /** The server says that its tools are not what they were. */
  onToolsChanged?: (() => void) | undefined;
  now?: ReconnectOptions["now"];
  random?: ReconnectOptions["random"];
}

interface Session {
  client: Client;
  way: McpTransport;
  /** Null until asked for, and again when the server says that they changed. */
  tools: readonly McpToolDefinition[] | null;
  listedAtMs: number;
  /** How often the server said so. */
  changes: number;
  /** Running now. */
  calls: number;
}

/**
 * A connection to a tool server, made when it is first needed and again, with growing pauses, when it was lost. Any number
 * of callers may use it at the same time.
 */
export class McpConnection {
  readonly #name: string;
  readonly #config: McpServerConfig;
  readonly #log: ToolLog;
  readonly #token: (() => string) | undefined;
  readonly #onToolsChanged: () => void;
  readonly #protocol: KnownProtocol;
  readonly #now: () => number;
  readonly #policy: ReconnectPolicy;
  #session: Session | null = null;
  #connecting: Promise<Session> | null = null;
  #listing: Promise<readonly McpToolDefinition[]> | null = null;
  #hasFailed = false;
  readonly #closed = new AbortController();

  constructor(options: McpConnectionOptions) {
    this.#name = options.name;
    this.#config = options.config;
    this.#log = options.log;
    this.#token = options.token;
    this.#onToolsChanged = options.onToolsChanged ?? (() => undefined);
    this.#protocol = options.protocol ?? { prior: null };
    this.#now = options.now ?? (() => performance.now());
    this.#policy = new ReconnectPolicy({
      restartsPerMinute: options.config.type === "http" ? Number.POSITIVE_INFINITY : RESTARTS_PER_MINUTE,
      now: this.#now,
      random: options.random ?? Math.random,
    });
  }

  get state(): McpConnectionState {
    if (this.#session !== null) return "connected";
    return this.#hasFailed ? "failed" : "connecting";
  }

  /**
   * The server's tools, asked anew or as they were within the last minute; the same list until they change. Rejects with
   * `ServerUnreachable`.
   */
  async tools(isAskedAnew = false): Promise<readonly McpToolDefinition[]> {
    const { tools, listedAtMs } = this.#session ?? { tools: null, listedAtMs: 0 };
    if (tools !== null && !isAskedAnew && this.#now() - listedAtMs < LIST_MAX_AGE_MS) return tools;
    this.#listing ??= this.#list().finally(() => {
      this.#listing = null;
    });
    return await this.#listing;
  }

  /**
   * Calls a tool, at most once. Rejects with the signal's reason, with `ServerUnreachable` when the call was not made,
   * with `CallLost` when nobody knows, and with the client's `ProtocolError` when the server refused it.
   */
  async call(call: McpCall): Promise<CallToolResult> {
    const session = await abortable(this.#open(), call.signal);
    try {
      return await this.#callOn(session, call);
    } catch (error) {
      if (!isSessionGone(error, session)) throw this.#meaning(error, call.signal);
    }
    // The server has forgotten the session, and therefore did not run the call.
    await this.#drop(session);
    const next = await abortable(this.#open(), call.signal);
    return await this.#callOn(next, call).catch((error: unknown) => {
      throw this.#meaning(error, call.signal);
    });
  }

  /** Ends the connection, and the process behind it, for good. */
  async close(): Promise<void> {
    this.#closed.abort();
    const session = this.#session ?? (await this.#connecting?.catch(() => null)) ?? null;
    this.#session = null;
    await session?.way.sayGoodbye();
    await session?.client.close();
  }

  #open(): Promise<Session> {
    if (this.#session !== null) return Promise.resolve(this.#session);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Session> {
    const starts = this.#config.type === "http" || this.#protocol.prior !== null ? 1 : 2;
    if (this.#closed.signal.aborted || !this.#policy.mayTry(starts)) throw new ServerUnreachable(this.#name);
    this.#policy.trying(starts);
    const way = createTransport(this.#config, this.#token);
    const client = this.#createClient();
    // The client heeds a signal only when it has found out which protocol the server speaks.
    const stop = (): void => {
      way.transport.close().catch(() => undefined);
    };
    this.#closed.signal.addEventListener("abort", stop);
    try {
      await this.#greet(client, way);
    } catch (error) {
      this.#protocol.prior = null;
      if (!this.#closed.signal.aborted) this.#failed("could not connect to a tool server", way, error);
      await client.close().catch(() => undefined);
      throw new ServerUnreachable(this.#name, { cause: error });
    } finally {
      this.#closed.signal.removeEventListener("abort", stop);
    }
    mendTransport(way.transport);
    const session: Session = { client, way, tools: null, listedAtMs: 0, changes: 0, calls: 0 };
    client.onclose = () => this.#lost(session);
    this.#policy.connected();
    this.#hasFailed = false;
    this.#session = session;
    this.#log.info({ server: this.#name }, "connected to a tool server");
    return session;
  }

  async #greet(client: Client, way: McpTransport): Promise<void> {
    const options = { timeout: CONNECT_TIMEOUT_MS, signal: this.#closed.signal };
    if (this.#config.type === "http") return client.connect(way.transport, options);
    const { prior } = this.#protocol;
    await client.connect(way.transport, prior === null ? options : { ...options, prior });
    // With what is known nothing was asked yet: whether the process lives shows in an answer.
    if (prior?.kind === "modern") await client.discover(options);
    const discover = client.getDiscoverResult();
    this.#protocol.prior = discover === undefined ? { kind: "legacy" } : { kind: "modern", discover };
  }

  /** Declares no capabilities: a tool server gets neither our files (`roots`) nor our model (`sampling`). */
  #createClient(): Client {
    return new Client(
      { name: "chat-bot", version: "1" },
      {
        capabilities: {},
        versionNegotiation: { mode: "auto", probe: { timeoutMs: PROBE_TIMEOUT_MS } },
        inputRequired: { autoFulfill: false },
        listChanged: { tools: { autoRefresh: false, onChanged: () => this.#toolsChanged() } },
      },
    );
  }

  /** The list that is known is not what it was. */
  forgetTools(): void {
    if (this.#session === null) return;
    this.#session.tools = null;
    this.#session.changes += 1;
  }

  #toolsChanged(): void {
    this.forgetTools();
    this.#onToolsChanged();
  }

  async #list(): Promise<readonly McpToolDefinition[]> {
    const session = await this.#open();
    try {
      return await this.#listOn(session);
    } catch {
      // A dead connection often shows only when it is used: once more on a new one.
      await this.#drop(session);
    }
    const next = await this.#open();
    try {
      return await this.#listOn(next);
    } catch (error) {
      this.#failed("could not list the tools of a tool server", next.way, error);
      await this.#drop(next);
      throw new ServerUnreachable(this.#name, { cause: error });
    }
  }

  async #listOn(session: Session): Promise<readonly McpToolDefinition[]> {
    if (session.client.getServerCapabilities()?.tools === undefined) return [];
    const changes = session.changes;
    session.listedAtMs = this.#now();
    const { tools } = await session.client.listTools(undefined, { cacheMode: "refresh", timeout: LIST_TIMEOUT_MS });
    // What changed while it was listed is listed again next time.
    if (session.changes === changes) session.tools = tools;
    return tools;
  }

  async #callOn(session: Session, call: McpCall): Promise<CallToolResult> {
    session.calls += 1;
    try {
      return await session.client.callTool(
        { name: call.tool.name, arguments: call.input, _meta: call.meta },
        {
          signal: call.signal,
          timeout: CLIENT_TIMEOUT_MS,
          onprogress: call.onProgress,
          // Without its output schema: a result that does not match it is still a result of a call that ran.
          toolDefinition: withoutOutputSchema(call.tool),
        },
      );
    } finally {
      session.calls -= 1;
      if (this.#session !== session && session.calls === 0) await session.client.close().catch(() => undefined);
    }
  }

  /** Tells what an error of the client means for the call. */
  #meaning(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (isLostRequest(error)) return new CallLost(this.#name);
    if (error instanceof ProtocolError) return error;
    if (wasNeverSent(error)) return new ServerUnreachable(this.#name, { cause: error });
    return new CallLost(this.#name, { cause: error });
  }

  /** Nobody begins anything on this session any more; calls that run on it may end. */
  async #drop(session: Session): Promise<void> {
    if (this.#session === session) this.#session = null;
    if (session.calls === 0) await session.client.close().catch(() => undefined);
  }

  #lost(session: Session): void {
    if (this.#session !== session || this.#closed.signal.aborted) return;
    this.#session = null;
    this.#failed("lost the connection to a tool server", session.way, undefined);
  }

  #failed(message: string, way: McpTransport, error: unknown): void {
    this.#hasFailed = true;
    this.#policy.failed();
    this.#log.warn({ server: this.#name, reason: reasonOf(error), stderr: way.lastWords() }, message);
  }
}

/** What went wrong, and what was behind it: `fetch failed` alone says nothing. */
function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const first = deepestCause(error);
  return (first === error ? error.message : `${error.message}: ${first.message}`).slice(0, 256);
}

function deepestCause(error: Error, depth = 0): Error {
  return error.cause instanceof Error && depth < 8 ? deepestCause(error.cause, depth + 1) : error;
}

function withoutOutputSchema(tool: McpToolDefinition): McpToolDefinition {
  const { outputSchema: _outputSchema, ...rest } = tool;
  return rest;
}

function isSessionGone(error: unknown, session: Session): boolean {
  return error instanceof SdkHttpError && error.status === 404 && session.way.transport.sessionId !== undefined;
}

const NOT_CONNECTED = new Set<unknown>([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The client had no connection, or the server turned the request away before it looked at the call. */
function wasNeverSent(error: unknown): boolean {
  if (error instanceof SdkHttpError) return error.status >= 400 && error.status < 500;
  if (error instanceof SdkError) return error.code === SdkErrorCode.NotConnected;
  return (
    error instanceof TypeError &&
    error.cause instanceof Error &&
    "code" in error.cause &&
    NOT_CONNECTED.has(error.cause.code)
  );
}

/** Waits no longer than the signal allows, for something that others wait for as well. */
async function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
