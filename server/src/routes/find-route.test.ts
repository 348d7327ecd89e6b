import { Router } from "@koa/router";
import { describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { cors } from "./cors.ts";
import { errorBoundary } from "./error-boundary.ts";
import { findRoute } from "./find-route.ts";

/** A server that answers with the route that was found. */
async function serve(): Promise<string> {
  const router = new Router({ prefix: "/api" });
  router.use((_ctx, next) => next());
  router.get("/things", () => {});
  router.post("/things", () => {});
  router.delete("/things/:id", () => {});
  const boundary = errorBoundary({ onUnexpected: () => {} });
  return await serveStages(boundary, findRoute(router), cors(["https://a.example"]), (ctx) => {
    ctx.body = ctx.state["route"];
  });
}

const FOUND: [method: string, path: string, route: string][] = [
  ["GET", "/api/things", "/api/things"],
  ["POST", "/api/things?a=b", "/api/things"],
  ["DELETE", "/api/things/17", "/api/things/:id"],
  ["DELETE", "/api/things/%2f%2e", "/api/things/:id"],
  ["DELETE", "/api/things/%ff", "/api/things/:id"],
];

const REFUSED: [method: string, path: string, status: number, error: string, allow: string | null][] = [
  ["GET", "/", 404, "not_found", null],
  ["GET", "/api", 404, "not_found", null],
  ["GET", "/api/other", 404, "not_found", null],
  ["OPTIONS", "/api/other", 404, "not_found", null],
  ["GET", "/api/things/1/2", 404, "not_found", null],
  ["GET", "//api/things", 404, "not_found", null],
  ["GET", "/API2/things", 404, "not_found", null],
  ["PUT", "/api/things", 405, "method_not_allowed", "GET, HEAD, OPTIONS, POST"],
  ["PATCH", "/api/things", 405, "method_not_allowed", "GET, HEAD, OPTIONS, POST"],
  ["QUERY", "/api/things", 405, "method_not_allowed", "GET, HEAD, OPTIONS, POST"],
  ["GET", "/api/things/17", 405, "method_not_allowed", "DELETE, OPTIONS"],
];

describe("findRoute", () => {
  it.each(FOUND)("finds %s %s", async (method, path, route) => {
    const response = await fetch((await serve()) + path, { method });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(route);
  });

  it.each(REFUSED)("answers %s %s with %i %s, whoever asks", async (method, path, status, error, allow) => {
    const response = await fetch((await serve()) + path, { method, headers: { Origin: "https://b.example" } });
    expect(response.status).toBe(status);
    expect(response.headers.get("Allow")).toBe(allow);
    expect(await response.json()).toMatchObject({ error });
  });

  it("tells the methods to whoever asks without an origin", async () => {
    const response = await fetch(`${await serve()}/api/things`, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("Allow")).toBe("GET, HEAD, OPTIONS, POST");
  });

  it("leaves a preflight to the next stage", async () => {
    const response = await fetch(`${await serve()}/api/things`, {
      method: "OPTIONS",
      headers: { Origin: "https://a.example", "Access-Control-Request-Method": "POST" },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("https://a.example");
  });
});
