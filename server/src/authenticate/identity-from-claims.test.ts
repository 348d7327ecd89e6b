import { describe, expect, it } from "vitest";
import { identityFromClaims, permissionsOf } from "./identity-from-claims.ts";
import type { Claims } from "./read-token.ts";

const ROLES = new Map([
  ["admin", ["workspace:*", "chatbot:use", "*"]],
  ["member", ["chatbot:use", "member:read"]],
]);
const CLAIMS: Claims = { iss: "https://host.example", aud: "chatbot", sub: "ada", iat: 1000, exp: 1600 };

describe("identityFromClaims", () => {
  it.each<[title: string, claims: Partial<Claims>, permissions: string[]]>([
    ["nothing", {}, []],
    ["a role", { roles: ["member"] }, ["chatbot:use", "member:read"]],
    [
      "several roles, sorted and each once",
      { roles: ["member", "admin"] },
      ["*", "chatbot:use", "member:read", "workspace:*"],
    ],
    ["unknown roles", { roles: ["root", "constructor", "toString"] }, []],
    ["a list", { permissions: ["member:write", "chatbot:use"] }, ["chatbot:use", "member:write"]],
    ["a scope", { scope: "member:write  chatbot:use" }, ["chatbot:use", "member:write"]],
    [
      "a scope with words that are not permissions",
      { scope: "openid email chatbot:use offline_access" },
      ["chatbot:use"],
    ],
    ["an empty scope", { scope: "" }, []],
    [
      "all three",
      { roles: ["member"], permissions: ["a:b", "member:read"], scope: "c:d a:b" },
      ["a:b", "c:d", "chatbot:use", "member:read"],
    ],
  ])("takes the permissions from %s", (_title, claims, permissions) => {
    expect(identityFromClaims({ ...CLAIMS, ...claims }, ROLES).permissions).toEqual(permissions);
  });

  it("keeps what the token says, so that roles are looked up again when they change", () => {
    const { grants } = identityFromClaims({ ...CLAIMS, roles: ["member"], permissions: ["a:b"] }, ROLES);
    expect(grants).toEqual({ permissions: ["a:b"], roles: ["member"] });
    expect(permissionsOf(grants, new Map([["member", ["c:d"]]]))).toEqual(["a:b", "c:d"]);
    expect(permissionsOf(grants, new Map())).toEqual(["a:b"]);
  });

  it("puts somebody without an organization into one of their own", () => {
    expect(identityFromClaims(CLAIMS, ROLES)).toEqual({
      owner: { issuer: "https://host.example", organization: "user:ada", user: "ada" },
      grants: { permissions: [], roles: [] },
      permissions: [],
      expiresAtMs: 1_600_000,
      issuedAtMs: 1_000_000,
    });
  });

  it.each([
    ["pt-BR", "pt-BR"],
    ["pt_BR", "pt-BR"],
    ["EN", "en"],
    ["not a language", undefined],
    ["../../etc", undefined],
    ["", undefined],
  ])("reads the language %s as %s", (locale, expected) => {
    expect(identityFromClaims({ ...CLAIMS, locale }, ROLES).locale).toBe(expected);
  });

  it("leaves out an empty name", () => {
    expect(identityFromClaims({ ...CLAIMS, name: "" }, ROLES)).not.toHaveProperty("name");
    expect(identityFromClaims({ ...CLAIMS, name: "Ada" }, ROLES).name).toBe("Ada");
  });
});
