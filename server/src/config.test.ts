// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the file's notation for variables.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Config, ConfigError, loadConfig } from "./config.ts";

const SECRET = "a secret that is shared by two parties only";
const REQUIRED = {
  CHATBOT_JWT_ISSUER: "https://host.example",
  CHATBOT_JWT_AUDIENCE: "chatbot",
  CHATBOT_JWT_SECRET: SECRET,
};
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const PEM = publicKey.export({ type: "spki", format: "pem" }).toString();
const PRIVATE_PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

type Env = Record<string, string | undefined>;

/** Files by absolute path. */
function load(env: Env, files: Record<string, unknown> = {}): Config {
  const texts = new Map(
    Object.entries(files).map(([path, file]) => [path, typeof file === "string" ? file : JSON.stringify(file)]),
  );
  return loadConfig(env, (path) => texts.get(path) ?? null, "/srv/chatbot");
}

function withFile(file: unknown, env: Env = {}): Config {
  return load({ ...REQUIRED, ...env }, { "/srv/chatbot/chatbot.config.json": file });
}

function problemsOf(attempt: () => unknown): readonly string[] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("keeps everything in memory when nothing is to be kept", () => {
    const { database, retentionDays } = load({ ...REQUIRED, CHATBOT_RETENTION_DAYS: "0" });
    expect([database, retentionDays]).toEqual([{ type: "sqlite", path: ":memory:" }, 0]);
    const kept = { CHATBOT_RETENTION_DAYS: "0", DATABASE_URL: "file:./x.db", REDIS_URL: "redis://cache" };
    expect(problemsOf(() => load({ ...REQUIRED, ...kept }))).toEqual([
      "CHATBOT_RETENTION_DAYS: with 0 everything is in memory, so DATABASE_URL must not be set",
      "CHATBOT_RETENTION_DAYS: with 0 everything is in memory, so REDIS_URL must not be set",
    ]);
  });

  it("reads the keys of the audit trail, the one that signs first, and shows none that is too short", () => {
    const [current, former] = ["c".repeat(32), "f".repeat(40)];
    expect(load({ ...REQUIRED, CHATBOT_AUDIT_KEY: `${current}, ${former}` }).auditKeys).toEqual([current, former]);
    expect(problemsOf(() => load({ ...REQUIRED, CHATBOT_AUDIT_KEY: `${current},short` }))).toEqual([
      "CHATBOT_AUDIT_KEY: must be keys of at least 32 characters, separated by commas",
    ]);
  });

  it("fills in every default", () => {
    expect(load(REQUIRED)).toEqual({
      anthropic: { apiKey: null, model: "claude-haiku-4-5", baseUrl: null },
      http: { host: "127.0.0.1", port: 4000 },
      issuers: [
        {
          issuer: "https://host.example",
          audience: "chatbot",
          algorithms: null,
          key: { type: "secret", secret: SECRET },
          origins: [],
          limits: null,
          tools: null,
        },
      ],
      limits: { user: 50_000, organization: 1_000_000, global: 1_000_000 },
      cacheReadWeight: 0.1,
      database: { type: "sqlite", path: "/srv/chatbot/data/chatbot.db" },
      retentionDays: 30,
      auditKeys: [],
      redisUrl: null,
      onRedisLoss: "fail_closed",
      workspaceDir: "/srv/chatbot/workspace",
      maxSteps: 10,
      maxOutputTokens: 4096,
      lockTtlSeconds: 300,
      leaseSeconds: 10,
      approvalTtlSeconds: 900,
      providerIdleSeconds: 60,
      drainSeconds: 30,
      requestsPerMinute: 120,
      replicas: 1,
      logLevel: "info",
      metrics: { port: null, token: null },
      mcpServers: {},
      toolRules: {},
      toolTokens: null,
      roles: new Map([
        ["admin", ["chatbot:use", "chatbot:admin", "workspace:*"]],
        ["member", ["chatbot:use"]],
      ]),
      workspace: {},
      revocationsUrl: null,
      systemPrompt: null,
    });
  });

  it("takes the address of revoked tokens over https alone, or on this machine", () => {
    expect(withFile({ revocations: { url: "https://host.example/revoked" } }).revocationsUrl).toBe(
      "https://host.example/revoked",
    );
    expect(withFile({ revocations: { url: "http://127.0.0.1:9/" } }).revocationsUrl).toBe("http://127.0.0.1:9/");
    expect(problemsOf(() => withFile({ revocations: { url: "http://host.example/revoked" } }))).toEqual([
      "chatbot.config.json: revocations.url: must be loaded over https, or http on this machine, without credentials",
    ]);
  });

  it.each<[variable: string, value: string, expected: Partial<Config>]>([
    ["ANTHROPIC_API_KEY", "sk-1", { anthropic: { apiKey: "sk-1", model: "claude-haiku-4-5", baseUrl: null } }],
    ["ANTHROPIC_MODEL", "claude-haiku-5-5", { anthropic: { apiKey: null, model: "claude-haiku-5-5", baseUrl: null } }],
    [
      "ANTHROPIC_BASE_URL",
      "http://127.0.0.1:9",
      { anthropic: { apiKey: null, model: "claude-haiku-4-5", baseUrl: "http://127.0.0.1:9" } },
    ],
    ["PORT", "0", { http: { host: "127.0.0.1", port: 0 } }],
    ["HOST", "::", { http: { host: "::", port: 4000 } }],
    ["CHATBOT_DAILY_TOKEN_LIMIT_USER", "1", { limits: { user: 1, organization: 1_000_000, global: 1_000_000 } }],
    ["CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION", "2", { limits: { user: 50_000, organization: 2, global: 1_000_000 } }],
    ["CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL", "0", { limits: { user: 50_000, organization: 1_000_000, global: 0 } }],
    ["CHATBOT_CACHE_READ_WEIGHT", "0.25", { cacheReadWeight: 0.25 }],
    ["CHATBOT_CACHE_READ_WEIGHT", "1", { cacheReadWeight: 1 }],
    ["DATABASE_URL", "file:chat.db", { database: { type: "sqlite", path: "/srv/chatbot/chat.db" } }],
    ["DATABASE_URL", "file:/var/lib/chat.db", { database: { type: "sqlite", path: "/var/lib/chat.db" } }],
    ["DATABASE_URL", "file:///var/lib/my%20chat.db", { database: { type: "sqlite", path: "/var/lib/my chat.db" } }],
    ["DATABASE_URL", "file::memory:", { database: { type: "sqlite", path: ":memory:" } }],
    [
      "DATABASE_URL",
      "postgres://user:hunter2@db/chat",
      { database: { type: "postgres", url: "postgres://user:hunter2@db/chat" } },
    ],
    [
      "DATABASE_URL",
      "postgresql:///chat?host=/run/postgresql",
      { database: { type: "postgres", url: "postgresql:///chat?host=/run/postgresql" } },
    ],
    ["REDIS_URL", "redis://:hunter2@cache", { redisUrl: "redis://:hunter2@cache" }],
    ["REDIS_URL", "rediss://app:hunter2@cache:6380/2", { redisUrl: "rediss://app:hunter2@cache:6380/2" }],
    ["CHATBOT_ON_REDIS_LOSS", "local_share", { onRedisLoss: "local_share" }],
    ["WORKSPACE_DIR", "../files", { workspaceDir: "/srv/files" }],
    ["WORKSPACE_DIR", "/var/files", { workspaceDir: "/var/files" }],
    ["CHATBOT_MAX_STEPS", "3", { maxSteps: 3 }],
    ["CHATBOT_MAX_OUTPUT_TOKENS", "32000", { maxOutputTokens: 32_000 }],
    ["CHATBOT_LOCK_TTL_SECONDS", "1", { lockTtlSeconds: 1 }],
    ["CHATBOT_LEASE_SECONDS", "1", { leaseSeconds: 1 }],
    ["CHATBOT_APPROVAL_TTL_SECONDS", "1", { approvalTtlSeconds: 1 }],
    ["CHATBOT_PROVIDER_IDLE_SECONDS", "5", { providerIdleSeconds: 5 }],
    ["CHATBOT_DRAIN_SECONDS", "0", { drainSeconds: 0 }],
    ["CHATBOT_REQUESTS_PER_MINUTE", "600", { requestsPerMinute: 600 }],
    ["CHATBOT_REPLICAS", "3", { replicas: 3 }],
    ["LOG_LEVEL", "silent", { logLevel: "silent" }],
    ["METRICS_PORT", "9464", { metrics: { port: 9464, token: null } }],
    ["METRICS_TOKEN", "scrape", { metrics: { port: null, token: "scrape" } }],
  ])("takes %s=%s", (variable, value, expected) => {
    expect(load({ ...REQUIRED, [variable]: value })).toMatchObject(expected);
  });

  it.each<[variable: string, value: string]>([
    ["ANTHROPIC_API_KEY", "sk 1"],
    ["ANTHROPIC_MODEL", "claude\nhaiku"],
    ["ANTHROPIC_BASE_URL", "api.example"],
    ["ANTHROPIC_BASE_URL", "file:///etc/passwd"],
    ["PORT", "http"],
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["PORT", "0x50"],
    ["PORT", "1e3"],
    ["PORT", "80.5"],
    ["PORT", " 80"],
    ["HOST", "my host"],
    ["ALLOWED_ORIGINS", "https://host.example/"],
    ["ALLOWED_ORIGINS", "https://host.example,host.example"],
    ["ALLOWED_ORIGINS", "https://*.host.example"],
    ["ALLOWED_ORIGINS", "HTTPS://HOST.example"],
    ["ALLOWED_ORIGINS", "null"],
    ["ALLOWED_ORIGINS", "file://"],
    ["CHATBOT_JWT_ISSUER", "https://host\n.example"],
    ["CHATBOT_JWT_AUDIENCE", "a".repeat(256)],
    ["CHATBOT_JWT_SECRET", "s".repeat(31)],
    ["CHATBOT_JWT_ALGORITHMS", "none"],
    ["CHATBOT_JWT_ALGORITHMS", "HS256,RS256"],
    ["CHATBOT_JWT_ALGORITHMS", ","],
    ["CHATBOT_DAILY_TOKEN_LIMIT_USER", "-1"],
    ["CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION", "many"],
    ["CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL", "1,000"],
    ["CHATBOT_CACHE_READ_WEIGHT", "1.1"],
    ["CHATBOT_CACHE_READ_WEIGHT", "-0.1"],
    ["CHATBOT_CACHE_READ_WEIGHT", "10%"],
    ["DATABASE_URL", "postgres://user:hunter2@db"],
    ["DATABASE_URL", "postgres://user:hunter2@db/"],
    ["DATABASE_URL", "postgres://user:hunter2@db:port/chat"],
    ["DATABASE_URL", "postgres:chat"],
    ["DATABASE_URL", "mysql://user:hunter2@db/chat"],
    ["DATABASE_URL", "chat.db"],
    ["DATABASE_URL", "file:"],
    ["DATABASE_URL", "file://server/share.db"],
    ["REDIS_URL", "redis://:hunter2@cache/chat"],
    ["REDIS_URL", "redis://:hunter2@cache:port"],
    ["REDIS_URL", "redis://"],
    ["REDIS_URL", "http://:hunter2@cache"],
    ["REDIS_URL", "cache:6379"],
    ["CHATBOT_ON_REDIS_LOSS", "carry_on"],
    ["CHATBOT_CONFIG", "missing.json"],
    ["CHATBOT_MAX_STEPS", "0"],
    ["CHATBOT_MAX_OUTPUT_TOKENS", "0"],
    ["CHATBOT_LOCK_TTL_SECONDS", "0"],
    ["CHATBOT_LEASE_SECONDS", "0"],
    ["CHATBOT_APPROVAL_TTL_SECONDS", "0"],
    ["CHATBOT_PROVIDER_IDLE_SECONDS", "0"],
    ["CHATBOT_DRAIN_SECONDS", "soon"],
    ["CHATBOT_REQUESTS_PER_MINUTE", "0"],
    ["CHATBOT_REPLICAS", "0"],
    ["LOG_LEVEL", "loud"],
    ["METRICS_PORT", "off"],
    ["METRICS_TOKEN", "two words"],
  ])("refuses %s=%s by name", (variable, value) => {
    const problems = problemsOf(() => load({ ...REQUIRED, [variable]: value }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(variable);
    expect(problems[0]).not.toContain("hunter2");
  });

  it.each(["CHATBOT_JWT_ISSUER", "CHATBOT_JWT_AUDIENCE"])("requires %s", (variable) => {
    for (const value of [undefined, "", "  "]) {
      expect(problemsOf(() => load({ ...REQUIRED, [variable]: value }))).toEqual([`${variable}: is required`]);
    }
  });

  it("takes an empty variable for one that is not set", () => {
    const names = ["PORT", "REDIS_URL", "CHATBOT_CONFIG", "ANTHROPIC_API_KEY", "METRICS_PORT", "CHATBOT_JWT_JWKS_URL"];
    expect(load({ ...REQUIRED, ...Object.fromEntries(names.map((name) => [name, ""])) })).toEqual(load(REQUIRED));
  });

  it("names everything that is wrong at once", () => {
    const env = { PORT: "x", LOG_LEVEL: "x", REDIS_URL: "a", CHATBOT_JWT_ISSUER: "a", ALLOWED_ORIGINS: "b" };
    const attempt = (): Config => load(env, { "/srv/chatbot/chatbot.config.json": { tool: {}, systemPrompt: 1 } });
    expect(problemsOf(attempt)).toEqual([
      "PORT: must be a whole number from 0 to 65535",
      "REDIS_URL: must be a redis:// or rediss:// URL, with the number of a database at the most",
      "LOG_LEVEL: must be fatal, error, warn, info, debug, trace or silent",
      "CHATBOT_JWT_AUDIENCE: is required",
      "ALLOWED_ORIGINS: must be origins such as https://example.com, not b",
      "CHATBOT_JWT_JWKS_URL, CHATBOT_JWT_PUBLIC_KEY, CHATBOT_JWT_SECRET: exactly one of them must be set, none is",
      "chatbot.config.json: systemPrompt: Invalid input: expected string, received number",
      'chatbot.config.json: Unrecognized key: "tool"',
    ]);
    expect(attempt).toThrow(/^The configuration is not valid:\n- PORT: .+\n- REDIS_URL: /);
  });

  it("is frozen, all of it", () => {
    const config = withFile({ tools: { a__b: { permissions: ["a:b"], approval: "never" } } });
    for (const part of [
      config,
      config.http,
      config.issuers,
      config.issuers[0],
      config.toolRules["a__b"]?.permissions,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe("The environment's issuer", () => {
  const { CHATBOT_JWT_SECRET: _, ...withoutKey } = REQUIRED;
  const JWKS = { CHATBOT_JWT_JWKS_URL: "https://host.example/keys" };

  it("has the origins that are listed", () => {
    const origins = " https://a.example, http://localhost:3000 ,,https://b.example:8443";
    expect(load({ ...REQUIRED, ALLOWED_ORIGINS: origins }).issuers[0]?.origins).toEqual([
      "https://a.example",
      "http://localhost:3000",
      "https://b.example:8443",
    ]);
    expect(load({ ...REQUIRED, ALLOWED_ORIGINS: "*" }).issuers[0]?.origins).toEqual(["*"]);
  });

  it.each<[title: string, env: Env, key: unknown]>([
    ["a key set", JWKS, { type: "jwks", url: "https://host.example/keys" }],
    [
      "a key set on this machine",
      { CHATBOT_JWT_JWKS_URL: "http://127.0.0.1:1/k" },
      { type: "jwks", url: "http://127.0.0.1:1/k" },
    ],
    ["a public key", { CHATBOT_JWT_PUBLIC_KEY: PEM }, { type: "pem", pem: PEM }],
    ["a public key in one line", { CHATBOT_JWT_PUBLIC_KEY: PEM.replaceAll("\n", "\\n") }, { type: "pem", pem: PEM }],
  ])("may have %s", (_title, env, key) => {
    expect(load({ ...withoutKey, ...env }).issuers[0]?.key).toEqual(key);
  });

  it("may have other algorithms", () => {
    const env = { ...withoutKey, ...JWKS, CHATBOT_JWT_ALGORITHMS: "PS256, ES384" };
    expect(load(env).issuers[0]?.algorithms).toEqual(["PS256", "ES384"]);
  });

  it.each<[title: string, env: Env, message: RegExp]>([
    ["no key", {}, /exactly one of them must be set, none is$/],
    ["two keys", { ...JWKS, CHATBOT_JWT_SECRET: SECRET }, /CHATBOT_JWT_JWKS_URL and CHATBOT_JWT_SECRET are$/],
    ["a key set over plain http", { CHATBOT_JWT_JWKS_URL: "http://host.example/keys" }, /^CHATBOT_JWT_JWKS_URL: must/],
    ["a private key", { CHATBOT_JWT_PUBLIC_KEY: PRIVATE_PEM }, /^CHATBOT_JWT_PUBLIC_KEY: must have a public key/],
    ["a path to a key", { CHATBOT_JWT_PUBLIC_KEY: "/etc/key.pem" }, /^CHATBOT_JWT_PUBLIC_KEY: must have a public key/],
    [
      "a short secret",
      { CHATBOT_JWT_SECRET: "hunter2" },
      /^CHATBOT_JWT_SECRET: must have a secret of at least 32 bytes$/,
    ],
    [
      "an algorithm that is not its key's",
      { CHATBOT_JWT_PUBLIC_KEY: PEM, CHATBOT_JWT_ALGORITHMS: "ES256" },
      /^CHATBOT_JWT_PUBLIC_KEY with CHATBOT_JWT_ALGORITHMS: has a public key for EdDSA, Ed25519/,
    ],
  ])("may not have %s", (_title, env, message) => {
    const problems = problemsOf(() => load({ ...withoutKey, ...env }));
    expect(problems).toEqual([expect.stringMatching(message)]);
    for (const secret of ["hunter2", SECRET, ...PRIVATE_PEM.split("\n").slice(1, 2)]) {
      expect(problems[0]).not.toContain(secret);
    }
  });
});

it("The README's example is a configuration", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [example = ""] = /(?<=```json\n)\{\n {2}"mcpServers"[^`]*/.exec(readme) ?? [];
  const config = withFile(JSON.parse(example), { MEMBERS_TOKEN: "t0ken" });
  expect(Object.keys(config.mcpServers)).toEqual(["members", "files"]);
});

describe("Tokens for tool servers", () => {
  const SERVER = { type: "http", url: "https://tools.example", auth: { type: "signed-token", audience: "tools" } };
  const TOKENS = { issuer: "https://assistant.example", privateKey: "${KEY}" };
  const file = (toolTokens?: object): object => ({
    mcpServers: { members: SERVER },
    ...(toolTokens === undefined ? {} : { toolTokens }),
  });

  it("are signed with the configured key, also one in one line, and a further one is published", () => {
    const env = { KEY: PRIVATE_PEM.replaceAll("\n", "\\n"), NEXT: PEM };
    const { toolTokens } = withFile(file({ ...TOKENS, publicKeys: ["${NEXT}"] }), env);
    expect(toolTokens).toEqual({
      issuer: "https://assistant.example",
      privateKey: PRIVATE_PEM,
      publicKeys: [PEM],
    });
  });

  it.each<[title: string, toolTokens: object | undefined, key: string, problem: RegExp]>([
    ["without a word how", undefined, PRIVATE_PEM, /mcpServers\.members\.auth: needs toolTokens/],
    ["with a public key", TOKENS, PEM, /toolTokens\.privateKey: must be an Ed25519 or P-256 private key/],
    ["with anything else", TOKENS, "hunter2", /toolTokens\.privateKey: must be an Ed25519 or P-256 private key/],
    [
      "with a private key published",
      { ...TOKENS, publicKeys: ["${KEY}"] },
      PRIVATE_PEM,
      /toolTokens\.publicKeys\[0\]: must be a public key/,
    ],
  ])("are not signed %s", (_title, toolTokens, key, problem) => {
    const problems = problemsOf(() => withFile(file(toolTokens), { KEY: key }));
    expect(problems).toEqual([expect.stringMatching(problem)]);
    for (const secret of ["hunter2", ...PRIVATE_PEM.split("\n").slice(1, 2)]) expect(problems[0]).not.toContain(secret);
  });
});

describe("chatbot.config.json", () => {
  const RULE = { permissions: ["member:read"], approval: "never" };
  const ISSUER = { issuer: "https://b.example", audience: "chatbot", secret: SECRET, origins: ["https://b.example"] };

  it("says all that the environment cannot", () => {
    const config = withFile(
      {
        $schema: "./chatbot.config.schema.json",
        systemPrompt: "Be kind to ${NAME}.",
        workspace: { shared: "organization", hiddenFiles: true },
        roles: { member: ["chatbot:use", "member:read"], owner: ["*", "club:boats:*"] },
        mcpServers: {
          members: { type: "http", url: "${URL}/mcp", headers: { Authorization: "Bearer ${TOKEN}" }, trusted: true },
          files: { command: "node", args: ["--token", "${TOKEN}"], env: { HOME: "/" }, limits: { concurrentCalls: 2 } },
        },
        tools: { members__member_list: RULE, "members__*": { ...RULE, approval: "always", remember: true } },
      },
      { NAME: "rowers", URL: "https://tools.example", TOKEN: "t0ken" },
    );
    expect(config).toMatchObject({
      systemPrompt: "Be kind to rowers.",
      workspace: { shared: "organization", hiddenFiles: true },
      mcpServers: {
        members: {
          type: "http",
          url: "https://tools.example/mcp",
          headers: { Authorization: "Bearer t0ken" },
          trusted: true,
        },
        files: { command: "node", args: ["--token", "t0ken"], env: { HOME: "/" }, limits: { concurrentCalls: 2 } },
      },
      toolRules: { members__member_list: RULE, "members__*": { ...RULE, approval: "always", remember: true } },
    });
    expect(Object.fromEntries(config.roles)).toEqual({
      admin: ["chatbot:use", "chatbot:admin", "workspace:*"],
      member: ["chatbot:use", "member:read"],
      owner: ["*", "club:boats:*"],
    });
  });

  it("may name further issuers, after the environment's", () => {
    const further = {
      issuer: "https://c.example",
      audience: "chat",
      publicKey: PEM,
      algorithms: ["EdDSA"],
      origins: ["*"],
      limits: { user: 10 },
      tools: { a__b: RULE },
    };
    expect(
      withFile({ issuers: [{ ...ISSUER, secret: "${SECRET_B}" }, further] }, { SECRET_B: SECRET }).issuers,
    ).toEqual([
      expect.objectContaining({ issuer: "https://host.example" }),
      {
        issuer: "https://b.example",
        audience: "chatbot",
        algorithms: null,
        key: { type: "secret", secret: SECRET },
        origins: ["https://b.example"],
        limits: null,
        tools: null,
      },
      {
        issuer: "https://c.example",
        audience: "chat",
        algorithms: ["EdDSA"],
        key: { type: "pem", pem: PEM },
        origins: ["*"],
        limits: { user: 10 },
        tools: { a__b: RULE },
      },
    ]);
  });

  it.each([
    ["relative to the working directory", "conf/chat.json", "/srv/chatbot/conf/chat.json"],
    ["absolute", "/etc/chat.json", "/etc/chat.json"],
  ])("may be at another path, %s", (_title, path, file) => {
    const config = load({ ...REQUIRED, CHATBOT_CONFIG: path }, { [file]: { systemPrompt: "Hello" } });
    expect(config.systemPrompt).toBe("Hello");
  });

  it("may begin with a byte order mark", () => {
    expect(withFile('\uFEFF{"systemPrompt":"Hello"}').systemPrompt).toBe("Hello");
  });

  it.each<[title: string, file: unknown, problems: string[]]>([
    ["a text", "hunter2", ["is not JSON"]],
    ["a text cut off", '{"systemPrompt": "hunter2"', ["is not JSON (line 1 column 27)"]],
    ["nothing", "", ["is not JSON"]],
    ["a list", [], ["Invalid input: expected object, received array"]],
    ["a member twice", '{"tools":{},"tools":{}}', ['names the member "tools" twice']],
    ["a member __proto__", '{"mcpServers":{"__proto__":{"command":"sh"}}}', ["has a member named __proto__"]],
    ["an unknown member", { mcpservers: {} }, ['Unrecognized key: "mcpservers"']],
    [
      "an empty system prompt",
      { systemPrompt: "" },
      ["systemPrompt: Too small: expected string to have >=1 characters"],
    ],
    ["a role that is a text", { roles: { a: "*" } }, ["roles.a: Invalid input: expected array, received string"]],
    [
      "a permission without an action",
      { roles: { a: ["chat"] } },
      ["roles.a[0]: must be resource:action, resource:* or *"],
    ],
    ["a star before the end", { roles: { a: ["*:use"] } }, ["roles.a[0]: must be resource:action, resource:* or *"]],
    ["a star in a word", { roles: { a: ["chat:u*"] } }, ["roles.a[0]: must be resource:action, resource:* or *"]],
    [
      "a rule without permissions",
      { tools: { t: { approval: "auto" } } },
      ["tools.t.permissions: Invalid input: expected array, received undefined"],
    ],
    [
      "an unknown approval",
      { tools: { t: { permissions: [], approval: "sometimes" } } },
      ['tools.t.approval: Invalid option: expected one of "always"|"never"|"auto"'],
    ],
    [
      "an unknown member of a rule",
      { tools: { t: { ...RULE, aproval: "never" } } },
      ['tools.t: Unrecognized key: "aproval"'],
    ],
    [
      "a tool server without a scheme",
      { mcpServers: { m: { type: "http", url: "host" } } },
      ["mcpServers.m.url: Invalid URL"],
    ],
    [
      "a command that is a list",
      { mcpServers: { m: { command: ["node"] } } },
      ["mcpServers.m.command: Invalid input: expected string, received array"],
    ],
    [
      "missing variables",
      { systemPrompt: "${A}", mcpServers: { m: { type: "http", url: "${B}", headers: { X: "${C}" } } } },
      [
        "systemPrompt: needs the variable A, which is not set",
        "mcpServers.m.url: needs the variable B, which is not set",
        "mcpServers.m.headers.X: needs the variable C, which is not set",
      ],
    ],
    [
      "an issuer without a key",
      { issuers: [{ ...ISSUER, secret: undefined }] },
      ["issuers[0]: must have exactly one of jwksUrl, publicKey and secret"],
    ],
    [
      "an issuer with two keys",
      { issuers: [{ ...ISSUER, jwksUrl: "https://b.example/keys" }] },
      ["issuers[0]: must have exactly one of jwksUrl, publicKey and secret"],
    ],
    [
      "an issuer with a short secret",
      { issuers: [{ ...ISSUER, secret: "hunter2" }] },
      ["issuers[0]: must have a secret of at least 32 bytes"],
    ],
    [
      "an issuer without origins",
      { issuers: [{ ...ISSUER, origins: undefined }] },
      ["issuers[0].origins: Invalid input: expected array, received undefined"],
    ],
    [
      "an origin with a path",
      { issuers: [{ ...ISSUER, origins: ["https://b.example/chat"] }] },
      ["issuers[0].origins[0]: must be an origin such as https://example.com, or *"],
    ],
    [
      "a workspace that is shared with the unknown",
      { workspace: { shared: true } },
      ['workspace.shared: Invalid option: expected one of "organization"|"everyone"'],
    ],
    [
      "a limit below zero",
      { issuers: [{ ...ISSUER, limits: { user: -1 } }] },
      ["issuers[0].limits.user: Too small: expected number to be >=0"],
    ],
  ])("is refused with %s", (_title, file, problems) => {
    const found = problemsOf(() => withFile(file));
    expect(found).toEqual(problems.map((problem) => `chatbot.config.json: ${problem}`));
    expect(found.join()).not.toContain("hunter2");
  });

  it.each([
    ["the environment's", [{ ...ISSUER, issuer: "https://host.example" }], "https://host.example"],
    ["each other", [ISSUER, { ...ISSUER, audience: "other" }], "https://b.example"],
  ])("is refused with issuers named like %s", (_title, issuers, name) => {
    expect(problemsOf(() => withFile({ issuers }))).toEqual([`issuers: there are two named ${name}`]);
  });
});
