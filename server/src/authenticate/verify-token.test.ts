import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodePart, signToken, type TokenPart } from "../../test/fixtures/sign-token.ts";
import type { IssuerKey, TokenIssuer } from "./token-issuer.ts";
import { createTokenVerifier } from "./verify-token.ts";

const NOW = 1_800_000_000;
const SECRET = "a secret that is shared by two parties only";
const ROLES = new Map([
  ["admin", ["chatbot:use", "chatbot:admin", "workspace:*"]],
  ["member", ["chatbot:use"]],
]);

const secretKey = createSecretKey(Buffer.from(SECRET));
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();

const ISSUERS: readonly TokenIssuer[] = [
  issuer("https://secret.example", { type: "secret", secret: SECRET }),
  issuer("https://rsa.example", { type: "pem", pem: pem(rsa.publicKey) }),
  issuer("https://ec.example", { type: "pem", pem: pem(ec.publicKey) }),
  issuer("https://ed.example", { type: "pem", pem: pem(ed.publicKey) }),
  issuer("https://pss.example", { type: "pem", pem: pem(rsa.publicKey) }, ["PS256"]),
  issuer("https://jwks.example", { type: "jwks", url: "https://jwks.example/keys" }),
];

function issuer(name: string, key: IssuerKey, algorithms: string[] | null = null): TokenIssuer {
  return { issuer: name, audience: "chatbot", algorithms, key, origins: [] };
}

const CLAIMS = {
  iss: "https://secret.example",
  aud: "chatbot",
  sub: "user-1",
  org: "club",
  roles: ["member"],
  iat: NOW - 60,
  exp: NOW + 240,
};

/** A good token but for what is given. */
function token(changes: Record<string, unknown> = {}, header: TokenPart = { alg: "HS256", typ: "JWT" }): string {
  return signToken(header, { ...CLAIMS, ...changes }, secretKey, "HS256");
}

/** A token whose payload is this very text, correctly signed. */
function raw(claims: TokenPart): string {
  return signToken({ alg: "HS256" }, claims, secretKey, "HS256");
}

/** The good payload as text, with more members at its end. */
function payloadWith(members: string): string {
  return `${JSON.stringify(CLAIMS).slice(0, -1)},${members}}`;
}

function from(iss: string, key: KeyObject, alg: string, header: Record<string, unknown> = {}): string {
  return signToken({ alg, ...header }, { ...CLAIMS, iss }, key, alg);
}

let requests = 0;
const verifyToken = createTokenVerifier(ISSUERS, ROLES, {
  now: () => NOW * 1000,
  fetch: () => {
    requests += 1;
    return Promise.reject(new Error("offline"));
  },
});

const GOOD: [title: string, token: string][] = [
  ["with a shared secret", token()],
  ["signed RS256 for an RSA key", from("https://rsa.example", rsa.privateKey, "RS256")],
  ["signed ES256 for a P-256 key", from("https://ec.example", ec.privateKey, "ES256")],
  ["signed EdDSA for an Ed25519 key", from("https://ed.example", ed.privateKey, "EdDSA")],
  ["signed PS256 where the operator chose it", from("https://pss.example", rsa.privateKey, "PS256")],
  ["without typ", token({}, { alg: "HS256" })],
  ["that is an access token (RFC 9068)", token({}, { alg: "HS256", typ: "at+jwt" })],
  ["with typ in lower case", token({}, { alg: "HS256", typ: "jwt" })],
  ["with a key id that nothing is looked up by", token({}, { alg: "HS256", kid: "2026-11" })],
  ["with unknown header members", token({}, { alg: "HS256", x5t: "abc", "https://example.com/v": 1 })],
  ["with several audiences", token({ aud: ["other", "chatbot"] })],
  ["with claims of somebody else", token({ jti: "1", azp: "web", address: { city: "Bergen" }, amr: ["pwd"] })],
  ["that lives exactly an hour", token({ iat: NOW - 1800, exp: NOW + 1800 })],
  ["that expired less than ten seconds ago", token({ exp: NOW - 9 })],
  ["issued by a clock ten seconds ahead", token({ iat: NOW + 10 })],
  ["valid from ten seconds ahead", token({ nbf: NOW + 10 })],
  ["with fractions of seconds", token({ iat: NOW - 60.5, exp: NOW + 240.25 })],
  ["with a subject of 255 characters", token({ sub: "s".repeat(255) })],
  ["with a subject in another script", token({ sub: "Пользователь 用户 👩‍🚀" })],
  ["with a subject that looks like code", token({ sub: "constructor" })],
  ["without an organization", token({ org: undefined })],
  ["without roles", token({ roles: undefined })],
  ["with roles nobody knows", token({ roles: ["__proto__", "constructor", "root"] })],
  ["with escaped characters", raw(payloadWith('"note":"\\u0041\\"\\\\{[:,"'))],
  ["with equal members of different objects", raw(payloadWith('"a":{"x":1},"b":{"x":2},"c":[{"x":1},{"x":1}]'))],
  ["with a large number that can be held", raw(payloadWith('"n":1e308'))],
  ["of almost 8 KB", token({ note: "n".repeat(5800) })],
];

const longAgo = { iat: NOW - 600, exp: NOW - 300 };
const [goodHeader = "", goodPayload = "", goodSignature = ""] = token().split(".");
const flipped = `${goodSignature.startsWith("A") ? "B" : "A"}${goodSignature.slice(1)}`;
const pemAsSecret = createSecretKey(Buffer.from(pem(rsa.publicKey)));
const strangersJwk = stranger.publicKey.export({ format: "jwk" });
const es256Input = `${encodePart({ alg: "ES256" })}.${encodePart({ ...CLAIMS, iss: "https://ec.example" })}`;

const BAD: [title: string, token: string][] = [
  // Not a token at all
  ["that is empty", ""],
  ["that is a word", "token"],
  ["of one dot", "."],
  ["of two dots", ".."],
  ["of two parts", `${goodHeader}.${goodPayload}`],
  ["of four parts", `${token()}.${goodSignature}`],
  ["that is encrypted", "eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA"],
  ["in JSON serialisation", JSON.stringify({ protected: goodHeader, payload: goodPayload, signature: goodSignature })],
  ["over 8 KB", token({ note: "n".repeat(6200) })],
  ["of a megabyte of dots", ".".repeat(1_000_000)],
  ["with a space in front", ` ${token()}`],
  ["with a line feed at its end", `${token()}\n`],
  ["with a NUL in it", `${goodHeader}\0.${goodPayload}.${goodSignature}`],
  ["with padding", `${goodHeader}=.${goodPayload}.${goodSignature}`],
  ["in plain base64", inPlainBase64()],
  ["whose signature is spelt another way", `${goodHeader}.${goodPayload}.${otherSpelling(goodSignature)}`],
  [
    "whose header is spelt another way, and signed like that",
    signedAsSpelt(otherSpelling(encodePart('{"alg":"HS256"} '))),
  ],

  // Signature
  ["without a signature", `${goodHeader}.${goodPayload}.`],
  ["with a changed signature", `${goodHeader}.${goodPayload}.${flipped}`],
  ["with half a signature", `${goodHeader}.${goodPayload}.${Buffer.alloc(16).toString("base64url")}`],
  ["with a changed payload", `${goodHeader}.${encodePart({ ...CLAIMS, sub: "admin" })}.${goodSignature}`],
  ["with a changed header", `${encodePart({ alg: "HS256", kid: "a" })}.${goodPayload}.${goodSignature}`],
  ["signed with another secret", signToken({ alg: "HS256" }, CLAIMS, createSecretKey(Buffer.from("guess")), "HS256")],
  ["signed with an empty secret", signToken({ alg: "HS256" }, CLAIMS, createSecretKey(Buffer.alloc(0)), "HS256")],
  ["signed with a stranger's RSA key", from("https://rsa.example", stranger.privateKey, "RS256")],
  ["signed with another issuer's key", from("https://rsa.example", ec.privateKey, "ES256")],
  ["of all zeros (ES256)", `${es256Input}.${Buffer.alloc(64).toString("base64url")}`],
  [
    "with a DER signature (ES256)",
    `${es256Input}.${sign("sha256", Buffer.from(es256Input), ec.privateKey).toString("base64url")}`,
  ],

  // Algorithm
  ["without an algorithm", token({}, { typ: "JWT" })],
  ["with the algorithm none", `${encodePart({ alg: "none" })}.${goodPayload}.`],
  ["with the algorithm none and a signature", token({}, { alg: "none" })],
  ["with the algorithm nOnE", token({}, { alg: "nOnE" })],
  ["with an empty algorithm", token({}, { alg: "" })],
  ["with a list of algorithms", token({}, { alg: ["HS256"] })],
  ["with the algorithm in lower case", token({}, { alg: "hs256" })],
  ["signed HS512 where HS256 is pinned", signToken({ alg: "HS512" }, CLAIMS, secretKey, "HS512")],
  ["signed HS256 with the public key as the secret", from("https://rsa.example", pemAsSecret, "HS256")],
  ["signed PS256 where RS256 is the default", from("https://rsa.example", rsa.privateKey, "PS256")],
  ["signed RS256 where the operator chose PS256", from("https://pss.example", rsa.privateKey, "RS256")],
  [
    "that claims RS256 for a P-256 key",
    signToken({ alg: "RS256" }, { ...CLAIMS, iss: "https://ec.example" }, rsa.privateKey, "RS256"),
  ],
  ["that claims ES256 for an Ed25519 key", from("https://ed.example", ec.privateKey, "ES256")],

  // Header
  ["with an embedded key", from("https://rsa.example", stranger.privateKey, "RS256", { jwk: strangersJwk })],
  ["with an embedded key of null", token({}, { alg: "HS256", jwk: null })],
  ["with a key URL", token({}, { alg: "HS256", jku: "https://evil.example/keys" })],
  ["with a certificate URL", token({}, { alg: "HS256", x5u: "https://evil.example/cert" })],
  ["with a certificate", token({}, { alg: "HS256", x5c: ["MIIB"] })],
  ["with critical extensions", token({}, { alg: "HS256", crit: ["exp"], exp: NOW + 10 })],
  ["with no critical extensions at all", token({}, { alg: "HS256", crit: [] })],
  ["with an unencoded payload", token({}, { alg: "HS256", b64: false })],
  ["with another type", token({}, { alg: "HS256", typ: "logout+jwt" })],
  ["with an empty type", token({}, { alg: "HS256", typ: "" })],
  ["with a type that only ends alike", token({}, { alg: "HS256", typ: "secevent+jwt" })],
  ["with a type that is a number", token({}, { alg: "HS256", typ: 1 })],
  ["with a key id that is a number", token({}, { alg: "HS256", kid: 1 })],
  ["with an empty key id", token({}, { alg: "HS256", kid: "" })],
  ["with a key id of two lines", token({}, { alg: "HS256", kid: "a\nb" })],
  ["with two algorithms", token({}, '{"alg":"none","alg":"HS256"}')],
  ["with two algorithms, one in escapes", token({}, '{"alg":"none","\\u0061lg":"HS256"}')],
  ["with a header of null", token({}, "null")],
  ["with a header that is a list", token({}, '[{"alg":"HS256"}]')],
  ["with a header that is not JSON", token({}, "alg=HS256")],
  ["with a header behind a byte order mark", token({}, '\uFEFF{"alg":"HS256"}')],

  // Payload as a text
  ["with an empty payload", raw("")],
  ["with a payload of null", raw("null")],
  ["with a payload that is a list", raw(`[${JSON.stringify(CLAIMS)}]`)],
  ["with a payload that is a string", raw(JSON.stringify(JSON.stringify(CLAIMS)))],
  ["with a payload that is cut off", raw(JSON.stringify(CLAIMS).slice(0, -1))],
  ["with a token as its payload", raw(token())],
  ["with something after its payload", raw(`${JSON.stringify(CLAIMS)}{}`)],
  ["with comments", raw(`/* */${JSON.stringify(CLAIMS)}`)],
  ["with two subjects", raw(payloadWith('"sub":"admin"'))],
  ["with two subjects, one in escapes", raw(payloadWith('"\\u0073ub":"admin"'))],
  ["with two members of one name deep inside", raw(payloadWith('"a":[{"b":1,"b":2}]'))],
  ["with a member __proto__", raw(payloadWith('"__proto__":{"roles":["admin"]}'))],
  ["with a member __proto__ deep inside", raw(payloadWith('"a":{"__proto__":null}'))],
  ["with a number too large to hold", raw(payloadWith('"n":1e400'))],
  ["with a negative number too large to hold", raw(payloadWith('"n":[-1e400]'))],
  ["that expires at 1e400", raw(`{"iss":"https://secret.example","aud":"chatbot","sub":"u","iat":${NOW},"exp":1e400}`)],
  ["that is not UTF-8", raw(Buffer.from(payloadWith('"note":"\u00ff"'), "latin1"))],

  // Issuer and audience
  ["without an issuer", token({ iss: undefined })],
  ["from an unknown issuer", token({ iss: "https://evil.example" })],
  ["from an issuer in another case", token({ iss: "https://SECRET.example" })],
  ["from an issuer with a slash more", token({ iss: "https://secret.example/" })],
  ["from a list of issuers", token({ iss: ["https://secret.example"] })],
  ["from an issuer named like a member of every object", token({ iss: "constructor" })],
  ["without an audience", token({ aud: undefined })],
  ["for another audience", token({ aud: "shop" })],
  ["for an audience that only starts alike", token({ aud: "chatbot.evil.example" })],
  ["for an empty list of audiences", token({ aud: [] })],
  ["for audiences that are not all strings", token({ aud: ["chatbot", 1] })],
  ["for an audience in a list in a list", token({ aud: [["chatbot"]] })],
  ["for an audience that is an object", token({ aud: { 0: "chatbot" } })],

  // Subject and organization
  ["without a subject", token({ sub: undefined })],
  ["with an empty subject", token({ sub: "" })],
  ["with a subject of null", token({ sub: null })],
  ["with a subject that is a number", token({ sub: 1 })],
  ["with a subject that is a list", token({ sub: ["user-1"] })],
  ["with a subject of 256 characters", token({ sub: "s".repeat(256) })],
  ["with a line feed in its subject", token({ sub: "user\n1" })],
  ["with a NUL in its subject", token({ sub: "user\0" })],
  ["with a C1 control in its subject", token({ sub: "user\u0085" })],
  ["with an empty organization", token({ org: "" })],
  ["with an organization of null", token({ org: null })],
  ["with an organization that is a list", token({ org: ["club"] })],
  ["with an organization of 256 characters", token({ org: "o".repeat(256) })],
  ["with a control character in its organization", token({ org: "club\u007f" })],

  // Times
  ["that never expires", token({ exp: undefined })],
  ["that expires at null", token({ exp: null })],
  ["that expires at a text", token({ exp: String(NOW + 240) })],
  ["that expires in milliseconds", token({ exp: (NOW + 240) * 1000 })],
  ["that expires at a list", token({ exp: [NOW + 240] })],
  ["that was never issued", token({ iat: undefined })],
  ["issued at a text", token({ iat: String(NOW) })],
  ["issued in the future", token({ iat: NOW + 11, exp: NOW + 240 })],
  ["issued in the future and valid before", token({ iat: NOW + 11, nbf: NOW - 60, exp: NOW + 240 })],
  ["issued in milliseconds", token({ iat: NOW * 1000 })],
  ["that lives longer than an hour", token({ iat: NOW - 60, exp: NOW + 3541 })],
  ["that was issued in 1970", token({ iat: 0 })],
  ["that expires before it is issued", token({ iat: NOW + 5, exp: NOW + 4 })],
  ["that is not valid yet", token({ nbf: NOW + 11 })],
  ["that is valid from a text", token({ nbf: "0" })],
  ["that is valid from true", token({ nbf: true })],

  // What it permits
  ["with roles in one text", token({ roles: "admin" })],
  ["with a role that is an object", token({ roles: [{ name: "admin" }] })],
  ["with a role of null", token({ roles: [null] })],
  ["with permissions in one text", token({ permissions: "chatbot:use" })],
  ["with the permission *", token({ permissions: ["*"] })],
  ["with the permission chatbot:*", token({ permissions: ["chatbot:use", "chatbot:*"] })],
  ["with a star inside a permission", token({ permissions: ["member:re*d"] })],
  ["with a permission of two lines", token({ permissions: ["a:b\nc:d"] })],
  ["with the scope *", token({ scope: "openid *" })],
  ["with the scope workspace:*", token({ scope: "chatbot:use workspace:*" })],
  ["with a scope that is a list", token({ scope: ["chatbot:use"] })],
  ["with a line feed in its scope", token({ scope: "chatbot:use\nmember:read" })],
  ["with a name that is an object", token({ name: { toString: "x" } })],
  ["with a name of two lines", token({ name: "Ada\r\nSet-Cookie: a=b" })],
  ["with a language that is a list", token({ locale: ["en"] })],

  // Expired and wrong in another way too: what it says about itself is not believed
  [
    "that expired and is not signed by its issuer",
    signToken({ alg: "HS256" }, { ...CLAIMS, ...longAgo }, pemAsSecret, "HS256"),
  ],
  ["that expired and is for somebody else", token({ ...longAgo, aud: "shop" })],
  ["that expired and lived too long", token({ iat: NOW - 7200, exp: NOW - 300 })],
];

/** The same bytes, spelt with the other alphabet and signed like that. */
function inPlainBase64(): string {
  const payload = Buffer.from(JSON.stringify({ ...CLAIMS, note: "\u00fb\u00ff???>>>" })).toString("base64");
  return signedAsSpelt(encodePart({ alg: "HS256" }), payload.replaceAll("=", ""));
}

function signedAsSpelt(header: string, payload = goodPayload): string {
  const signature = createHmac("sha256", secretKey).update(`${header}.${payload}`).digest("base64url");
  return `${header}.${payload}.${signature}`;
}

/** The same bytes with other bits in the last character, which carries two bits of nothing. */
function otherSpelling(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(text.slice(-1));
  return `${text.slice(0, -1)}${alphabet[last + 1]}`;
}

describe("A token verifier", () => {
  it.each(GOOD)("takes a token %s", async (_title, good) => {
    await expect(verifyToken(good)).resolves.toMatchObject({ permissions: expect.any(Array) });
  });

  it.each(BAD)("refuses a token %s", async (_title, bad) => {
    await expect(verifyToken(bad)).rejects.toMatchObject({ code: "invalid_token", status: 401, details: {} });
  });

  it("asks nobody for keys because of any of them", () => {
    expect(requests).toBe(0);
  });

  it.each([
    ["just now", token({ exp: NOW - 10 })],
    ["long ago", token({ iat: NOW - 86_400, exp: NOW - 86_400 + 3600 })],
    [
      "and is from an RSA issuer",
      signToken({ alg: "RS256" }, { ...CLAIMS, ...longAgo, iss: "https://rsa.example" }, rsa.privateKey, "RS256"),
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
    });
  });

  it("takes a token signed with one of the published keys", async () => {
    const keys = [ec.publicKey, rsa.publicKey].map((key, index) => ({
      ...key.export({ format: "jwk" }),
      kid: `k${index}`,
    }));
    const verify = createTokenVerifier(ISSUERS, ROLES, {
      now: () => NOW * 1000,
      fetch: () => Promise.resolve(Response.json({ keys })),
    });
    const iss = "https://jwks.example";
    await expect(verify(from(iss, rsa.privateKey, "RS256", { kid: "k1" }))).resolves.toBeDefined();
    await expect(verify(from(iss, ec.privateKey, "ES256"))).resolves.toBeDefined();
    for (const bad of [
      from(iss, rsa.privateKey, "RS256", { kid: "k0" }),
      from(iss, rsa.privateKey, "RS256", { kid: "k2" }),
      from(iss, rsa.privateKey, "PS256", { kid: "k1" }),
      from(iss, stranger.privateKey, "RS256", { kid: "k1" }),
      from(iss, stranger.privateKey, "RS256"),
      from(iss, pemAsSecret, "HS256"),
    ]) {
      await expect(verify(bad)).rejects.toMatchObject({ code: "invalid_token" });
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
