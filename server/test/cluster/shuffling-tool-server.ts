// The tool server of the cluster's tests, a process of its own, built with the previous major of the MCP SDK: it has
// sessions, and forgets them when it is started anew. Each `tools/list` is answered in another order.
//
// `PORT` may be 0. Prints one line of JSON with its URL when it is ready. Tests ask `GET /lists` how often, and in how many
// orders, it has told its tools, make it tell every client that they changed with `POST /announce`, and end a call of `hold`
// with `POST /release/<ref>`.

import { randomInt, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const ACTIONS = ["ask", "hold", "look", "add", "book", "count", "draw", "find", "move", "print", "rate", "sort"];

/** Calls of `hold` that are not answered yet, by reference. */
const held = new Map<string, () => void>();
const sessions = new Map<string, { server: Server; transport: StreamableHTTPServerTransport }>();
const orders = new Set<string>();
let lists = 0;

function definitionOf(name: string): object {
  const properties = [
    ["ref", { type: "string", description: `What to ${name}.` }],
    ["amount", { type: "integer", minimum: 0 }],
    ["note", { type: "string", maxLength: 200 }],
  ];
  return {
    name,
    description: `Can ${name} things. ${"It does so for the person who is signed in. ".repeat(4)}`,
    inputSchema: { type: "object", properties: Object.fromEntries(shuffled(properties)), required: ["ref"] },
  };
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(randomInt(rest.length), 1));
}

function createToolServer(): Server {
  const server = new Server({ name: "shuffling", version: "1" }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler(ListToolsRequestSchema, () => {
    const names = shuffled(ACTIONS);
    lists += 1;
    orders.add(names.join());
    return { tools: names.map(definitionOf) };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const ref = String(params.arguments?.["ref"]);
    if (params.name === "hold") {
      const released = Promise.withResolvers<void>();
      held.set(ref, released.resolve);
      signal.addEventListener("abort", () => released.resolve());
      await released.promise;
      held.delete(ref);
    }
    return { content: [{ type: "text", text: `${params.name} ${ref}: done` }] };
  });
  return server;
}

async function answerMcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sessionId = request.headers["mcp-session-id"];
  if (typeof sessionId === "string") {
    const known = sessions.get(sessionId);
    if (known === undefined) response.writeHead(404).end();
    else await known.transport.handleRequest(request, response);
    return;
  }
  const server = createToolServer();
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => {
      sessions.set(id, { server, transport });
    },
  });
  await server.connect(transport);
  await transport.handleRequest(request, response);
}

async function answerTest(path: string, response: ServerResponse): Promise<void> {
  if (path === "/lists") {
    response.end(JSON.stringify({ lists, orders: orders.size }));
    return;
  }
  if (path === "/announce") {
    await Promise.all(Array.from(sessions.values(), (session) => session.server.sendToolListChanged()));
    response.writeHead(204).end();
    return;
  }
  const release = held.get(path.slice("/release/".length));
  release?.();
  response.writeHead(release === undefined ? 404 : 204).end();
}

const server = createServer((request, response) => {
  const path = request.url ?? "/";
  const answered = path === "/mcp" ? answerMcp(request, response) : answerTest(decodeURIComponent(path), response);
  answered.catch(() => response.destroy());
});
server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`);
});
