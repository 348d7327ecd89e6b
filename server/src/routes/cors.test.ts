import { describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { cors } from "./cors.ts";
import { errorBoundary } from "./error-boundary.ts";

const LISTED = ["https://a.example", "http://localhost:8080"];

function serve(origins: readonly string[]): Promise<string> {
  return serveStages(errorBoundary({ onUnexpected: () => {} }), cors(origins), (ctx) => {
    ctx.body = "answer";
  });
}

const FOREIGN: [title: string, origin: string][] = [
  ["another host", "https://b.example"],
  ["another scheme", "http://a.example"],
  ["another port", "https://a.example:8443"],
  ["a port written out", "https://a.example:443"],
  ["a host below", "https://x.a.example"],
  ["a host that ends alike", "https://evil-a.example"],
  ["a host that begins alike", "https://a.example.evil.example"],
  ["a slash behind", "https://a.example/"],
  ["other letters", "https://A.example"],
  ["no origin at all", "null"],
  ["every origin", "*"],
  ["two origins", "https://a.example https://a.example"],
];

describe("cors", () => {
  it.each(LISTED)("echoes the listed %s exactly", async (origin) => {
    const { status, headers } = await fetch(await serve(LISTED), { headers: { Origin: origin } });
    expect(status).toBe(200);
    expect(headers.get("Access-Control-Allow-Origin")).toBe(origin);
    expect(headers.get("Access-Control-Expose-Headers")).toBe("Retry-After, X-Request-Id");
    expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
    expect(headers.get("Vary")).toBe("Origin");
  });

  it.each(FOREIGN)("refuses %s, in a preflight too", async (_title, origin) => {
    const url = await serve(LISTED);
    for (const method of ["GET", "OPTIONS"]) {
      const response = await fetch(url, { method, headers: { Origin: origin } });
      expect(response.status).toBe(403);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      expect(response.headers.get("Vary")).toBe("Origin");
      expect(await response.json()).toMatchObject({ error: "origin_not_allowed" });
    }
  });

  it("lets a server in, which has no origin", async () => {
    const { status, headers } = await fetch(await serve([]));
    expect(status).toBe(200);
    expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
    expect(headers.get("Vary")).toBe("Origin");
  });

  it("refuses every page while no origin is listed", async () => {
    const { status } = await fetch(await serve([]), { headers: { Origin: "https://a.example" } });
    expect(status).toBe(403);
  });

  it("lets any page in where the operator wrote a star, and still names it", async () => {
    const { headers } = await fetch(await serve(["*"]), { headers: { Origin: "https://b.example" } });
    expect(headers.get("Access-Control-Allow-Origin")).toBe("https://b.example");
  });

  it("answers a preflight", async () => {
    const response = await fetch(await serve(LISTED), {
      method: "OPTIONS",
      headers: { Origin: "https://a.example", "Access-Control-Request-Method": "POST" },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe("GET, POST, DELETE");
    expect(response.headers.get("Access-Control-Allow-Headers")).toBe(
      "Authorization, Content-Type, Last-Event-ID, Idempotency-Key, Accept-Language",
    );
    expect(response.headers.get("Access-Control-Max-Age")).toBe("600");
    expect(await response.text()).toBe("");
  });
});
