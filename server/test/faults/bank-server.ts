// The tool server of the fault tests, a process of its own. It writes down what really happened, so that the ledger of the
// server under test can be held against it: each line of JSON is on the disk before the call is answered.
//
// `BANK_FILE` is the file to append to. Prints one line of JSON with its URL when it is ready.

import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, Server } from "@modelcontextprotocol/server";

const { BANK_FILE = "" } = process.env;
const file = openSync(BANK_FILE, "a");

function writeDown(line: Record<string, unknown>): void {
  writeSync(file, `${JSON.stringify({ ...line, at: Date.now() })}\n`);
  fsyncSync(file);
}

const MILLISECONDS = { type: "integer", minimum: 0, maximum: 60_000 };
const inputSchema = {
  type: "object" as const,
  properties: { ref: { type: "string" }, before_ms: MILLISECONDS, after_ms: MILLISECONDS },
  required: ["ref"],
  additionalProperties: false,
};

const TOOLS = [
  { name: "charge", description: "Charges once each time it is called.", inputSchema },
  { name: "pay", description: "Charges after somebody has approved.", inputSchema },
  { name: "balance", description: "Reads.", inputSchema, annotations: { readOnlyHint: true, idempotentHint: true } },
  { name: "wait", description: "Waits until it is cancelled.", inputSchema },
  { name: "export", description: "Tells a long text in 100 parts of 1 KB.", inputSchema },
];

const PARTS = 100;
const PART = "0123456789abcde ".repeat(64);

function createBank(): Server {
  const server = new Server({ name: "bank", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({ tools: TOOLS }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    const { name, arguments: input = {} } = params;
    const meta: Record<string, unknown> = { ...params._meta, ...mcpReq._meta };
    const call = { tool: name, ref: input["ref"], key: meta["chatbot/idempotencyKey"] };
    writeDown({ ...call, what: "called" });
    // Not bound to the signal: a charge that was sent off cannot be called back.
    if (name !== "wait") await pause(Number(input["before_ms"] ?? 0));
    if (name === "wait") {
      await new Promise<void>((resolve) => mcpReq.signal.addEventListener("abort", () => resolve()));
      writeDown({ ...call, what: "aborted" });
      return { content: [{ type: "text", text: "too late" }] };
    }
    writeDown({ ...call, what: "ran" });
    if (name === "export") {
      for (let progress = 1; progress <= PARTS; progress += 1) {
        await mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken: meta["progressToken"], progress, total: PARTS, message: PART },
        });
      }
    }
    await pause(Number(input["after_ms"] ?? 0));
    return { content: [{ type: "text", text: `done ${String(input["ref"])}` }] };
  });
  return server;
}

const handle = toNodeHandler(createMcpHandler(createBank));
const server = createServer((request, response) => {
  const { method = "GET", url = "/" } = request;
  handle(Object.assign(request, { method, url }), response).catch(() => response.destroy());
});
// A connection that is closed while a call is on its way to it would be a fault of its own.
server.keepAliveTimeout = 10 * 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`);
});
process.once("exit", () => closeSync(file));
