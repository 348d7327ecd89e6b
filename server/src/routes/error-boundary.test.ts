import type { Middleware } from "koa";
import { describe, expect, it } from "vitest";
import { getRaw } from "../../test/fixtures/get-raw.ts";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { ChatError } from "../errors.ts";
import { errorBoundary, type RequestState } from "./error-boundary.ts";

/** A boundary around one stage, and what it reported. */
async function boundaryAround(stage: Middleware<RequestState>): Promise<{ url: string; reported: unknown[] }> {
  const reported: unknown[] = [];
  const boundary = errorBoundary({ onUnexpected: (error, requestId) => reported.push([error, requestId]) });
  return { url: await serveStages(boundary, stage), reported };
}

function throws(error: unknown): Middleware {
  return async function fail() {
    throw error;
  };
}

const IDS: [title: string, header: string | undefined, isKept: boolean][] = [
  ["keeps a proxy's id", "abc-DEF_1.2", true],
  ["keeps an id of 64 characters", "x".repeat(64), true],
  ["replaces an id of 65 characters", "x".repeat(65), false],
  ["replaces an id with a space", "a b", false],
  ["replaces an id with quotes", '"a"', false],
  ["replaces an id beyond ASCII", "\u00e9", false],
  ["makes an id", undefined, false],
];

describe("The error boundary", () => {
  it("turns a refusal into its status, code, words and details", async () => {
    const details = { conversation_id: "conv_1", turn_id: "turn_1" };
    const { url, reported } = await boundaryAround(throws(new ChatError("concurrent_request", { details })));
    const response = await fetch(url, { headers: { "X-Request-Id": "r1", "Accept-Language": "pt" } });
    expect(response.status).toBe(409);
    expect(response.headers.get("Content-Type")).toBe("application/json; charset=utf-8");
    expect(await response.json()).toEqual({
      error: "concurrent_request",
      message: "O assistente ainda está respondendo à sua última mensagem. Espere ou interrompa-o primeiro.",
      request_id: "r1",
      ...details,
    });
    expect(reported).toEqual([]);
  });

  it("says when to come back", async () => {
    const { url } = await boundaryAround(throws(new ChatError("too_many_requests", { retryAfterSeconds: 7 })));
    expect((await fetch(url)).headers.get("Retry-After")).toBe("7");
  });

  it("says when a limit starts anew, in a header and as a time", async () => {
    const details = { limit_type: "user", limit: 1, used: 1, resets_at: "2026-11-22T00:00:00.000Z" } as const;
    const { url } = await boundaryAround(throws(new ChatError("limit_exceeded", { details, retryAfterSeconds: 60 })));
    const response = await fetch(url);
    expect(response.headers.get("Retry-After")).toBe("60");
    expect(await response.json()).toMatchObject({ ...details, message: "The daily limit is used up." });
  });

  it.each([
    ["invalid_token", 'Bearer realm="chatbot", error="invalid_token"'],
    ["token_expired", 'Bearer realm="chatbot", error="invalid_token", error_description="The token has expired"'],
  ] as const)("challenges with %s", async (code, challenge) => {
    const { url } = await boundaryAround(throws(new ChatError(code)));
    const response = await fetch(url);
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe(challenge);
  });

  it.each([
    ["an error", new Error("canary")],
    ["an error that looks like an answer", Object.assign(new Error("canary"), { status: 418, expose: true })],
    ["an error that looks like a refusal", { code: "forbidden", status: 403, message: "canary" }],
    ["a text", "canary"],
    ["nothing", undefined],
  ])("shows nothing of %s and reports it", async (_title, error) => {
    const { url, reported } = await boundaryAround(throws(error));
    const response = await fetch(url, { headers: { "X-Request-Id": "r1" } });
    const body = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ error: "internal", request_id: "r1" });
    expect(body).not.toContain("canary");
    expect([...response.headers].flat().join()).not.toContain("canary");
    expect(reported).toEqual([[error, "r1"]]);
  });

  it("answers what no stage felt responsible for", async () => {
    const { url } = await boundaryAround((_ctx, next) => next());
    const response = await fetch(url);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: "not_found" });
  });

  it("leaves a stage's own answer alone", async () => {
    const { url } = await boundaryAround((ctx) => {
      ctx.status = 204;
    });
    expect((await fetch(url)).status).toBe(204);
  });

  it("leaves a connection that a stage took over alone", async () => {
    const { url, reported } = await boundaryAround((ctx) => {
      ctx.respond = false;
      ctx.res.end("mine");
    });
    expect(await (await fetch(url)).text()).toBe("mine");
    expect(reported).toEqual([]);
  });

  it("breaks off an answer that has begun", async () => {
    const { url, reported } = await boundaryAround(async (ctx) => {
      ctx.respond = false;
      ctx.res.write("begun");
      throw new Error("canary");
    });
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow("terminated");
    expect(reported).toHaveLength(1);
  });

  it("keeps the headers that were set before the refusal", async () => {
    const { url } = await boundaryAround((ctx) => {
      ctx.set("Access-Control-Allow-Origin", "https://a.example");
      throw new ChatError("forbidden");
    });
    expect((await fetch(url)).headers.get("Access-Control-Allow-Origin")).toBe("https://a.example");
  });

  it.each(IDS)("%s", async (_title, header, isKept) => {
    const { url } = await boundaryAround((ctx) => {
      ctx.body = ctx.state.requestId;
    });
    const { headers, body } = await getRaw(url, "/", header === undefined ? {} : { "X-Request-Id": header });
    const id = headers["x-request-id"];
    expect(id).toBe(body);
    expect(id === header).toBe(isKept);
    expect(id).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  });
});
