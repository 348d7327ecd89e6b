import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorBoundary } from "./error-boundary.ts";
import { readJson } from "./read-json.ts";

const KIB = 1024;
const JSON_HEADERS = { "Content-Type": "application/json" };
const deep = (levels: number): string => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
const wide = (members: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, index) => [`k${index}`, index])));

interface Case {
  title: string;
  body: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

const TAKEN: Case[] = [
  { title: "an object", body: '{"a":[1,null,"é😀"]}' },
  { title: "a plain value", body: "17" },
  { title: "a charset", body: "{}", headers: { "Content-Type": "application/json; charset=utf-8" } },
  {
    title: "a charset in quotes and capitals",
    body: "{}",
    headers: { "Content-Type": 'Application/JSON;charset="UTF-8"' },
  },
  { title: "exactly 64 KB", body: JSON.stringify("x".repeat(64 * KIB - 2)) },
  { title: "32 levels", body: deep(32) },
  { title: "200 members", body: wide(200) },
];

const REFUSED: [error: string, ...cases: Case[]][] = [
  [
    "unsupported_media_type",
    { title: "no type", body: new TextEncoder().encode("{}"), headers: {} },
    { title: "plain text", body: "{}", headers: { "Content-Type": "text/plain" } },
    { title: "a form", body: "a=1", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
    { title: "a multipart form", body: "--a--", headers: { "Content-Type": "multipart/form-data; boundary=a" } },
    { title: "a type that only starts like JSON", body: "{}", headers: { "Content-Type": "application/jsonp" } },
    { title: "another kind of JSON", body: "{}", headers: { "Content-Type": "application/problem+json" } },
    { title: "another charset", body: "{}", headers: { "Content-Type": "application/json; charset=utf-16" } },
    { title: "two types", body: "{}", headers: { "Content-Type": "application/json, text/plain" } },
    { title: "a foreign parameter", body: "{}", headers: { "Content-Type": "application/json; a=b" } },
    { title: "a compressed body", body: "{}", headers: { ...JSON_HEADERS, "Content-Encoding": "gzip" } },
    {
      title: "an encoding that changes nothing",
      body: "{}",
      headers: { ...JSON_HEADERS, "Content-Encoding": "identity" },
    },
  ],
  [
    "payload_too_large",
    { title: "a byte over 64 KB", body: JSON.stringify("x".repeat(64 * KIB - 1)) },
    { title: "5 MB", body: JSON.stringify("x".repeat(5 * KIB * KIB)) },
    { title: "too many bytes in fewer characters", body: JSON.stringify("é".repeat(40 * KIB)) },
  ],
  [
    "invalid_json",
    { title: "no body", body: "" },
    { title: "white space", body: " \n" },
    { title: "half an object", body: '{"a":' },
    { title: "two values", body: "{}{}" },
    { title: "a comma too many", body: '{"a":1,}' },
    { title: "a comment", body: "{} // a" },
    { title: "NaN", body: '{"a":NaN}' },
    { title: "single quotes", body: "{'a':1}" },
    { title: "bytes that are not UTF-8", body: Uint8Array.from([0x22, 0xff, 0x22]) },
    { title: "overlong UTF-8", body: Uint8Array.from([0x22, 0xc0, 0xaf, 0x22]) },
    { title: "UTF-16", body: new Uint8Array(Buffer.from("{}", "utf16le")) },
    { title: "a member twice", body: '{"a":1,"a":2}' },
    { title: "a member twice in two spellings", body: '{"a":1,"\\u0061":2}' },
    { title: "__proto__", body: '{"__proto__":{"approved":true}}' },
    { title: "a number that is too large", body: '{"a":1e400}' },
  ],
  [
    "invalid_payload",
    { title: "33 levels", body: deep(33) },
    { title: "30,000 levels", body: deep(30_000) },
    { title: "201 members", body: wide(201) },
    { title: "201 members in many objects", body: JSON.stringify(Array.from({ length: 150 }, () => ({ a: 1 }))) },
    { title: "half a surrogate pair", body: '{"a":"\\ud83d"}' },
  ],
];

const STATUS: Record<string, number> = {
  unsupported_media_type: 415,
  payload_too_large: 413,
  invalid_json: 400,
  invalid_payload: 400,
};

describe("readJson", () => {
  let server: Server;
  let port: number;
  const unexpected: unknown[] = [];

  beforeAll(async () => {
    const app = new Koa();
    app.silent = true;
    app.use(errorBoundary({ onUnexpected: (error) => unexpected.push(error) }));
    app.use(async (ctx) => {
      ctx.body = { value: await readJson(ctx) };
    });
    server = createServer(
      { requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 50 },
      app.callback(),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    expect(unexpected).toEqual([]);
  });

  function post({ body, headers = JSON_HEADERS }: Case): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}/`, { method: "POST", body, headers });
  }

  /** What a raw request is answered until the connection ends. */
  async function raw(request: string): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    socket.write(request);
    await once(socket, "close");
    return answer;
  }

  it.each(TAKEN)("takes $title", async (given) => {
    const response = await post(given);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ value: JSON.parse(String(given.body)) });
  });

  it.each(REFUSED.flatMap(([error, ...cases]) => cases.map((given) => ({ ...given, error }))))(
    "refuses $title: $error",
    async (given) => {
      const response = await post(given);
      expect(response.status).toBe(STATUS[given.error]);
      expect(await response.json()).toMatchObject({ error: given.error });
    },
  );

  it("tells whoever streams too much without saying how much it will be", async () => {
    const pieces = ReadableStream.from(Array.from({ length: 40 }, () => new Uint8Array(4 * KIB).fill(0x20)));
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: JSON_HEADERS,
      body: pieces,
      duplex: "half",
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: "payload_too_large" });
  });

  it("cuts off whoever does not finish the body in time", async () => {
    const answer = await raw(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("cuts off whoever goes on sending after the refusal", async () => {
    const answer = await raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n{");
    expect(answer).toMatch(/^HTTP\/1\.1 415 /);
  });

  it("goes on serving the connection after a refused body", async () => {
    const answer = await raw(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}" +
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 415", "HTTP/1.1 200"]);
  });
});
