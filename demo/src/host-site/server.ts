import { createServer } from "node:http";
import { listenOnLoopback } from "../listen-on-loopback.ts";
import { createHostApp } from "./app.ts";
import { createTokenIssuer } from "./token-issuer.ts";

export interface HostSiteOptions {
  port: number;
  /** Origin of the chat-bot server. */
  botOrigin: string;
  /** `iss` and `aud` of the tokens. */
  issuer: string;
  audience: string;
  isScripted: boolean;
}

export interface HostSite {
  url: string;
  stop(): Promise<void>;
}

/** Starts the host site on loopback. */
export async function createHostSite(options: HostSiteOptions): Promise<HostSite> {
  const tokens = await createTokenIssuer(options);
  const app = createHostApp({ tokens, botOrigin: options.botOrigin, isScripted: options.isScripted });
  const server = createServer((request, response) => void app.callback()(request, response));
  return {
    url: await listenOnLoopback(server, options.port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
