import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signToken } from "../../test/fixtures/sign-token.ts";
import { createTokenTable, issuer, pem, SECRET } from "../../test/fixtures/token-table.ts";
import type { IssuerKey } from "./token-issuer.ts";
import { createTokenVerifier } from "./verify-token.ts";

const NOW = 1_800_000_000;
const ROLES = new Map([
  ["admin", ["chatbot:use", "chatbot:admin", "workspace:*"]],
  ["member", ["chatbot:use"]],
]);
const { issuers, good, bad, token, from, keys } = createTokenTable(NOW, "https://jwks.example/keys");
const { rsa, ec, ed, stranger, pemAsSecret } = keys;

let requests = 0;
const verifyToken = createTokenVerifier(issuers, ROLES, {
  now: () => NOW * 1000,
  fetch: () => {
    requests += 1;
    return Promise.reject(new Error("offline"));
  },
});

describe("A token verifier", () => {
  it.each(good)("takes a token %s", async (_title, taken) => {
    await expect(verifyToken(taken)).resolves.toMatchObject({ permissions: expect.any(Array) });
  });

  it.each(bad)("refuses a token %s", async (_title, refused) => {
    await expect(verifyToken(refused)).rejects.toMatchObject({ code: "invalid_token", status: 401, details: {} });
  });

  it("asks nobody for keys because of any of them", () => {
    expect(requests).toBe(0);
  });

  it.each([
    ["just now", token({ exp: NOW - 10 })],
    ["long ago", token({ iat: NOW - 86_400, exp: NOW - 86_400 + 3600 })],
    [
      "and is from an RSA issuer",
      signToken(
        { alg: "RS256" },
        { iss: "https://rsa.example", aud: "chatbot", sub: "user-1", iat: NOW - 600, exp: NOW - 300 },
        rsa.privateKey,
        "RS256",
      ),
    ],
  ])("tells a good token apart that expired %s", async (_title, expired) => {
    await expect(verifyToken(expired)).rejects.toMatchObject({ code: "token_expired", status: 401 });
  });

  it("derives who is asking", async () => {
    await expect(verifyToken(token({ name: "Ada", locale: "pt-BR" }))).resolves.toEqual({
      owner: { issuer: "https://secret.example", organization: "club", user: "user-1" },
      name: "Ada",
      locale: "pt-BR",
      grants: { permissions: [], roles: ["member"] },
      permissions: ["chatbot:use"],
      expiresAtMs: (NOW + 240) * 1000,
      issuedAtMs: (NOW - 60) * 1000,
    });
  });

  it("tells the token's id and time, by which it may be revoked, and refuses it then like any other", async () => {
    const seen: unknown[] = [];
    const verify = createTokenVerifier(issuers, ROLES, {
      now: () => NOW * 1000,
      isRevoked({ tokenId, issuedAtMs }) {
        seen.push([tokenId, issuedAtMs]);
        return tokenId === "stolen";
      },
    });
    await expect(verify(token({ jti: "kept" }))).resolves.toBeDefined();
    await expect(verify(token({ jti: "stolen" }))).rejects.toMatchObject({ code: "invalid_token", details: {} });
    const issuedAtMs = (NOW - 60) * 1000;
    expect(seen).toEqual([
      ["kept", issuedAtMs],
      ["stolen", issuedAtMs],
    ]);
  });

  it("takes a token signed with one of the published keys", async () => {
    const published = [ec.publicKey, rsa.publicKey].map((key, index) => ({
      ...key.export({ format: "jwk" }),
      kid: `k${index}`,
    }));
    const verify = createTokenVerifier(issuers, ROLES, {
      now: () => NOW * 1000,
      fetch: () => Promise.resolve(Response.json({ keys: published })),
    });
    const iss = "https://jwks.example";
    await expect(verify(from(iss, rsa.privateKey, "RS256", { kid: "k1" }))).resolves.toBeDefined();
    await expect(verify(from(iss, ec.privateKey, "ES256"))).resolves.toBeDefined();
    for (const refused of [
      from(iss, rsa.privateKey, "RS256", { kid: "k0" }),
      from(iss, rsa.privateKey, "RS256", { kid: "k2" }),
      from(iss, rsa.privateKey, "PS256", { kid: "k1" }),
      from(iss, stranger.privateKey, "RS256", { kid: "k1" }),
      from(iss, stranger.privateKey, "RS256"),
      from(iss, pemAsSecret, "HS256"),
    ]) {
      await expect(verify(refused)).rejects.toMatchObject({ code: "invalid_token" });
    }
  });

  it("refuses a token of an issuer whose keys cannot be had", async () => {
    const unknown = from("https://jwks.example", rsa.privateKey, "RS256");
    await expect(verifyToken(unknown)).rejects.toMatchObject({ code: "invalid_token" });
    expect(requests).toBe(1);
  });

  it.each<[title: string, key: IssuerKey, algorithms: string[] | null]>([
    ["a secret of 31 bytes", { type: "secret", secret: "s".repeat(31) }, null],
    ["a secret too short for its algorithm", { type: "secret", secret: "s".repeat(63) }, ["HS512"]],
    ["a secret for a public key's algorithm", { type: "secret", secret: SECRET }, ["RS256"]],
    ["a public key for a secret's algorithm", { type: "pem", pem: pem(rsa.publicKey) }, ["HS256"]],
    ["a key set for a secret's algorithm", { type: "jwks", url: "https://a.example/keys" }, ["RS256", "HS256"]],
    ["the algorithm none", { type: "pem", pem: pem(rsa.publicKey) }, ["none"]],
    ["no algorithm", { type: "pem", pem: pem(rsa.publicKey) }, []],
    ["a key that fits none of its algorithms", { type: "pem", pem: pem(ec.publicKey) }, ["RS256", "EdDSA"]],
    ["a short RSA key", { type: "pem", pem: pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey) }, null],
    ["a private key", { type: "pem", pem: ed.privateKey.export({ type: "pkcs8", format: "pem" }).toString() }, null],
    ["a text that is no key", { type: "pem", pem: "-----BEGIN PUBLIC KEY-----" }, null],
    ["a key set over plain http", { type: "jwks", url: "http://a.example/keys" }, null],
    ["a key set in a file", { type: "jwks", url: "file:///etc/keys" }, null],
    ["a key set behind a password", { type: "jwks", url: "https://a:b@a.example/keys" }, null],
    [
      "a key set on a host that only starts like this machine",
      { type: "jwks", url: "http://localhost.evil.example/" },
      null,
    ],
  ])("is not made with %s", (_title, key, algorithms) => {
    expect(() => createTokenVerifier([issuer("https://a.example", key, algorithms)], ROLES)).toThrow(TypeError);
  });
});
