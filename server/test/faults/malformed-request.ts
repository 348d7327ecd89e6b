import { connect } from "node:net";

const GARBAGE = [
  "GET / HTTP/9.9\r\n\r\n",
  "GET\r\n\r\n",
  "\u0000\u0001\u0002\u0003\r\n\r\n",
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "get /health HTTP/1.1\r\nHost: x\r\n\r\n",
];

/** Headers with which two servers in a row could see two different requests. */
const AMBIGUOUS = [
  "Content-Length: 5\r\nContent-Length: 6",
  "Content-Length: 5\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: x\r\nContent-Length: 5",
  "Content-Length: -1",
  "Content-Length: 1e3",
  "Content-Length : 5",
  "X: a\rb",
  "X: a\u0000b",
  "X y: z",
  ": nothing",
  `X: ${"x".repeat(20_000)}`,
  "X: y\r\n".repeat(3000).trimEnd(),
];

/** Bytes that no HTTP server may take for a request. */
export function malformedRequest(random: () => number, token: string): string {
  const number = Math.floor(random() * (GARBAGE.length + AMBIGUOUS.length));
  const garbage = GARBAGE[number];
  if (garbage !== undefined) return garbage;
  const headers = AMBIGUOUS[number - GARBAGE.length];
  const usual = `Host: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json`;
  return `POST /api/chatbot/message HTTP/1.1\r\n${usual}\r\n${headers}\r\n\r\n0\r\n\r\n`;
}

/** Sends them over a connection of their own. Resolves with all that comes back until it is closed. */
export function sendRaw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
    });
    // The server may close before it has read everything.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
    socket.write(bytes, "latin1");
  });
}
