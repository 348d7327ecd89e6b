import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "../config.ts";

const SECRET = randomBytes(32).toString("base64url");
const PEM = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
const ENV = {
  CHATBOT_JWT_ISSUER: "https://host.example",
  CHATBOT_JWT_AUDIENCE: "chatbot",
  CHATBOT_JWT_SECRET: SECRET,
};

/** What keeps the server from starting with this environment and file; nothing when it starts. */
function problems(env: Record<string, string | undefined>, file: object = {}): readonly string[] {
  try {
    loadConfig(env, () => JSON.stringify(file), "/srv/chatbot");
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const inProduction = (env: Record<string, string | undefined>, file?: object): readonly string[] =>
  problems({ ...ENV, NODE_ENV: "production", ...env }, file);

const DEMO = {
  CHATBOT_JWT_ISSUER: "http://localhost:8080",
  CHATBOT_JWT_SECRET: undefined,
  CHATBOT_JWT_JWKS_URL: "http://localhost:8080/.well-known/jwks.json",
};

const GUESSABLE: [title: string, secret: string][] = [
  ["one character", "x".repeat(64)],
  ["a word again and again", "house-".repeat(8)],
  ["a word again and again, cut", "abcdefghijk".repeat(4).slice(0, 40)],
  ["few digits", "1212211212122112112121221121212211"],
  ["the keyboard's first line", "qwertyuiopasdfghjklzxcvbnm-QWERTY-1"],
  ["what stands in examples", "a-secret-that-both-servers-share-only"],
  ["what is to be changed", "please-CHANGE-ME-before-you-go-live-1"],
  ["the demo's name", "demo-of-the-chat-bot-with-its-own-key"],
  ["counting", "1234567890-1234567-890abc-def-ghij-kl"],
];

describe("A server in production", () => {
  it("starts with a random secret, a public key, or keys over https", () => {
    expect(inProduction({})).toEqual([]);
    for (let count = 0; count < 200; count += 1) {
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        expect(inProduction({ CHATBOT_JWT_SECRET: randomBytes(32).toString(encoding) })).toEqual([]);
      }
    }
    expect(inProduction({ CHATBOT_JWT_SECRET: undefined, CHATBOT_JWT_PUBLIC_KEY: PEM })).toEqual([]);
    const url = "https://host.example/keys";
    expect(inProduction({ CHATBOT_JWT_SECRET: undefined, CHATBOT_JWT_JWKS_URL: url })).toEqual([]);
    expect(inProduction({}, { revocations: { url } })).toEqual([]);
  });

  it("does not start with the demo's issuer, nor with its keys", () => {
    expect(inProduction(DEMO)).toEqual([
      "NODE_ENV is production, but the issuer http://localhost:8080 is on this machine, as the demo's is",
      "NODE_ENV is production, but the issuer http://localhost:8080 has its keys on this machine, as the demo has",
    ]);
    expect(inProduction({ ...DEMO, CHATBOT_JWT_ISSUER: ENV.CHATBOT_JWT_ISSUER })).toHaveLength(1);
    expect(inProduction({ CHATBOT_JWT_ISSUER: "http://127.0.0.1:8080" })).toHaveLength(1);
  });

  it.each(GUESSABLE)("does not start with a secret that is %s, nor shows it", (_title, secret) => {
    const found = inProduction({ CHATBOT_JWT_SECRET: secret });
    expect(found).toEqual([
      "NODE_ENV is production, but the issuer https://host.example has a secret that can be guessed",
    ]);
  });

  it("looks at every issuer, and at the address of the revocations", () => {
    const issuers = [{ issuer: "https://b.example", audience: "chatbot", origins: [], secret: "x".repeat(64) }];
    const revocations = { url: "http://127.0.0.1:9/revoked" };
    expect(inProduction({}, { issuers, revocations })).toEqual([
      "NODE_ENV is production, but the issuer https://b.example has a secret that can be guessed",
      "NODE_ENV is production, but revocations.url is on this machine",
    ]);
  });
});

describe("A server anywhere else", () => {
  it.each([undefined, "development", "test"])("starts with all of that: NODE_ENV %s", (NODE_ENV) => {
    expect(problems({ ...ENV, ...DEMO, NODE_ENV })).toEqual([]);
    for (const [, secret] of GUESSABLE) expect(problems({ ...ENV, CHATBOT_JWT_SECRET: secret, NODE_ENV })).toEqual([]);
  });
});
