import { expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { errorBoundary } from "./error-boundary.ts";
import { securityHeaders } from "./security-headers.ts";

it("Security headers stand on every answer, refusals and faults included", async () => {
  const url = await serveStages(errorBoundary({ onUnexpected: () => {} }), securityHeaders(), (ctx) => {
    if (ctx.path === "/fault") throw new Error("fault");
    if (ctx.path === "/good") ctx.body = {};
  });
  for (const path of ["/good", "/fault", "/unknown"]) {
    const { headers } = await fetch(url + path);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Content-Security-Policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  }
});
