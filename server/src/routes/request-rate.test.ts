import type { Middleware } from "koa";
import { describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import type { Identity } from "../store/identity.ts";
import { errorBoundary } from "./error-boundary.ts";
import { requestRate } from "./request-rate.ts";

/** A server that believes whoever says who they are, at a time that stands still. */
async function serve(
  requestsPerMinute: number,
): Promise<{ ask(user?: string): Promise<Response>; wait(ms: number): void }> {
  let nowMs = 1_000_000;
  const identify: Middleware<{ identity: Identity }> = async (ctx, next) => {
    const owner = { issuer: "https://a.example", organization: "club", user: ctx.get("X-User") };
    ctx.state.identity = { owner, grants: { permissions: [], roles: [] }, permissions: [], expiresAtMs: 0 };
    await next();
  };
  const answer: Middleware = (ctx) => {
    ctx.body = "";
  };
  const boundary = errorBoundary({ onUnexpected: () => {} });
  const url = await serveStages(
    boundary,
    identify,
    requestRate(requestsPerMinute, () => nowMs),
    answer,
  );
  return {
    ask: (user = "ann") => fetch(url, { headers: { "X-User": user } }),
    wait(ms) {
      nowMs += ms;
    },
  };
}

async function askTimes(times: number, ask: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  for (let asked = 0; asked < times; asked++) statuses.push((await ask()).status);
  return statuses;
}

describe("requestRate", () => {
  it("lets so many requests of a minute through at once, and then refuses", async () => {
    const { ask } = await serve(3);
    expect(await askTimes(5, ask)).toEqual([200, 200, 200, 429, 429]);
  });

  it("says when to come back", async () => {
    const { ask } = await serve(3);
    await askTimes(3, ask);
    const response = await ask();
    expect(response.headers.get("Retry-After")).toBe("20");
    expect(await response.json()).toMatchObject({ error: "too_many_requests" });
  });

  it("lets one through again when it said so", async () => {
    const { ask, wait } = await serve(3);
    await askTimes(3, ask);
    wait(19_999);
    expect(await askTimes(1, ask)).toEqual([429]);
    wait(1);
    expect(await askTimes(2, ask)).toEqual([200, 429]);
  });

  it("lets no more through after a long rest", async () => {
    const { ask, wait } = await serve(3);
    await askTimes(1, ask);
    wait(24 * 60 * 60_000);
    expect(await askTimes(4, ask)).toEqual([200, 200, 200, 429]);
  });

  it("is not prolonged by refusals", async () => {
    const { ask, wait } = await serve(3);
    await askTimes(100, ask);
    wait(20_000);
    expect(await askTimes(1, ask)).toEqual([200]);
  });

  it("counts everybody on their own", async () => {
    const { ask } = await serve(1);
    expect(await askTimes(2, () => ask("ann"))).toEqual([200, 429]);
    expect(await askTimes(2, () => ask("bob"))).toEqual([200, 429]);
  });
});
