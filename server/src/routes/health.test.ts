import { describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { createMetrics } from "../observe/metrics.ts";
import { errorBoundary } from "./error-boundary.ts";
import { health, metricsPage, type ReadyOptions, ready } from "./health.ts";

const WELL: ReadyOptions = {
  isDraining: () => false,
  ping: () => Promise.resolve(),
  toolServers: () => new Map([["members", "connected"]]),
};

const READINESS: [title: string, options: Partial<ReadyOptions>, status: number, body: Record<string, unknown>][] = [
  ["all is well", {}, 200, { status: "ready", store: "ok", tool_servers: { members: "connected" } }],
  [
    "a tool server is down, which others can do without",
    { toolServers: () => new Map([["members", "failed"]]) },
    200,
    { status: "ready", store: "ok", tool_servers: { members: "failed" } },
  ],
  ["it is draining", { isDraining: () => true }, 503, { status: "draining", store: "ok" }],
  [
    "the store does not answer",
    { ping: () => Promise.reject(new Error("canary")) },
    503,
    { status: "not_ready", store: "failed" },
  ],
];

describe("GET /health", () => {
  it("answers while the process is up", async () => {
    const response = await fetch(await serveStages(health()));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });
});

describe("GET /ready", () => {
  it.each(READINESS)("tells when %s", async (_title, options, status, body) => {
    const response = await fetch(await serveStages(ready({ ...WELL, ...options })));
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject(body);
    expect(text).not.toContain("canary");
  });

  it("does not wait for a store that hangs", async () => {
    const url = await serveStages(ready({ ...WELL, ping: () => new Promise(() => {}), timeoutMs: 1 }));
    expect((await fetch(url)).status).toBe(503);
  });
});

describe("GET /metrics", () => {
  const metrics = createMetrics({ openStreams: () => 0, isDegraded: () => false, toolServers: () => new Map() });
  const boundary = errorBoundary({ onUnexpected: () => {} });

  const REFUSED: [title: string, authorization: string | undefined][] = [
    ["no token", undefined],
    ["another token", "Bearer secret2"],
    ["half the token", "Bearer secre"],
    ["the token alone", "secret"],
    ["another scheme", "Basic secret"],
    ["white space behind", "Bearer  secret"],
  ];

  it.each(REFUSED)("refuses %s", async (_title, authorization) => {
    const url = await serveStages(boundary, metricsPage(metrics, { token: "secret" }));
    const response = await fetch(url, authorization === undefined ? {} : { headers: { Authorization: authorization } });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain("chatbot_");
  });

  it("answers the operator's token", async () => {
    const url = await serveStages(boundary, metricsPage(metrics, { token: "secret" }));
    const response = await fetch(url, { headers: { Authorization: "Bearer secret" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toContain("chatbot_open_streams 0");
  });

  it("is not there without a token", async () => {
    const response = await fetch(await serveStages(boundary, metricsPage(metrics, "closed")));
    expect(response.status).toBe(404);
  });

  it("is open on a port of its own", async () => {
    const response = await fetch(await serveStages(metricsPage(metrics, "open")));
    expect(response.status).toBe(200);
  });
});
