import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeySet, type KeySet } from "./key-set.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const first = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
const second = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
const ed = generateKeyPairSync("ed25519").publicKey;

function jwk(key: KeyObject, members: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...key.export({ format: "jwk" }), ...members };
}

/** Answers with a set of these keys. */
function publish(...keys: unknown[]): RequestListener {
  return (_request, response) => void response.end(JSON.stringify({ keys }));
}

function listen(handler: RequestListener): Promise<Server> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  return once(server, "listening").then(() => server);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function close(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(resolve));
}

describe("A key set", () => {
  let server: Server;
  let answer: RequestListener;
  let requests: number;
  let nowMs: number;
  let failures: unknown[];
  let keySet: KeySet;

  beforeEach(async () => {
    answer = publish(jwk(first, { kid: "1" }));
    requests = 0;
    nowMs = 1_800_000_000_000;
    failures = [];
    server = await listen((request, response) => {
      requests += 1;
      answer(request, response);
    });
    keySet = createKeySet(`http://127.0.0.1:${portOf(server)}/keys`, {
      now: () => nowMs,
      onFailure: (_url, error) => failures.push(error),
    });
  });

  afterEach(() => close(server));

  const findFirst = async (): Promise<boolean> => (await keySet.find({ alg: "ES256", kid: "1" })).length === 1;
  const findSecond = async (): Promise<boolean> => (await keySet.find({ alg: "ES256", kid: "2" })).length === 1;

  it("loads nothing before it is asked", () => {
    expect(requests).toBe(0);
  });

  it("loads the keys once for everybody who asks at the same time", async () => {
    const found = await Promise.all(Array.from({ length: 50 }, findFirst));
    expect(found).toEqual(Array.from({ length: 50 }, () => true));
    expect(requests).toBe(1);
  });

  it("gives the very key", async () => {
    const [found] = await keySet.find({ alg: "ES256", kid: "1" });
    expect(found?.equals(first)).toBe(true);
  });

  it("keeps the keys for ten minutes", async () => {
    await findFirst();
    nowMs += 10 * MINUTE - 1;
    expect(await findFirst()).toBe(true);
    expect(requests).toBe(1);
    nowMs += 1;
    expect(await findFirst()).toBe(true);
    expect(requests).toBe(2);
  });

  it("drops a key that the issuer has withdrawn", async () => {
    await findFirst();
    answer = publish(jwk(second, { kid: "2" }));
    nowMs += 10 * MINUTE;
    expect(await findFirst()).toBe(false);
    expect(await findSecond()).toBe(true);
    expect(requests).toBe(2);
  });

  it("finds a rotated key at once when the last load is half a minute old", async () => {
    await findFirst();
    answer = publish(jwk(first, { kid: "1" }), jwk(second, { kid: "2" }));
    nowMs += 30 * SECOND;
    expect(await findSecond()).toBe(true);
    expect(await findFirst()).toBe(true);
    expect(requests).toBe(2);
  });

  it("asks once in half a minute, whatever keys are named", async () => {
    await findFirst();
    for (let i = 0; i < 300; i += 1) {
      nowMs += 100;
      await keySet.find({ alg: "ES256", kid: `made-up-${i}` });
    }
    expect(requests).toBe(2);
  });

  it("asks once when many unknown keys are named at the same time", async () => {
    await findFirst();
    nowMs += MINUTE;
    await Promise.all(Array.from({ length: 50 }, (_, i) => keySet.find({ alg: "ES256", kid: `made-up-${i}` })));
    expect(requests).toBe(2);
  });

  describe("of an issuer that is down", () => {
    it("finds nothing, and asks again after half a minute", async () => {
      answer = (_request, response) => void response.writeHead(500).end();
      expect(await findFirst()).toBe(false);
      answer = publish(jwk(first, { kid: "1" }));
      nowMs += 30 * SECOND - 1;
      expect(await findFirst()).toBe(false);
      expect(requests).toBe(1);
      nowMs += 1;
      expect(await findFirst()).toBe(true);
      expect(requests).toBe(2);
      expect(failures).toHaveLength(1);
    });

    it("keeps what was published last for an hour", async () => {
      await findFirst();
      await close(server);
      nowMs += 10 * MINUTE;
      expect(await findFirst()).toBe(true);
      nowMs += 50 * MINUTE - 1;
      expect(await findFirst()).toBe(true);
      nowMs += 1;
      expect(await findFirst()).toBe(false);
      expect(failures).toHaveLength(2);
    });

    it("makes nobody wait within the half minute", async () => {
      await findFirst();
      answer = (request) => void request.socket.destroy();
      nowMs += 10 * MINUTE;
      for (let i = 0; i < 100; i += 1) expect(await findFirst()).toBe(true);
      expect(requests).toBe(2);
    });
  });

  it.each<[title: string, answer: RequestListener]>([
    ["an error page", (_request, response) => void response.writeHead(404).end(goodSet())],
    ["no content", (_request, response) => void response.writeHead(204).end()],
    ["something that is not JSON", (_request, response) => void response.end("<html>")],
    ["a list of keys without its object", (_request, response) => void response.end(JSON.stringify([jwk(first)]))],
    ["an object without keys", (_request, response) => void response.end("{}")],
    ["the keys twice", (_request, response) => void response.end(`{"keys":[],"keys":[${JSON.stringify(jwk(first))}]}`)],
    ["no key", publish()],
    ["more than 20 keys", publish(...Array.from({ length: 21 }, (_, i) => jwk(first, { kid: String(i) })))],
    ["an announced length over 256 KB", (_request, response) => void sendLong(response, true)],
    ["more than 256 KB without announcing it", (_request, response) => void sendLong(response, false)],
    ["half an answer", (_request, response) => breakOff(response)],
  ])("takes nothing from %s", async (_title, unusable) => {
    answer = unusable;
    expect(await findFirst()).toBe(false);
    expect(failures).toHaveLength(1);
    expect(requests).toBe(1);
  });

  it("follows no redirect", async () => {
    let followed = 0;
    const other = await listen((_request, response) => {
      followed += 1;
      response.end(goodSet());
    });
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (_request, response) =>
        void response.writeHead(status, { Location: `http://127.0.0.1:${portOf(other)}/keys` }).end();
      nowMs += MINUTE;
      expect(await findFirst()).toBe(false);
    }
    await close(other);
    expect(followed).toBe(0);
    expect(failures).toHaveLength(5);
  });

  it.each<[title: string, answer: RequestListener]>([
    ["never starts its answer", () => {}],
    [
      "never ends its answer",
      (_request, response) => {
        response.write('{"keys":[');
      },
    ],
  ])("gives up after three seconds when the issuer %s", { timeout: 10_000 }, async (_title, slow) => {
    answer = slow;
    expect(await findFirst()).toBe(false);
    expect(failures).toEqual([expect.objectContaining({ name: "TimeoutError" })]);
  });

  it.each<[title: string, key: Record<string, unknown>]>([
    ["for encryption", jwk(first, { kid: "1", use: "enc" })],
    ["for other operations", jwk(first, { kid: "1", key_ops: ["sign"] })],
    ["for another algorithm", jwk(first, { kid: "1", alg: "ES384" })],
    ["of another curve", jwk(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey, { kid: "1" })],
    ["with another id", jwk(first, { kid: "01" })],
    ["without an id when one is named", jwk(first)],
    ["whose id is a number", jwk(first, { kid: 1 })],
    ["of another kind", jwk(rsa, { kid: "1" })],
    ["that is a secret", { kty: "oct", k: Buffer.alloc(32).toString("base64url"), kid: "1" }],
    [
      "whose private half is published",
      jwk(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, { kid: "1" }),
    ],
    ["that is not on its curve", jwk(first, { kid: "1", x: Buffer.alloc(32, 1).toString("base64url") })],
    ["without a kind", { kid: "1" }],
  ])("does not use a key %s", async (_title, unusable) => {
    answer = publish(jwk(ed, { kid: "ed" }), unusable, "not a key", null);
    expect(await findFirst()).toBe(false);
    expect(await keySet.find({ alg: "EdDSA", kid: "ed" })).toHaveLength(1);
    expect(requests).toBe(1);
  });

  it("does not use a short RSA key", async () => {
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    answer = publish(jwk(short, { kid: "short" }), jwk(rsa, { kid: "long" }));
    expect(await keySet.find({ alg: "RS256", kid: "short" })).toHaveLength(0);
    expect(await keySet.find({ alg: "RS256", kid: "long" })).toHaveLength(1);
  });

  it("offers every key that fits to a token that names none", async () => {
    answer = publish(jwk(first), jwk(second, { kid: "2" }), jwk(rsa), jwk(ed));
    expect(await keySet.find({ alg: "ES256" })).toHaveLength(2);
    expect(await keySet.find({ alg: "RS256" })).toHaveLength(1);
    expect(await keySet.find({ alg: "HS256" })).toHaveLength(0);
  });

  it.each(["https://host.example/keys", "http://localhost:1/keys", "http://127.0.0.1/keys", "http://[::1]:8080/keys"])(
    "may be at %s",
    (url) => {
      expect(() => createKeySet(url)).not.toThrow();
    },
  );

  it.each([
    "http://host.example/keys",
    "http://127.0.0.1.host.example/keys",
    "http://localhost.host.example/keys",
    "http://10.0.0.1/keys",
    "https://user:password@host.example/keys",
    "file:///etc/keys",
    "data:application/json,{}",
    "ftp://host.example/keys",
    "//host.example/keys",
    "keys",
    "",
  ])("may not be at %s", (url) => {
    expect(() => createKeySet(url)).toThrow(TypeError);
  });
});

function goodSet(): string {
  return JSON.stringify({ keys: [jwk(first, { kid: "1" })] });
}

/** A good set with spaces behind it. */
function sendLong(response: ServerResponse, announced: boolean): void {
  const body = goodSet().padEnd(256 * 1024 + 1);
  if (announced) response.setHeader("Content-Length", body.length);
  else response.flushHeaders();
  response.end(body);
}

function breakOff(response: ServerResponse): void {
  response.writeHead(200, { "Content-Length": 1000 });
  response.write('{"keys":[', () => response.destroy());
}
