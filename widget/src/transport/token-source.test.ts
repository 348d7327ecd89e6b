import { expect } from "@open-wc/testing";
import { type Answer, json, LoopbackServer, nothing } from "./loopback-server.ts";
import { createTokenSource, type TokenSourceOptions } from "./token-source.ts";
import { TransportError } from "./transport-error.ts";

const NOW_MS = 1_800_000_000_000;

function jwt(claims: object, name = "a"): string {
  const encode = (value: object): string =>
    btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  return `${encode({ alg: "none" })}.${encode(claims)}.${name}`;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TransportError) return `${error.code} ${error.status}`;
    throw error;
  }
  return "none";
}

function sourceWithClock(options: TokenSourceOptions): {
  source: ReturnType<typeof createTokenSource>;
  pass(ms: number): void;
} {
  let now = NOW_MS;
  const source = createTokenSource({ ...options, now: () => now });
  return {
    source,
    pass: (ms) => {
      now += ms;
    },
  };
}

describe("createTokenSource", () => {
  it("gives a fixed token, which nothing renews", async () => {
    const source = createTokenSource({ token: "fixed" });
    expect(await source.current()).to.equal("fixed");
    expect(await source.renew("fixed")).to.equal(null);
  });

  it("fetches from the token URL with credentials, and without the token in the address", async () => {
    const server = new LoopbackServer();
    server.answers(json({ token: "first" }));
    const source = createTokenSource({ tokenUrl: "/token", fetch: server.fetch });
    expect(await source.current()).to.equal("first");
    expect(await source.current()).to.equal("first");
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).to.deep.equal(["GET /token"]);
  });

  it("fetches once for all who ask at the same time", async () => {
    const server = new LoopbackServer();
    server.answers(json({ token: "first" }), json({ token: "second" }));
    const source = createTokenSource({ tokenUrl: "/token", fetch: server.fetch });
    expect(await Promise.all([source.current(), source.current(), source.current()])).to.deep.equal([
      "first",
      "first",
      "first",
    ]);
    expect(await Promise.all([source.renew("first"), source.renew("first")])).to.deep.equal(["second", "second"]);
    expect(server.requests.length).to.equal(2);
  });

  it("does not renew a token that somebody has renewed already", async () => {
    const server = new LoopbackServer();
    server.answers(json({ token: "second" }));
    const source = createTokenSource({ token: "first", tokenUrl: "/token", fetch: server.fetch });
    await source.renew("first");
    expect(await source.renew("first")).to.equal("second");
    expect(server.requests.length).to.equal(1);
  });

  const expiries: { title: string; answer: object }[] = [
    { title: "expires_at as a time", answer: { token: "first", expires_at: new Date(NOW_MS + 600_000).toISOString() } },
    { title: "expires_at in seconds", answer: { token: "first", expires_at: (NOW_MS + 600_000) / 1000 } },
    { title: "the token's own exp", answer: { token: jwt({ exp: (NOW_MS + 600_000) / 1000, name: "Zoë?>" }) } },
  ];
  for (const { title, answer } of expiries) {
    it(`renews a minute ahead of ${title}`, async () => {
      const server = new LoopbackServer();
      server.answers(json(answer), json({ token: "second" }));
      const { source, pass } = sourceWithClock({ tokenUrl: "/token", fetch: server.fetch });
      const first = await source.current();
      pass(539_000);
      expect(await source.current()).to.equal(first);
      pass(2_000);
      expect(await source.current()).to.equal("second");
    });
  }

  it("keeps a short-lived token for most of its life", async () => {
    const server = new LoopbackServer();
    server.answers(json({ token: "first", expires_at: (NOW_MS + 30_000) / 1000 }));
    const { source, pass } = sourceWithClock({ tokenUrl: "/token", fetch: server.fetch });
    await source.current();
    pass(20_000);
    expect(await source.current()).to.equal("first");
  });

  it("leaves it to the server when by this clock every token has expired", async () => {
    const server = new LoopbackServer();
    server.answers(json({ token: jwt({ exp: 1 }) }));
    const source = createTokenSource({ tokenUrl: "/token", fetch: server.fetch });
    await source.current();
    await source.current();
    expect(server.requests.length).to.equal(1);
  });

  it("asks the provider before the URL", async () => {
    const source = createTokenSource({
      tokenUrl: "/token",
      tokenProvider: async () => "provided",
      fetch: new LoopbackServer().fetch,
    });
    expect(await source.current()).to.equal("provided");
  });

  it("asks again after a failure", async () => {
    const server = new LoopbackServer();
    server.answers(nothing, json({ token: "first" }));
    const source = createTokenSource({ tokenUrl: "/token", fetch: server.fetch });
    expect(await codeOf(source.current())).to.equal("token_unavailable 0");
    expect(await source.current()).to.equal("first");
  });

  const refusals: { title: string; options: TokenSourceOptions; code: string }[] = [
    { title: "no source at all", options: {}, code: "token_unavailable 401" },
    {
      title: "a user who is not signed in",
      options: { tokenUrl: "/token", fetch: answering(json({}, { status: 401 })) },
      code: "token_unavailable 401",
    },
    {
      title: "an answer without a token",
      options: { tokenUrl: "/token", fetch: answering(json({ jwt: "x" })) },
      code: "token_unavailable 200",
    },
    {
      title: "an answer that is not JSON",
      options: { tokenUrl: "/token", fetch: answering(() => new Response("<html>")) },
      code: "token_unavailable 200",
    },
    {
      title: "a token that cannot stand in a header",
      options: { tokenUrl: "/token", fetch: answering(json({ token: "a\r\nb" })) },
      code: "token_unavailable 200",
    },
    { title: "an empty token", options: { tokenProvider: async () => "" }, code: "token_unavailable 200" },
    {
      title: "a provider that has nobody signed in",
      options: { tokenProvider: () => Promise.reject(new Error("no")) },
      code: "token_unavailable 401",
    },
    {
      title: "a provider that cannot reach its server",
      options: { tokenProvider: () => Promise.reject(new TypeError("Failed to fetch")) },
      code: "token_unavailable 0",
    },
  ];
  for (const { title, options, code } of refusals) {
    it(`refuses ${title}`, async () => {
      expect(await codeOf(createTokenSource(options).current())).to.equal(code);
    });
  }

  it("lets one who asked give up while the others wait on", async () => {
    const gate = Promise.withResolvers<string>();
    const source = createTokenSource({ tokenProvider: () => gate.promise });
    const abort = new AbortController();
    const impatient = source.current(abort.signal).catch((error: unknown) => error);
    const patient = source.current();
    abort.abort("enough");
    expect(await impatient).to.equal("enough");
    gate.resolve("token");
    expect(await patient).to.equal("token");
  });
});

function answering(answer: Answer): typeof fetch {
  const server = new LoopbackServer();
  server.answers(answer);
  return server.fetch;
}
