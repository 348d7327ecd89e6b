import type { Middleware } from "koa";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import { type Identity, ownerKey } from "../store/identity.ts";
import type { RequestState } from "./error-boundary.ts";

/** One line and one count for each request. The route is the pattern: ids and queries are nobody's business. */
export function logRequests(
  logger: Logger,
  metrics: Metrics,
): Middleware<RequestState & { route?: string; identity?: Identity }> {
  return async function logRequest(ctx, next) {
    const startedMs = performance.now();
    ctx.res.once("close", () => {
      const route = ctx.state.route ?? "other";
      const { status } = ctx;
      metrics.requests.inc({ route, status: String(status) });
      const duration_ms = Math.round(performance.now() - startedMs);
      const { identity, requestId } = ctx.state;
      const user = identity === undefined ? undefined : logger.pseudonym(ownerKey(identity.owner));
      logger.info({ method: ctx.method, route, status, duration_ms, request_id: requestId, user }, "request");
    });
    await next();
  };
}
