import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createWatchedFetch, StalledError } from "./watch-bytes.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

const LONG_MS = 60_000;
const watch = (idleMs: number, totalMs = LONG_MS): typeof fetch => createWatchedFetch({ idleMs, totalMs }, fetch);

describe("createWatchedFetch", () => {
  it("gives an answer up that does not even begin", async () => {
    const url = await serve(() => undefined);
    await expect(watch(50)(url)).rejects.toThrow(StalledError);
  });

  it("gives an answer up that falls silent in its middle", async () => {
    const url = await serve((response) => response.write("half"));
    const response = await watch(1000)(url);
    await expect(response.text()).rejects.toThrow(StalledError);
  });

  it("gives an answer up that never ends, however lively it is", async () => {
    const url = await serve((response) => {
      const timer = setInterval(() => response.write("."), 5);
      response.once("close", () => clearInterval(timer));
    });
    const response = await watch(LONG_MS, 1000)(url);
    await expect(response.text()).rejects.toThrow("took too long");
  });

  it("raises no alarm for an answer that is slow but not silent", async () => {
    const url = await serve((response) => {
      let count = 0;
      const timer = setInterval(() => {
        count += 1;
        response.write("x");
        if (count < 20) return;
        clearInterval(timer);
        response.end();
      }, 110);
    });
    const response = await watch(2000)(url);
    expect(await response.text()).toBe("x".repeat(20));
  });

  it("passes status, headers and bytes on as they are", async () => {
    const url = await serve((response) => response.writeHead(418, { "x-tea": "yes" }).end("short and stout"));
    const response = await watch(LONG_MS)(url);
    expect([response.status, response.headers.get("x-tea")]).toEqual([418, "yes"]);
    expect(await response.text()).toBe("short and stout");
  });

  it("passes an answer without a body on", async () => {
    const url = await serve((response) => response.writeHead(204).end());
    expect((await watch(LONG_MS)(url)).status).toBe(204);
  });

  it("aborts with the caller's own reason", async () => {
    const url = await serve((response) => response.write("half"));
    const controller = new AbortController();
    const response = await watch(LONG_MS)(url, { signal: controller.signal });
    controller.abort(new Error("mine"));
    await expect(response.text()).rejects.toThrow("mine");
  });

  it("tells a refused connection as what it is", async () => {
    await expect(watch(LONG_MS)("http://127.0.0.1:1")).rejects.not.toThrow(StalledError);
  });

  it("closes the connection of an answer that it gave up", async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((response) => {
      response.once("close", closed.resolve);
      response.write("half");
    });
    const response = await watch(1000)(url);
    await expect(response.text()).rejects.toThrow(StalledError);
    await expect(closed.promise).resolves.toBeUndefined();
  });
});
