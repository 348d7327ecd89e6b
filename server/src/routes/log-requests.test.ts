import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { Middleware } from "koa";
import { describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { ChatError } from "../errors.ts";
import { createLogger } from "../observe/logger.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import { errorBoundary } from "./error-boundary.ts";
import { logRequests } from "./log-requests.ts";

/** A server with logs and metrics around one stage. `line` is the next line it logs. */
async function serve(
  stage: Middleware,
): Promise<{ url: string; line(): Promise<Record<string, unknown>>; metrics: Metrics }> {
  const output = new PassThrough({ encoding: "utf8" });
  const metrics = createMetrics({ openStreams: () => 0, isDegraded: () => false, toolServers: () => new Map() });
  const boundary = errorBoundary({ onUnexpected: () => {} });
  const url = await serveStages(boundary, logRequests(createLogger("info", output), metrics), stage);
  return {
    url,
    metrics,
    async line() {
      const [text] = await once(output, "data");
      return JSON.parse(text);
    },
  };
}

const identified: Middleware = (ctx) => {
  const owner = { issuer: "https://a.example", organization: "canary-org", user: "canary-user" };
  ctx.state["identity"] = { owner, permissions: [], expiresAtMs: 0 };
  ctx.state["route"] = "/things/:id";
  ctx.body = "canary-answer";
};

describe("logRequests", () => {
  it("writes one line for a request, with nothing personal in it", async () => {
    const { url, line } = await serve(identified);
    const logged = line();
    await fetch(`${url}/things/canary-id?q=canary-query`, {
      method: "POST",
      body: "canary-body",
      headers: { Authorization: "Bearer canary-token", Cookie: "canary=1", "X-Request-Id": "r1" },
    });
    expect(await logged).toEqual({
      level: 30,
      time: expect.any(String),
      method: "POST",
      route: "/things/:id",
      status: 200,
      duration_ms: expect.any(Number),
      request_id: "r1",
      user: expect.stringMatching(/^[0-9a-f]{16}$/),
      msg: "request",
    });
  });

  it("tells the status of a refusal", async () => {
    const { url, line } = await serve(() => {
      throw new ChatError("forbidden");
    });
    const logged = line();
    await fetch(url);
    expect(await logged).toMatchObject({ status: 403, route: "other" });
  });

  it("tells of a reader who left before the end", async () => {
    const { url, line } = await serve((ctx) => {
      ctx.status = 200;
      ctx.respond = false;
      ctx.res.write("begun");
    });
    const logged = line();
    const leaving = new AbortController();
    await fetch(url, { signal: leaving.signal });
    leaving.abort();
    expect(await logged).toMatchObject({ status: 200 });
  });

  it("counts by route and status, never by path", async () => {
    const { url, line, metrics } = await serve(identified);
    const logged = line();
    await fetch(`${url}/things/canary`);
    await logged;
    const text = await metrics.text();
    expect(text).toContain('chatbot_requests_total{route="/things/:id",status="200"} 1');
    expect(text).not.toContain("canary");
  });
});
