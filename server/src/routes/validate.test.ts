import type { Middleware } from "koa";
import { describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { errorBoundary } from "./error-boundary.ts";
import { listQuerySchema, messageRequestSchema } from "./request-schemas.ts";
import { body, idempotencyKey, query } from "./validate.ts";

/** A server that answers with what a stage left in the request's state. */
async function serve(stage: Middleware, member: string): Promise<string> {
  const answer: Middleware = (ctx) => {
    ctx.body = { [member]: ctx.state[member] };
  };
  return await serveStages(errorBoundary({ onUnexpected: () => {} }), stage, answer);
}

function post(url: string, value: unknown): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(value) });
}

describe("body", () => {
  it("leaves the checked body to the next stage", async () => {
    const url = await serve(body(messageRequestSchema), "body");
    expect(await (await post(url, { message: " Hi " })).json()).toEqual({ body: { message: "Hi" } });
  });

  it("tells everything that is wrong, and where", async () => {
    const url = await serve(body(messageRequestSchema), "body");
    const response = await post(url, { message: 1, page: { title: 2 }, system: "x" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: "invalid_payload",
      issues: [{ path: "message" }, { path: "page.title" }, { path: "", message: expect.stringContaining("system") }],
    });
  });

  it("does not repeat long names of unknown members", async () => {
    const url = await serve(body(messageRequestSchema), "body");
    const response = await post(url, { message: "Hi", ["x".repeat(50_000)]: 1 });
    expect((await response.text()).length).toBeLessThan(1000);
  });
});

describe("query", () => {
  it("leaves the checked query to the next stage", async () => {
    const url = await serve(query(listQuerySchema), "query");
    expect(await (await fetch(`${url}/?limit=7&cursor=a%20b`)).json()).toEqual({ query: { limit: 7, cursor: "a b" } });
  });

  it.each(["?limit=0", "?limit=1&limit=2", "?other=1", "?__proto__=1"])("refuses %s", async (text) => {
    const response = await fetch(`${await serve(query(listQuerySchema), "query")}/${text}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_payload" });
  });
});

describe("idempotencyKey", () => {
  it("leaves the key to the next stage", async () => {
    const url = await serve(idempotencyKey(), "idempotencyKey");
    const response = await fetch(url, { headers: { "Idempotency-Key": "k-1" } });
    expect(await response.json()).toEqual({ idempotencyKey: "k-1" });
  });

  it("leaves null without one", async () => {
    const url = await serve(idempotencyKey(), "idempotencyKey");
    expect(await (await fetch(url)).json()).toEqual({ idempotencyKey: null });
  });

  it.each([
    ["an empty key", ""],
    ["white space inside", "a b"],
    ["256 characters", "x".repeat(256)],
  ])("refuses %s", async (_title, key) => {
    const url = await serve(idempotencyKey(), "idempotencyKey");
    const response = await fetch(url, { headers: { "Idempotency-Key": key } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ issues: [{ path: "Idempotency-Key" }] });
  });
});
