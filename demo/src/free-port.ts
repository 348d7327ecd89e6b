import { createServer } from "node:http";
import { listenOnLoopback } from "./listen-on-loopback.ts";

/** The preferred port when nobody listens there, else a free one. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    const url = await listenOnLoopback(server, preferred);
    return Number(new URL(url).port);
  } catch (error) {
    if (preferred === 0) throw error;
    return await freePort();
  } finally {
    server.close();
  }
}
