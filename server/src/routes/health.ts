import { timingSafeEqual } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";
import type { Metrics } from "../observe/metrics.ts";

/** `GET /health`: the process is up. */
export function health(): Middleware {
  return async function answerHealth(ctx) {
    ctx.body = { status: "ok" };
  };
}

/** What readiness is made of. */
export interface ReadyOptions {
  isDraining(): boolean;
  /** Rejects when one of the stores does not answer. */
  ping(): Promise<void>;
  toolServers(): ReadonlyMap<string, string>;
  /** How long the store may take. Default: 2 s. */
  timeoutMs?: number | undefined;
}

/** `GET /ready`: the stores answer and this process takes new turns. A tool server that is down does not unready it. */
export function ready(options: ReadyOptions): Middleware {
  const { timeoutMs = 2000 } = options;
  return async function answerReady(ctx) {
    const late = delay(timeoutMs, "failed", { ref: false });
    const answered = options.ping().then(
      () => "ok",
      () => "failed",
    );
    const store = await Promise.race([answered, late]);
    const isReady = store === "ok" && !options.isDraining();
    ctx.status = isReady ? 200 : 503;
    ctx.body = {
      status: options.isDraining() ? "draining" : isReady ? "ready" : "not_ready",
      store,
      tool_servers: Object.fromEntries(options.toolServers()),
    };
  };
}

/** `GET /metrics` with the operator's token as bearer; without one it is not there. */
export function metricsPage(metrics: Metrics, access: { token: string } | "open" | "closed"): Middleware {
  return async function answerMetrics(ctx) {
    if (access === "closed") throw new ChatError("not_found");
    if (access !== "open" && !isSame(ctx.get("Authorization"), `Bearer ${access.token}`)) {
      throw new ChatError("invalid_token");
    }
    ctx.type = metrics.contentType;
    ctx.body = await metrics.text();
  };
}

/** Takes as long for a near miss as for any other. */
function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
