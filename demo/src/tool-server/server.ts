import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { listenOnLoopback } from "../listen-on-loopback.ts";
import { MemberStore } from "./member-store.ts";
import { createMembersMcpServer } from "./members-mcp-server.ts";

export interface ToolServerOptions {
  /** The bearer token without which nothing is answered: it is known to the chat-bot server alone. */
  token: string;
  /** SQLite file. Default: in memory. */
  databasePath?: string;
  /** 0, the default, takes a free one. */
  port?: number;
}

export interface ToolServer {
  /** The MCP endpoint, for `mcpServers`. */
  url: string;
  stop(): Promise<void>;
}

/** Starts the members tool server: MCP over Streamable HTTP, on loopback, without sessions. */
export async function createToolServer(options: ToolServerOptions): Promise<ToolServer> {
  if (options.token === "") throw new Error("the tool server needs a token");
  const store = new MemberStore(options.databasePath ?? ":memory:");
  const handleMcp = toNodeHandler(createMcpHandler(() => createMembersMcpServer(store)));
  const isLoopbackHost = localhostHostValidation();
  const isLoopbackOrigin = localhostOriginValidation();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A web page may reach loopback too, under another name (DNS rebinding) or from another origin.
    if (!isLoopbackHost(request, response) || !isLoopbackOrigin(request, response)) return;
    if (!isToken(request.headers.authorization, options.token)) {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    } else if (new URL(request.url ?? "/", "http://localhost").pathname !== "/mcp") {
      response.writeHead(404).end();
    } else {
      const { method = "GET", url = "/mcp" } = request;
      await handleMcp(Object.assign(request, { method, url }), response);
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const origin = await listenOnLoopback(server, options.port ?? 0);
  return {
    url: `${origin}/mcp`,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      store.close();
    },
  };
}

/** Compared by hash, so that the time it takes tells nothing. */
function isToken(header: string | undefined, token: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(header ?? ""), hash(`Bearer ${token}`));
}
