import { randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorBody } from "@chat-bot/widget/protocol";
import { errorMessage } from "./error-messages.ts";

const MAX_CONNECTIONS = 2000;
const MAX_HEAD_BYTES = 16 * 1024;

/** How long a request may take to arrive, in milliseconds. Its answer may take any time: streams do. */
export interface ArrivalLimits {
  headersMs?: number;
  /** The whole request. */
  requestMs?: number;
  /** How often connections are looked at. */
  checkEveryMs?: number;
}

/** An HTTP server that waits for nobody longer than it has to, and refuses in our own words also what is no request yet. */
export function createHttpServer(listener: RequestListener, limits: ArrivalLimits = {}): Server {
  const { headersMs = 5000, requestMs = 10_000, checkEveryMs = 1000 } = limits;
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkEveryMs,
      maxHeaderSize: MAX_HEAD_BYTES,
    },
    listener,
  );
  server.maxConnections = MAX_CONNECTIONS;
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on("request", ({ socket }, response) => {
    answering.set(socket, response);
    response.once("close", () => {
      if (answering.get(socket) === response) answering.delete(socket);
    });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const hasBegun = answering.get(socket)?.headersSent ?? false;
    // In the middle of an answer another one would be taken for a part of it.
    if (hasBegun || !socket.writable) socket.destroy();
    else socket.end(refusal(error.code ?? ""), () => socket.destroy());
  });
  return server;
}

/** The answer to what could not be read. Whatever else is said on the connection is not listened to. */
function refusal(code: string): string {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return tooLarge();
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";
    default:
      return "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
  }
}

/** Nothing of the head was read, so nobody knows in which language to say it. */
function tooLarge(): string {
  const body: ErrorBody = {
    error: "payload_too_large",
    message: errorMessage("payload_too_large", "en"),
    request_id: randomUUID(),
  };
  const text = JSON.stringify(body);
  return [
    "HTTP/1.1 431 Request Header Fields Too Large",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Request-Id: ${body.request_id}`,
    "X-Content-Type-Options: nosniff",
    "Cache-Control: no-store",
    "Connection: close",
    "",
    text,
  ].join("\r\n");
}
