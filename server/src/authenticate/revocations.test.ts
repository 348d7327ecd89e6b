import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { anIdentity, anOwner } from "../../test/records.ts";
import type { Identity } from "../store/identity.ts";
import { followRevocations, type Revocations } from "./revocations.ts";

const URL_OF_LIST = "https://host.example/revoked";
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const ISSUED = 1_800_000_000;
const iss = "https://host.example";

function ada(changes: Partial<Identity> = {}): Identity {
  return anIdentity({ issuedAtMs: ISSUED * SECOND, tokenId: "token-1", ...changes });
}

describe("Revocations", () => {
  let answer: () => Response | Promise<Response>;
  let requests: (RequestInit | undefined)[];
  let failures: unknown[];
  let followed: Revocations[];

  beforeEach(() => {
    vi.useFakeTimers({ now: ISSUED * SECOND });
    requests = [];
    failures = [];
    followed = [];
    list();
  });

  afterEach(() => {
    for (const revocations of followed) revocations.close();
    vi.useRealTimers();
  });

  function list(...revoked: unknown[]): void {
    answer = () => Response.json({ revoked });
  }

  async function follow(): Promise<Revocations> {
    const revocations = await followRevocations(URL_OF_LIST, {
      fetch: (_url, init) => {
        requests.push(init);
        return Promise.resolve(answer());
      },
      onFailure: (_url, error) => failures.push(error),
    });
    followed.push(revocations);
    return revocations;
  }

  it.each<[title: string, entry: object]>([
    ["its id", { iss, jti: "token-1" }],
    ["its user", { iss, sub: "ada" }],
    ["its organization", { iss, org: "example" }],
    ["its time", { iss, before: ISSUED + 1 }],
    ["its user and time", { iss, sub: "ada", before: ISSUED + 1 }],
    ["everything about it", { iss, jti: "token-1", sub: "ada", org: "example", before: ISSUED + 1 }],
  ])("revoke a token by %s", async (_title, entry) => {
    list({ iss, sub: "somebody" }, entry);
    expect((await follow()).isRevoked(ada())).toBe(true);
  });

  it.each<[title: string, entry: object, identity?: Identity]>([
    ["with another id", { iss, jti: "token-2" }],
    ["without an id", { iss, jti: "token-1" }, anIdentity()],
    ["of another user", { iss, sub: "ad" }],
    ["of another issuer", { iss: "https://host.example/", sub: "ada" }],
    ["of another organization", { iss, org: "other" }],
    ["issued at that very time", { iss, before: ISSUED }],
    ["issued later for the same user", { iss, sub: "ada", before: ISSUED - 60 }],
    ["of a namesake elsewhere", { iss, sub: "ada", org: "example" }, ada({ owner: anOwner({ organization: "o" }) })],
  ])("leave alone a token %s", async (_title, entry, identity = ada()) => {
    list(entry);
    expect((await follow()).isRevoked(identity)).toBe(false);
  });

  it("take one without a time for the oldest", async () => {
    list({ iss, sub: "ada", before: 1 });
    expect((await follow()).isRevoked(anIdentity())).toBe(true);
  });

  it("are asked for again every 15 seconds, with what key sets are asked with", async () => {
    const revocations = await follow();
    list({ iss, sub: "ada" });
    await vi.advanceTimersByTimeAsync(15 * SECOND - 1);
    expect([requests.length, revocations.isRevoked(ada())]).toEqual([1, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([requests.length, revocations.isRevoked(ada())]).toEqual([2, true]);
    expect(requests[1]).toMatchObject({ redirect: "error", credentials: "omit", signal: expect.any(AbortSignal) });
  });

  it("are given back when an entry is taken off the list", async () => {
    list({ iss, sub: "ada" });
    const revocations = await follow();
    list();
    await vi.advanceTimersByTimeAsync(15 * SECOND);
    expect(revocations.isRevoked(ada())).toBe(false);
  });

  it("hold for an hour while the list cannot be had; then everybody is refused, until it is back", async () => {
    list({ iss, sub: "eve" });
    const revocations = await follow();
    answer = () => Promise.reject(new Error("offline"));
    const eve = ada({ owner: anOwner({ user: "eve" }) });
    await vi.advanceTimersByTimeAsync(HOUR - 1);
    expect([revocations.isRevoked(eve), revocations.isRevoked(ada())]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([revocations.isRevoked(eve), revocations.isRevoked(ada())]).toEqual([true, true]);
    list({ iss, sub: "eve" });
    await vi.advanceTimersByTimeAsync(15 * SECOND);
    expect([revocations.isRevoked(eve), revocations.isRevoked(ada())]).toEqual([true, false]);
  });

  it.each<[title: string, answer: () => Response]>([
    ["an error page", () => Response.json({ revoked: [] }, { status: 500 })],
    ["no list", () => Response.json([])],
    ["an entry without an issuer", () => Response.json({ revoked: [{ sub: "ada" }] })],
    ["an entry that names nobody", () => Response.json({ revoked: [{ iss }] })],
    ["a misspelt entry", () => Response.json({ revoked: [{ iss, user: "ada" }] })],
    ["an id that is a number", () => Response.json({ revoked: [{ iss, jti: 1 }] })],
    ["more than 256 KB", () => new Response(JSON.stringify({ revoked: [] }).padEnd(256 * 1024 + 1))],
    ["a member twice", () => new Response('{"revoked":[{}],"revoked":[]}')],
  ])("refuse everybody when all there ever was is %s", async (_title, unusable) => {
    answer = unusable;
    const revocations = await follow();
    expect(revocations.isRevoked(ada())).toBe(true);
    expect(failures).toHaveLength(1);
  });

  it.each(["http://host.example/revoked", "https://a:b@host.example/", "file:///etc/revoked", "revoked", ""])(
    "may not be at %s",
    async (url) => {
      await expect(followRevocations(url)).rejects.toThrow(TypeError);
    },
  );
});
