import { expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { errorBoundary } from "./error-boundary.ts";
import { keySet } from "./key-set.ts";
import { securityHeaders } from "./security-headers.ts";

const boundary = errorBoundary({ onUnexpected: () => undefined });

it("The key set is there for whoever asks, and may be kept for a while", async () => {
  const keys = { keys: [{ kid: "1", kty: "OKP" }] };
  const url = await serveStages(boundary, securityHeaders(), keySet(keys));
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/jwk-set+json");
  expect(answer.headers.get("cache-control")).toBe("public, max-age=600");
  expect(await answer.json()).toEqual(keys);
});

it("The key set is not found where no tokens are signed", async () => {
  const url = await serveStages(boundary, securityHeaders(), keySet(null));
  expect((await fetch(url)).status).toBe(404);
});
