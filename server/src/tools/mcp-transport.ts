import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  ProtocolError,
  type RequestId,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { withBoundedMessages } from "./bounded-messages.ts";
import type { McpServerConfig } from "./tool-config.ts";

const LAST_WORDS_LENGTH = 256;

const GOODBYE_MS = 1000;

/** A transport, and what the server said on its standard error last. */
export interface McpTransport {
  transport: Transport;
  lastWords(): string;
  /** Tells the server that it may forget the session, for as long as that takes no time. Never rejects. */
  sayGoodbye(): Promise<void>;
}

/**
 * Prepares the way to a server; nothing is started before a client connects with it. `token` makes the bearer token of
 * each request.
 */
export function createTransport(config: McpServerConfig, token?: () => string): McpTransport {
  if (config.type === "http") return createHttpTransport(config.url, config.headers ?? {}, token);
  const transport = new StdioClientTransport({
    command: config.command,
    args: config.args ?? [],
    env: { ...getDefaultEnvironment(), ...config.env },
    ...(config.cwd === undefined ? {} : { cwd: config.cwd }),
    stderr: "pipe",
  });
  let words = "";
  transport.stderr?.on("data", (chunk: unknown) => {
    words = (words + String(chunk)).slice(-LAST_WORDS_LENGTH);
  });
  return { transport, lastWords: () => words, sayGoodbye: () => Promise.resolve() };
}

/** Redirects are followed within the server's origin only: that is the client's default. */
function createHttpTransport(url: string, headers: Record<string, string>, token?: () => string): McpTransport {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    fetch: withBoundedMessages(fetch),
    ...(token === undefined ? {} : { authProvider: { token: async () => token() } }),
  });
  return {
    transport,
    lastWords: () => "",
    async sayGoodbye() {
      if (transport.sessionId === undefined) return;
      const ended = transport.terminateSession().catch(() => undefined);
      await Promise.race([ended, delay(GOODBYE_MS, undefined, { ref: false })]);
    },
  };
}

/** Makes up for what the client's transports lack. To be called when the client is connected with it. */
export function mendTransport(transport: Transport): void {
  keepMessageOrder(transport);
  // Outermost: a response counts as soon as it arrives, also while it is held back for the order's sake.
  answerLostRequests(transport);
}

/**
 * Lets notifications through before the response that was sent after them. The client handles a response at once and
 * a notification in a later microtask, so the last progress of a call would otherwise come too late to be heard.
 */
function keepMessageOrder(transport: Transport): void {
  const deliver = transport.onmessage;
  if (deliver === undefined) return;
  transport.onmessage = (message, extra) => {
    if (responseId(message) !== undefined) setImmediate(deliver, message, extra);
    else deliver(message, extra);
  };
}

/** No server knows this word: an error that bears it was made here. */
const LOST = randomUUID();

/**
 * Answers a request itself when the stream that should have brought the response is gone for good: the client would
 * wait for it until its deadline.
 */
function answerLostRequests(transport: Transport): void {
  const waiting = new Set<RequestId>();
  const deliver = transport.onmessage;
  const send = transport.send.bind(transport);
  transport.onmessage = (message, extra) => {
    const id = responseId(message);
    if (id !== undefined) waiting.delete(id);
    deliver?.(message, extra);
  };
  transport.send = (message, options) => {
    if (!isJSONRPCRequest(message)) return send(message, options);
    const { id } = message;
    waiting.add(id);
    const onRequestStreamEnd = (): void => {
      options?.onRequestStreamEnd?.();
      if (!waiting.delete(id)) return;
      deliver?.({ jsonrpc: "2.0", id, error: { code: -32000, message: "The connection was lost", data: LOST } });
    };
    return send(message, { ...options, onRequestStreamEnd });
  };
}

/** Whether this error is the answer given by `answerLostRequests`. */
export function isLostRequest(error: unknown): boolean {
  return error instanceof ProtocolError && error.data === LOST;
}

/** The request that the message answers; undefined for requests and notifications. */
function responseId(message: JSONRPCMessage): RequestId | undefined {
  return isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message) ? message.id : undefined;
}
