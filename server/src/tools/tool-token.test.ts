import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, type JWTPayload, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { createToolTokens, type ToolTokens, toolKeyProblem } from "./tool-token.ts";

const OWNER = { issuer: "https://host.example", organization: "acme", user: "ann" };
const ISSUER = "https://assistant.example";

function keyPair(kind: "ed25519" | "P-256" | "P-384" | "rsa"): { privateKey: string; publicKey: string } {
  const { publicKey, privateKey } =
    kind === "ed25519"
      ? generateKeyPairSync("ed25519")
      : kind === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: kind });
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

async function verify(tokens: Pick<ToolTokens, "keySet">, token: string, audience: string): Promise<JWTPayload> {
  const keys = createLocalJWKSet({ keys: [...tokens.keySet.keys] });
  const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience, requiredClaims: ["exp", "iat", "jti"] });
  return payload;
}

describe.each(["ed25519", "P-256"] as const)("Tokens for tool servers, signed with %s", (kind) => {
  const tokens = createToolTokens({ issuer: ISSUER, privateKey: keyPair(kind).privateKey });

  it("are what an ordinary verifier accepts, and name the user", async () => {
    const payload = await verify(tokens, tokens.sign("https://tools.example", OWNER), "https://tools.example");
    expect(payload).toMatchObject({ sub: "ann", org: "acme", user_iss: "https://host.example" });
  });

  it("end after at most five minutes", async () => {
    const { iat = 0, exp = 0 } = await verify(tokens, tokens.sign("a", OWNER), "a");
    expect(exp - iat).toBeGreaterThan(0);
    expect(exp - iat).toBeLessThanOrEqual(300);
  });

  it("are each of their own", async () => {
    const [first, second] = await Promise.all([1, 2].map(() => verify(tokens, tokens.sign("a", OWNER), "a")));
    expect(first?.jti).not.toBe(second?.jti);
  });

  it("are of no use at another server", async () => {
    await expect(verify(tokens, tokens.sign("a", OWNER), "b")).rejects.toMatchObject({
      code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
    });
  });

  it("name nobody where there is no user", async () => {
    const payload = await verify(tokens, tokens.sign("a", null), "a");
    expect(payload.sub).toBe(ISSUER);
    expect(payload).not.toHaveProperty("org");
    expect(payload).not.toHaveProperty("user_iss");
  });

  it("are not accepted with another key's signature", async () => {
    const other = createToolTokens({ issuer: ISSUER, privateKey: keyPair(kind).privateKey });
    await expect(verify(tokens, other.sign("a", OWNER), "a")).rejects.toMatchObject({
      code: "ERR_JWKS_NO_MATCHING_KEY",
    });
  });

  it("are verified without the private key being published", () => {
    expect(tokens.keySet.keys.map((key) => Object.keys(key).toSorted())).toEqual([
      kind === "ed25519" ? ["alg", "crv", "kid", "kty", "use", "x"] : ["alg", "crv", "kid", "kty", "use", "x", "y"],
    ]);
  });
});

describe("A key set for tool servers", () => {
  it("holds the next and the last key beside the one in use, each once and under the same name as ever", async () => {
    const [last, current] = [keyPair("P-256"), keyPair("ed25519")];
    const before = createToolTokens({ issuer: ISSUER, privateKey: last.privateKey });
    const after = createToolTokens({
      issuer: ISSUER,
      privateKey: current.privateKey,
      publicKeys: [last.publicKey, current.publicKey],
    });
    expect(after.keySet.keys).toHaveLength(2);
    await verify(after, before.sign("a", OWNER), "a");
    await verify(after, after.sign("a", OWNER), "a");
  });
});

describe("toolKeyProblem", () => {
  const good = keyPair("P-256");
  it("takes keys of both kinds", () => {
    expect(toolKeyProblem(good.privateKey, "private")).toBeNull();
    expect(toolKeyProblem(good.publicKey, "public")).toBeNull();
    expect(toolKeyProblem(keyPair("ed25519").privateKey, "private")).toBeNull();
  });

  it.each([
    ["no key at all", "secret", "private"],
    ["an RSA key", keyPair("rsa").privateKey, "private"],
    ["another curve", keyPair("P-384").privateKey, "private"],
    ["a public key to sign with", good.publicKey, "private"],
    ["a private key to publish", good.privateKey, "public"],
  ] as const)("refuses %s, without showing it", (_what, pem, kind) => {
    const problem = toolKeyProblem(pem, kind);
    expect(problem).toMatch(/^must be/);
    expect(problem).not.toContain("secret");
  });
});
