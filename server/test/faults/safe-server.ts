// A tool server, a process of its own behind standard streams, whose tools can be changed while it runs. It writes down
// every call and every list it was asked for before it answers.
//
// `SAFE_TOOLS` is a JSON file with its tools; when it changes, clients are told, unless the file says otherwise.
// `SAFE_BOOK` is the file to append to.

import { appendFileSync, readFileSync, watchFile } from "node:fs";
import { Server, type Tool } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

const { SAFE_TOOLS = "", SAFE_BOOK = "" } = process.env;
const LOOK_EVERY_MS = 20;

function readTools(): { version: string; tools: Tool[]; announced: boolean } {
  return JSON.parse(readFileSync(SAFE_TOOLS, "utf8"));
}

function writeDown(line: Record<string, unknown>): void {
  appendFileSync(SAFE_BOOK, `${JSON.stringify(line)}\n`);
}

serveStdio(() => {
  const server = new Server({ name: "safe", version: "1" }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler("tools/list", () => {
    const { version, tools } = readTools();
    writeDown({ what: "listed", ref: version });
    return { tools };
  });
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    const { name, arguments: input = {} } = params;
    writeDown({ what: "ran", tool: name, ref: input["ref"], input });
    if (name === "wait") {
      await new Promise<void>((resolve) => mcpReq.signal.addEventListener("abort", () => resolve()));
    }
    return { content: [{ type: "text", text: "opened" }] };
  });
  watchFile(SAFE_TOOLS, { interval: LOOK_EVERY_MS }, () => {
    if (readTools().announced) void server.sendToolListChanged();
  });
  return server;
});

// The watch would keep it alive for ever after its client was killed.
process.stdin.once("close", () => process.exit());
