import { Router } from "@koa/router";
import Koa from "koa";
import { admit } from "./admit/admit.ts";
import type { TokenBudget } from "./admit/token-budget.ts";
import { type AuthenticateOptions, authenticate } from "./authenticate/authenticate.ts";
import type { Logger } from "./observe/logger.ts";
import type { Metrics } from "./observe/metrics.ts";
import { approval } from "./routes/approval.ts";
import { cancel } from "./routes/cancel.ts";
import {
  conversationEvents,
  deleteConversation,
  forgetApproval,
  listApprovals,
  listConversations,
  showConversation,
} from "./routes/conversations.ts";
import { cors } from "./routes/cors.ts";
import { errorBoundary, type RequestState } from "./routes/error-boundary.ts";
import { createEventReader } from "./routes/event-reader.ts";
import { findRoute } from "./routes/find-route.ts";
import { health, metricsPage, ready } from "./routes/health.ts";
import { keySet } from "./routes/key-set.ts";
import { logRequests } from "./routes/log-requests.ts";
import { message } from "./routes/message.ts";
import { requestRate } from "./routes/request-rate.ts";
import {
  approvalRequestSchema,
  cancelRequestSchema,
  eventsQuerySchema,
  listQuerySchema,
  messageRequestSchema,
} from "./routes/request-schemas.ts";
import { securityHeaders } from "./routes/security-headers.ts";
import { session, usage } from "./routes/session.ts";
import { body, idempotencyKey, query } from "./routes/validate.ts";
import { widgetFiles } from "./routes/widget-files.ts";
import type { Coordination } from "./store/coordination.ts";
import type { Identity } from "./store/identity.ts";
import type { Store } from "./store/store.ts";
import type { OpenStreams } from "./stream/open-streams.ts";
import type { TurnRunner } from "./turn/turn-runner.ts";
import type { TurnServices } from "./turn/turn-services.ts";

/** Everything the routes are made of. */
export interface AppServices {
  store: Store;
  coordination: Coordination;
  budget: TokenBudget;
  runner: TurnRunner;
  turn: TurnServices;
  streams: OpenStreams;
  logger: Logger;
  metrics: Metrics;
}

/** What the operator decides about them. */
export interface AppOptions {
  authenticate: AuthenticateOptions;
  /** Origins that may embed, of all issuers together. */
  origins: readonly string[];
  requestsPerMinute: number;
  lockTtlMs: number;
  /** Without a key for the model nothing can be asked. */
  isEnabled: boolean;
  metricsToken: string | null;
  /** With which tool servers verify our tokens; null: none are signed. */
  toolTokenKeys: object | null;
  /** Directory of the built widget. */
  widgetDirectory: string;
}

/** Whoever filters by path in front of this server must not be got round with capitals or a slash at the end. */
const EXACT_PATHS = { sensitive: true, strict: true };

/** The server as a table of contents: each route is a list of stages, each stage answers one question. */
export function createApp(services: AppServices, options: AppOptions): Koa {
  const { store, coordination, budget, runner, turn, streams, logger, metrics } = services;
  const isRevoked = (identity: Identity): boolean => turn.isRevoked(identity);
  const reader = createEventReader({ store, coordination, streams, isRevoked });
  const closedBecause = (): "chatbot_disabled" | "draining" | null =>
    options.isEnabled ? (runner.isDraining ? "draining" : null) : "chatbot_disabled";
  const admission = { store, coordination, lockTtlMs: options.lockTtlMs, closedBecause, now: turn.now };
  const conversations = { store, coordination, runner, reader };
  const sessions = {
    budget,
    model: turn.options.model,
    tools: async (identity: Identity) => turn.permittedTools(await turn.catalog.list(), identity),
  };
  const onDecided = (decision: string): void => metrics.approvals.inc({ decision });

  const api = new Router<RequestState & { identity: Identity }>({ prefix: "/api/chatbot", ...EXACT_PATHS });
  api.use(authenticate(options.authenticate), requestRate(options.requestsPerMinute));
  api.post(
    "/message",
    body(messageRequestSchema),
    idempotencyKey(),
    admit(admission),
    message({ runner, services: turn, reader }),
  );
  api.post(
    "/approval",
    body(approvalRequestSchema),
    approval({ runner, services: turn, isEnabled: options.isEnabled, onDecided }),
  );
  api.post("/cancel", body(cancelRequestSchema), cancel({ store, runner }));
  api.get("/conversations", query(listQuerySchema), listConversations(conversations));
  api.get("/conversations/:id", showConversation(conversations));
  api.delete("/conversations/:id", deleteConversation(conversations));
  api.get("/conversations/:id/approvals", listApprovals(conversations));
  api.delete("/conversations/:id/approvals/:name", forgetApproval(conversations));
  api.get("/conversations/:id/events", query(eventsQuerySchema), conversationEvents(conversations));
  api.get("/session", session(sessions));
  api.get("/usage", usage(sessions));

  const open = new Router(EXACT_PATHS);
  open.get("/health", health());
  open.get(
    "/ready",
    ready({
      isDraining: () => runner.isDraining,
      ping: async () => {
        await Promise.all([store.ping(), coordination.ping()]);
      },
      toolServers: () => turn.catalog.health(),
    }),
  );
  open.get(
    "/metrics",
    metricsPage(metrics, options.metricsToken === null ? "closed" : { token: options.metricsToken }),
  );
  open.get("/.well-known/jwks.json", keySet(options.toolTokenKeys));
  open.get("/widget/:file", widgetFiles(options.widgetDirectory));

  const app = new Koa();
  app.use(
    errorBoundary({
      onUnexpected: (error, requestId) => logger.error({ error, request_id: requestId }, "unexpected error"),
    }),
  );
  app.use(logRequests(logger, metrics));
  app.use(securityHeaders());
  app.use(async function dispatch(ctx, next) {
    const isOpen = !ctx.path.startsWith("/api/");
    await findRoute(isOpen ? open : api)(ctx, isOpen ? next : () => cors(options.origins)(ctx, next));
  });
  app.use(open.routes());
  app.use(api.routes());
  // What Koa reports here happened on the connection: readers come and go, and nobody should fill the log by leaving.
  app.on("error", (error: unknown) => logger.debug({ error }, "connection error"));
  return app;
}

/** The page of metrics alone, for a port that only operators reach. */
export function createMetricsApp(metrics: Metrics): Koa {
  const app = new Koa();
  const router = new Router();
  router.get("/metrics", metricsPage(metrics, "open"));
  app.use(router.routes());
  return app;
}
