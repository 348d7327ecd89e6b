import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "../listen-on-loopback.ts";
import { ApiError, invalid } from "./api-error.ts";
import { checkHeaders } from "./check-headers.ts";
import { FaultMemory, refusalOf } from "./faults.ts";
import { wholeMessage } from "./message-body.ts";
import type { MessagesRequest } from "./messages-request.ts";
import { contentOf, newId, planMessage } from "./plan-message.ts";
import type { Fault, Reply } from "./reply.ts";
import { decideReply } from "./script.ts";
import { type StreamFault, streamMessage } from "./stream-message.ts";
import { countInputTokens, PromptCache } from "./usage.ts";
import { validateCountTokens, validateMessages } from "./validate-request.ts";

const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

/** How an answer came to its end. */
type ExchangeOutcome = "complete" | "refused" | "broken" | "disconnected";

/** One request that was understood as JSON, for tests that want to know what was really asked. */
export interface Exchange {
  path: string;
  body: unknown;
  /** `refused`: with an error. `broken`: by a fault. `disconnected`: the caller went away first. */
  ended: Promise<ExchangeOutcome>;
}

export interface ScriptedClaudeOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Pause after each streamed piece. Default: 15. */
  delayMs?: number;
  /** The only key that is accepted. Default: any key. */
  apiKey?: string;
  /** What to answer, instead of the built-in mind. */
  script?: (request: MessagesRequest) => Reply;
  /** Told about every request when its body has been read. */
  onExchange?: (exchange: Exchange) => void;
}

export interface ScriptedClaude {
  /** For `ANTHROPIC_BASE_URL`. */
  url: string;
  /** Cuts every open answer. */
  stop(): Promise<void>;
}

/** Starts a stand-in for the Messages API on loopback: the real wire format, the real refusals, a scripted mind. */
export async function createScriptedClaude(options: ScriptedClaudeOptions = {}): Promise<ScriptedClaude> {
  const claude: Claude = {
    options,
    script: options.script ?? decideReply,
    cache: new PromptCache(),
    faults: new FaultMemory(),
  };
  const server = createServer((request, response) => void answer(request, response, claude));
  return {
    url: await listenOnLoopback(server, options.port ?? 0),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Claude {
  options: ScriptedClaudeOptions;
  script: (request: MessagesRequest) => Reply;
  cache: PromptCache;
  faults: FaultMemory;
}

async function answer(request: IncomingMessage, response: ServerResponse, claude: Claude): Promise<void> {
  const requestId = `req_${newId()}`;
  response.setHeader("request-id", requestId);
  const exchange = Promise.withResolvers<ExchangeOutcome>();
  try {
    const path = checkRoute(request);
    checkHeaders(request.headers, claude.options.apiKey);
    const body = parseJson(await readBody(request));
    claude.options.onExchange?.({ path, body, ended: exchange.promise });
    if (path === "/v1/messages/count_tokens") {
      sendJson(response, 200, { input_tokens: countInputTokens(validateCountTokens(body)) });
      exchange.resolve("complete");
    } else {
      exchange.resolve(await answerMessage(validateMessages(body), response, requestId, claude));
    }
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      exchange.resolve("disconnected");
      return;
    }
    const refusal = error instanceof ApiError ? error : new ApiError("api_error", "Internal server error");
    sendJson(response, refusal.status, refusal.body(requestId), refusal.headers);
    exchange.resolve("refused");
  }
}

async function answerMessage(
  request: MessagesRequest,
  response: ServerResponse,
  requestId: string,
  claude: Claude,
): Promise<ExchangeOutcome> {
  const decided = claude.script(request);
  const fault = claude.faults.next(decided.fault, request);
  const refusal = fault === null ? null : refusalOf(fault);
  if (refusal !== null) throw refusal;
  if (fault?.kind === "not_sse") {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Maintenance</title>");
    return "broken";
  }
  const reply = fault?.kind === "truncated_tool_json" ? truncateToolJson(decided, fault) : decided;
  const message = planMessage(reply, request, claude.cache.take(request));
  if (request.stream !== true) {
    sendJson(response, 200, wholeMessage(message));
    return "complete";
  }
  const streamFault = fault === null ? null : faultOfStream(fault, message.blocks.map(contentOf).join(""));
  await streamMessage(message, response, {
    requestId,
    delayMs: reply.delayMs ?? claude.options.delayMs ?? 15,
    pieces: reply.pieces,
    fault: streamFault,
    signal: abortedOnClose(response),
  });
  return fault === null ? "complete" : "broken";
}

function faultOfStream({ kind, afterBytes }: Fault, content: string): StreamFault | null {
  if (kind !== "error_event" && kind !== "eof" && kind !== "stall" && kind !== "reset") return null;
  return { kind, afterBytes: afterBytes ?? Math.floor(Buffer.byteLength(content) / 2) };
}

/** The first call's input ends in the middle, as if the model had stopped there and not noticed. */
function truncateToolJson(reply: Reply, fault: Fault): Reply {
  const at = reply.blocks.findIndex((block) => block.type === "tool_use");
  const blocks = reply.blocks.map((block, index) => {
    if (index !== at || block.type !== "tool_use") return block;
    return { ...block, json: block.json.slice(0, fault.afterBytes ?? Math.floor(block.json.length / 2)) };
  });
  return { ...reply, blocks };
}

function abortedOnClose(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  return controller.signal;
}

function checkRoute({ method, url }: IncomingMessage): string {
  const path = new URL(url ?? "/", "http://localhost").pathname;
  if (path !== "/v1/messages" && path !== "/v1/messages/count_tokens")
    throw new ApiError("not_found_error", "Not Found");
  if (method !== "POST") throw invalid("Method Not Allowed");
  return path;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > BODY_LIMIT_BYTES) throw new ApiError("request_too_large", "Request exceeds the maximum size");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("The request body is not valid JSON");
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
