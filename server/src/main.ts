#!/usr/bin/env node
import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createTokenBudget } from "./admit/token-budget.ts";
import { createApp, createMetricsApp } from "./app.ts";
import { AuditKeys } from "./audit/audit-keys.ts";
import { permissionsOf } from "./authenticate/identity-from-claims.ts";
import { followRevocations, NO_REVOCATIONS, type Revocations } from "./authenticate/revocations.ts";
import { createTokenVerifier } from "./authenticate/verify-token.ts";
import { runCommand } from "./cli/run-command.ts";
import { readTextFile } from "./config/read-text-file.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { createLogger, type Logger } from "./observe/logger.ts";
import { createMetrics } from "./observe/metrics.ts";
import { errorMessage } from "./routes/error-messages.ts";
import { createHttpServer } from "./routes/http-server.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import type { Coordination } from "./store/coordination.ts";
import type { Identity, Owner } from "./store/identity.ts";
import { createLocalShareCoordination } from "./store/local-share-coordination.ts";
import { createMemoryCoordination } from "./store/memory-coordination.ts";
import { createRedisCoordination } from "./store/redis-coordination.ts";
import { openStore } from "./store/sql/open-store.ts";
import { startUpkeep } from "./store/upkeep.ts";
import { OpenStreams, STREAM_LIMITS } from "./stream/open-streams.ts";
import { permittedTools, ruleInForce } from "./tools/permitted-tools.ts";
import type { CatalogTool } from "./tools/tool.ts";
import { createToolCatalog } from "./tools/tool-catalog.ts";
import { createToolTokens } from "./tools/tool-token.ts";
import { createModelClient } from "./turn/model-client.ts";
import { observeTurns } from "./turn/observe-turns.ts";
import { DEFAULT_SYSTEM_PROMPT } from "./turn/system-prompt.ts";
import { TurnRunner } from "./turn/turn-runner.ts";

const MODEL_CALL_MS = 10 * 60_000;
/** So often tool servers are asked for their tools also when nobody else asks: what is said of their health stays true. */
const TOOLS_EVERY_MS = 60_000;
/** How long the last events of a turn may take to reach their readers when the process stops. */
const LAST_WORDS_MS = 500;

/** A server that listens. */
export interface RunningServer {
  url: string;
  /** Takes nothing new, lets turns finish for a while, and closes everything. */
  stop(): Promise<void>;
}

/** Builds every service and listens. */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  const store = await openStore(
    config.database,
    (error) => logger.warn({ error }, "a database connection was lost"),
    new AuditKeys(config.auditKeys),
  );
  const coordination = await openCoordination(config, logger);
  const tokens = config.toolTokens === null ? null : createToolTokens(config.toolTokens);
  const catalog = createToolCatalog({
    mcpServers: config.mcpServers,
    rules: config.toolRules,
    issuerRules: config.issuers.flatMap(({ tools }) => (tools === null ? [] : [tools])),
    tokens,
    workspace: { directory: config.workspaceDir, ...config.workspace },
    log: logger,
  });
  const revocations = await openRevocations(config, logger);
  const streams = new OpenStreams(STREAM_LIMITS);
  const metrics = createMetrics({
    openStreams: () => streams.total,
    isDegraded: () => coordination.isDegraded(),
    toolServers: () => catalog.health(),
  });
  const budget = createTokenBudget(store, {
    limitsOf: (owner) => limitsOf(config, owner),
    cacheReadWeight: config.cacheReadWeight,
  });
  const turn = {
    store,
    budget,
    catalog,
    model: createModelClient({
      apiKey: config.anthropic.apiKey ?? "",
      baseUrl: config.anthropic.baseUrl,
      deadlines: { idleMs: config.providerIdleSeconds * 1000, totalMs: MODEL_CALL_MS },
      warn: (warning) => logger.warn({ warning }, "model client"),
    }),
    permittedTools: (tools: readonly CatalogTool[], { owner, grants }: Identity) =>
      permittedTools(tools, permissionsOf(grants, config.roles), issuerOf(config, owner)?.tools ?? {}),
    ruleOf: (name: string, { owner }: Identity) =>
      ruleInForce({ name, rule: catalog.ruleOf(name) }, issuerOf(config, owner)?.tools ?? {}),
    observer: observeTurns(logger, metrics),
    options: {
      model: config.anthropic.model,
      systemPrompt: config.systemPrompt ?? DEFAULT_SYSTEM_PROMPT,
      maxSteps: config.maxSteps,
      maxOutputTokens: config.maxOutputTokens,
      approvalTtlMs: config.approvalTtlSeconds * 1000,
      errorMessage,
    },
    isRevoked: (identity: Identity) => revocations.isRevoked(identity),
    isDegraded: () => coordination.isDegraded(),
    now: Date.now,
    sleep: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }),
  };
  const lockTtlMs = config.lockTtlSeconds * 1000;
  const runner = new TurnRunner(turn, coordination, { lockTtlMs, leaseMs: config.leaseSeconds * 1000 });
  const verifyToken = createTokenVerifier(config.issuers, config.roles, {
    onFailure: (url, error) => logger.warn({ url, error }, "a key set could not be loaded"),
    isRevoked: (identity) => revocations.isRevoked(identity),
  });
  const app = createApp(
    { store, coordination, budget, runner, turn, streams, logger, metrics },
    {
      authenticate: { issuers: config.issuers, verifyToken },
      origins: config.issuers.flatMap((issuer) => issuer.origins),
      requestsPerMinute: config.requestsPerMinute,
      lockTtlMs,
      isEnabled: config.anthropic.apiKey !== null,
      metricsToken: config.metrics.token,
      toolTokenKeys: tokens?.keySet ?? null,
      widgetDirectory: fileURLToPath(new URL(".", import.meta.resolve("@chat-bot/widget/chat-bot.js"))),
    },
  );
  const server = await listen(app.callback(), config.http.port, config.http.host);
  const metricsServer =
    config.metrics.port === null
      ? null
      : await listen(createMetricsApp(metrics).callback(), config.metrics.port, config.http.host);
  // Connected ahead of the first message; a server that is down is tried again when somebody asks.
  void catalog.list();
  const watch = setInterval(() => void catalog.list(), TOOLS_EVERY_MS).unref();
  const upkeep = startUpkeep(store, logger, { retentionDays: config.retentionDays });

  return {
    url: urlOf(server, config.http.host),
    async stop() {
      clearInterval(watch);
      await runner.drain(config.drainSeconds * 1000);
      await Promise.all([server, ...(metricsServer === null ? [] : [metricsServer])].map(close));
      // What was admitted at the last moment is handed over.
      await runner.drain(0);
      revocations.close();
      await catalog.close();
      await coordination.close();
      await upkeep.stop();
      await store.close();
    },
  };
}

/** Many processes meet in Redis; one needs nobody. */
async function openCoordination({ redisUrl, onRedisLoss }: Config, logger: Logger): Promise<Coordination> {
  if (redisUrl === null) return createMemoryCoordination();
  const shared = await createRedisCoordination(redisUrl, {
    onLost: (error) => logger.warn({ error }, "a connection to Redis was lost"),
  });
  if (onRedisLoss === "fail_closed") return shared;
  return createLocalShareCoordination(shared, (isDegraded) =>
    logger.warn({ degraded: isDegraded }, "this process goes on without the others"),
  );
}

/** Without an address nothing is revoked before it expires. */
async function openRevocations({ revocationsUrl }: Config, logger: Logger): Promise<Revocations> {
  if (revocationsUrl === null) return NO_REVOCATIONS;
  return followRevocations(revocationsUrl, {
    onFailure: (url, error) => logger.warn({ url, error }, "the revocations could not be loaded"),
  });
}

function listen(listener: RequestListener, port: number, host: string): Promise<Server> {
  const server = createHttpServer(listener);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** Readers of turns that have ended are sent the end of them; whoever waits for more comes back to another process. */
async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await Promise.race([closed, delay(LAST_WORDS_MS)]);
  server.closeAllConnections();
}

function urlOf(server: Server, host: string): string {
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** An issuer may have limits of its own. */
function limitsOf(config: Config, owner: Owner): Config["limits"] {
  return { ...config.limits, ...issuerOf(config, owner)?.limits };
}

function issuerOf(config: Config, owner: Owner): Config["issuers"][number] | undefined {
  return config.issuers.find(({ issuer }) => issuer === owner.issuer);
}

/** Says what a command has to say, no faster than it is read, and ends with its exit code. */
async function command(words: readonly string[]): Promise<void> {
  const [out, err] = [printTo(process.stdout), printTo(process.stderr)];
  process.exitCode = await runCommand(words, process.env, process.cwd(), { out, err });
}

function printTo(stream: NodeJS.WriteStream): (text: string) => Promise<void> {
  // Whoever writes hears of it: a reader may go away in the middle.
  stream.on("error", () => undefined);
  return (text) =>
    new Promise((resolve, reject) => stream.write(text, (error) => (error == null ? resolve() : reject(error))));
}

async function main(): Promise<void> {
  const config = loadConfig(process.env, readTextFile, process.cwd());
  const logger = createLogger(config.logLevel);
  if (config.anthropic.apiKey === null) {
    logger.warn({ variable: "ANTHROPIC_API_KEY" }, "no model key is set: the chatbot is disabled");
  }
  const server = await startServer(config, logger);
  stopOnSignals(process, {
    stop(signal) {
      logger.info({ signal }, "stopping");
      server.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ error }, "could not stop cleanly");
          process.exit(1);
        },
      );
    },
    stopAtOnce: () => process.exit(1),
    now: Date.now,
  });
  // Whoever has read this may stop it in good order.
  logger.info({ url: server.url, model: config.anthropic.model }, "listening");
}

if (import.meta.main) {
  const words = process.argv.slice(2);
  const work = words.length === 0 ? main() : command(words);
  work.catch((error: unknown) => {
    // Before there is a logger, and for people who read it on a terminal.
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(1);
  });
}
