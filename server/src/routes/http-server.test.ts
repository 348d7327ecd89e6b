import { once } from "node:events";
import type { RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ArrivalLimits, createHttpServer } from "./http-server.ts";

const SHORT: ArrivalLimits = { headersMs: 200, requestMs: 400, checkEveryMs: 20 };
const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n";

/** Answers when the whole body has come. */
const patient: RequestListener = (request, response) => {
  request.resume().once("end", () => response.end("read"));
};

/** A connection to a server, what comes back on it, and when it ends. */
async function open(
  listener: RequestListener,
  limits?: ArrivalLimits,
): Promise<{ socket: Socket; received(): string; ended: Promise<string> }> {
  const server = createHttpServer(listener, limits).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  let text = "";
  socket.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  // Bytes that nobody reads any more reset the connection.
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => void socket.once("close", () => resolve(text)));
  return { socket, received: () => text, ended };
}

/** Sends one byte after the other, for as long as the other side takes them. */
function trickle(socket: Socket, byte: string): void {
  const timer = setInterval(() => void socket.write(byte), 10);
  socket.once("close", () => clearInterval(timer));
}

describe("The HTTP server", () => {
  it("gives headers 5 s, requests 10 s, and heads 16 KB", () => {
    const server = createHttpServer(patient);
    expect([server.headersTimeout, server.requestTimeout, server.maxConnections]).toEqual([5000, 10_000, 2000]);
  });

  it.each<[title: string, first: string, byte: string]>([
    ["says nothing", "", ""],
    ["never ends its head", "POST / HTTP/1.1\r\nHost: a\r\n", ""],
    ["sends its head byte by byte", "POST / HTTP/1.1\r\nX: ", "x"],
    ["never sends its body", `${HEAD}\r\n`, ""],
    ["never ends its body", `${HEAD}\r\n{`, ""],
    ["sends its body byte by byte", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"],
  ])("closes on whoever %s", async (_title, first, byte) => {
    const { socket, ended } = await open(patient, SHORT);
    socket.write(first);
    if (byte !== "") trickle(socket, byte);
    expect(await ended).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n\r\n$/);
  });

  it("lets an answer take any time", async () => {
    const answer = Promise.withResolvers<void>();
    const { socket, ended } = await open((_request, response) => {
      response.write("first");
      void answer.promise.then(() => response.end("last"));
    }, SHORT);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    // Somebody else's request is given up meanwhile: limits have been looked at.
    const other = await open(patient, SHORT);
    other.socket.write(HEAD);
    expect(await other.ended).toContain(" 408 ");
    answer.resolve();
    expect(await ended).toMatch(/first[\s\S]*last/);
  });

  it.each<[title: string, head: string]>([
    ["one long header", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
    ["many headers", `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(3000)}\r\n`],
    ["a long address", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["a head that never ends", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}`],
  ])("refuses a head over 16 KB in the words of every refusal: %s", async (_title, head) => {
    let reached = 0;
    const { socket, ended } = await open(() => (reached += 1));
    socket.write(head);
    const [top = "", body = ""] = (await ended).split("\r\n\r\n");
    expect(top).toMatch(/^HTTP\/1\.1 431 /);
    expect(top).toContain("\r\nContent-Type: application/json; charset=utf-8\r\n");
    const { request_id, ...told } = JSON.parse(body) as Record<string, unknown>;
    expect(told).toEqual({ error: "payload_too_large", message: expect.any(String) });
    expect(top).toContain(`\r\nX-Request-Id: ${String(request_id)}\r\n`);
    expect(reached).toBe(0);
  });

  it("takes a head of almost 16 KB", async () => {
    const { socket, ended } = await open(patient);
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ${"x".repeat(16_000)}\r\n\r\n`);
    expect(await ended).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    "\u0000\u0001\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "get / HTTP/1.1\r\n\r\n",
    `${HEAD}Content-Length: 8\r\n\r\n`,
  ])("answers what is not HTTP with 400 and nothing else: %j", async (bytes) => {
    const { socket, ended } = await open(patient);
    socket.write(bytes, "latin1");
    expect(await ended).toBe("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });

  it("puts no second answer into one that has begun", async () => {
    const { socket, ended } = await open((_request, response) => void response.write("begun"));
    socket.write(`${HEAD}\r\n`);
    await once(socket, "data");
    socket.write(`123456789\u0000\u0001 garbage\r\n\r\n`);
    expect((await ended).match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
