import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type HttpFixture, startHttpServer1, startHttpServer2 } from "../../test/fixtures/http-server.ts";
import { CallLost } from "./call-lost.ts";
import { permittedTools } from "./permitted-tools.ts";
import type { CatalogTool, ToolCallContext, ToolCatalog, ToolDelta, ToolRule } from "./tool.ts";
import { createToolCatalog } from "./tool-catalog.ts";
import type { McpServerConfig, StdioServerConfig } from "./tool-config.ts";

const RULES: Record<string, ToolRule> = {
  "fixture__*": { permissions: ["fixture:use"], approval: "auto" },
  fixture__wait: { permissions: [], approval: "never", timeoutSeconds: 0.2 },
};
const FIXTURE_TOOLS =
  "big cancelled die echo environment fail grow kinds mismatch progress read refuse secret wait".split(" ");
const BUILT_IN = ["edit_file", "list_files", "read_file", "write_file"].map((name) => `workspace__${name}`);
const OFFERED = [...FIXTURE_TOOLS.map((name) => `fixture__${name}`), ...BUILT_IN];

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

type Line = Record<string, unknown> & { message: string };

/** A server, and the fingerprints of its tools. */
type Heard = [server: string, tools: ReadonlyMap<string, string>];

function pair({ name, fingerprint }: Pick<CatalogTool, "name" | "fingerprint">): [string, string] {
  return [name, fingerprint];
}

function isOfFixture({ server }: CatalogTool): boolean {
  return server === "fixture";
}

interface Opened {
  catalog: ToolCatalog;
  lines: Line[];
  tool(name: string): Promise<CatalogTool>;
}

function openCatalog(
  mcpServers: Record<string, McpServerConfig>,
  rules: Record<string, ToolRule> = RULES,
  patienceMs = 20_000,
  issuerRules: Record<string, ToolRule>[] = [],
): Opened {
  const lines: Line[] = [];
  const write = (fields: Record<string, unknown>, message: string): void => {
    lines.push({ ...fields, message });
  };
  const log = { info: write, warn: write };
  const catalog = createToolCatalog({
    mcpServers,
    rules,
    issuerRules,
    workspace: { directory: "never-used" },
    log,
    patienceMs,
  });
  cleanUps.push(() => catalog.close());
  const tool = async (name: string): Promise<CatalogTool> => {
    const found = (await catalog.list()).find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`${name} is not offered`);
    return found;
  };
  return { catalog, lines, tool };
}

function stdio(script: string, options: Pick<StdioServerConfig, "env"> = {}): StdioServerConfig {
  const path = fileURLToPath(new URL(`../../test/fixtures/${script}`, import.meta.url));
  return { command: process.execPath, args: [path], ...options };
}

async function http(start: () => Promise<HttpFixture>): Promise<HttpFixture> {
  const server = await start();
  cleanUps.push(() => server.stop());
  return server;
}

function callContext(options: Partial<ToolCallContext> = {}): ToolCallContext & { deltas: ToolDelta[] } {
  const deltas: ToolDelta[] = [];
  return {
    signal: new AbortController().signal,
    toolUseId: "toolu_1",
    idempotencyKey: "key-1",
    owner: { issuer: "https://host.example", organization: "acme", user: "ann" },
    onDelta: async (delta) => {
      deltas.push(delta);
    },
    deltas,
    ...options,
  };
}

/** The server has heard that one call was given up. */
async function expectCancelled(tool: Opened["tool"]): Promise<void> {
  const cancelled = await tool("fixture__cancelled");
  const count = async (): Promise<unknown> => (await cancelled.run({}, callContext())).content;
  await expect.poll(count).toEqual([{ type: "text", text: "1" }]);
}

/** Tools that only run as a task exist in the protocol of the previous SDK; the current one has no such thing. */
const SERVERS: [title: string, configure: () => Promise<McpServerConfig>][] = [
  ["stdio, current SDK", async () => stdio("stdio-server-2.ts")],
  ["stdio, previous SDK", async () => stdio("stdio-server-1.ts")],
  ["HTTP, current SDK", async () => ({ type: "http", url: (await http(startHttpServer2)).url })],
  ["HTTP, previous SDK", async () => ({ type: "http", url: (await http(startHttpServer1)).url })],
];

describe.each(SERVERS)("A tool catalog over %s", (_title, configure) => {
  const open = async (options: Pick<McpServerConfig, "trusted" | "timeoutSeconds"> = {}): Promise<Opened> =>
    openCatalog({ fixture: { ...(await configure()), ...options } });

  /** For tests that leave the server as it is. */
  let common: Opened;
  const commonCleanUps: typeof cleanUps = [];
  beforeAll(async () => {
    common = await open();
    commonCleanUps.push(...cleanUps.splice(0));
  });
  afterAll(async () => {
    for (const cleanUp of commonCleanUps.toReversed()) await cleanUp();
  });

  it("lists every page, sorted, without the tools that cannot be offered", async () => {
    const { catalog } = common;
    const names = (await catalog.list()).map((tool) => tool.name);
    expect(names.filter((name) => name !== "fixture__task")).toEqual(OFFERED);
    expect(catalog.health().get("fixture")).toBe("connected");
  });

  it("names each tool that is left out in the log, with the reason", async () => {
    const { catalog, lines } = common;
    await catalog.list();
    const leftOut = lines.filter((line) => line.message === "a tool is left out");
    expect(new Set(leftOut.map((line) => line["tool"]).filter((name) => name !== "task"))).toEqual(
      new Set(["alternatives", "bad property", "fixture__look-alike", "fixture__look_alike", "remote"]),
    );
    expect(leftOut.every((line) => typeof line["reason"] === "string")).toBe(true);
  });

  it("strips invisible characters from titles and descriptions", async () => {
    const { tool } = common;
    expect(await tool("fixture__read")).toMatchObject({ title: "Read it", description: "Does read." });
  });

  it("calls a tool and reads its answer", async () => {
    const { tool } = common;
    const output = await (await tool("fixture__echo")).run({ text: "hi" }, callContext());
    expect(output).toMatchObject({ content: [{ type: "text", text: '{"text":"hi"}' }], isError: false });
    expect(output.structuredContent?.["input"]).toEqual({ text: "hi" });
  });

  it("sends the idempotency key, and the user only to a trusted server", async () => {
    const untrusted = await (await common.tool("fixture__echo")).run({}, callContext());
    const trusted = await (await (await open({ trusted: true })).tool("fixture__echo")).run({}, callContext());
    expect(untrusted.structuredContent?.["meta"]).toMatchObject({ "chatbot/idempotencyKey": "key-1" });
    expect(untrusted.structuredContent?.["meta"]).not.toHaveProperty("chatbot/user");
    expect(trusted.structuredContent?.["meta"]).toMatchObject({
      "chatbot/user": { issuer: "https://host.example", organization: "acme", user: "ann" },
    });
  });

  it("hears every progress notification, in order, before the answer", async () => {
    const { tool } = common;
    const context = callContext();
    await (await tool("fixture__progress")).run({ count: 40 }, context);
    const parts = Array.from({ length: 40 }, (_, index) => `part ${index + 1}\n`);
    expect(context.deltas.map(({ chunk }) => chunk).join("")).toBe(parts.join(""));
    expect(context.deltas.at(-1)).toMatchObject({ channel: "progress", progress: 40, total: 40 });
  });

  it("ends a call that is cancelled, and tells the server", async () => {
    const { tool } = openCatalog({ fixture: await configure() }, { "*": { permissions: [], approval: "never" } });
    const wait = await tool("fixture__wait");
    const cancel = new AbortController();
    const context = callContext({
      signal: cancel.signal,
      onDelta: async () => cancel.abort(new Error("the user pressed stop")),
    });
    await expect(wait.run({}, context)).rejects.toThrow("the user pressed stop");
    await expectCancelled(tool);
  });

  it("ends a call at its deadline with words for the model, and tells the server", async () => {
    const { tool } = await open();
    const output = await (await tool("fixture__wait")).run({}, callContext());
    expect(output.isError).toBe(true);
    expect(output.content).toEqual([{ type: "text", text: expect.stringContaining("0.2 seconds") }]);
    await expectCancelled(tool);
  });

  it("passes a failure on as an error result", async () => {
    const { tool } = common;
    const output = await (await tool("fixture__fail")).run({}, callContext());
    expect(output).toEqual({ content: [{ type: "text", text: "no such member" }], isError: true });
  });

  it("turns a refusal of the protocol into an error result", async () => {
    const { tool } = common;
    const output = await (await tool("fixture__refuse")).run({}, callContext());
    expect(output.isError).toBe(true);
    expect(JSON.stringify(output.content)).toContain("refused for a reason");
  });

  it("takes a big answer", async () => {
    const { tool } = common;
    const output = await (await tool("fixture__big")).run({ characters: 1_000_000 }, callContext());
    expect(output.content).toEqual([{ type: "text", text: "ä".repeat(1_000_000) }]);
  });

  it("reads every kind of block, and leaves out images that can do something", async () => {
    const { tool } = common;
    const output = await (await tool("fixture__kinds")).run({}, callContext());
    expect(output.content.map((block) => block.type)).toEqual([
      "text",
      "image",
      "text",
      "audio",
      "resource_link",
      "resource",
      "resource",
    ]);
    expect(output.structuredContent).toEqual({ kinds: 7 });
  });

  it("keeps a result that does not match the tool's own output schema", async () => {
    const { tool } = common;
    const output = await (await tool("fixture__mismatch")).run({}, callContext());
    expect(output).toEqual({ content: [{ type: "text", text: "no structured content" }], isError: false });
  });

  it("checks an input before it is sent, in words the model can act on", async () => {
    const { tool } = common;
    const echo = await tool("fixture__echo");
    expect(echo.checkInput({ text: "short" })).toBeNull();
    expect(echo.checkInput({ text: "much too long" })).toContain("#/text");
    expect(echo.checkInput({ other: 1 })).toContain("other");
    expect(echo.checkInput({ toString: "x" })).toContain("toString");
  });

  it("hears that the tools changed", async () => {
    const { catalog, tool } = await open();
    await (await tool("fixture__grow")).run({}, callContext());
    await expect.poll(async () => (await catalog.list()).map((each) => each.name)).toContain("fixture__grown");
  });

  it("keeps the fingerprint from one connection to the next", async () => {
    const [first, second] = [common, await open()];
    const fingerprints = async ({ catalog }: Opened): Promise<string[]> =>
      (await catalog.list()).map((each) => each.fingerprint);
    expect(await fingerprints(first)).toEqual(await fingerprints(second));
  });
});

describe.each(["stdio-server-2.ts", "stdio-server-1.ts"])("A tool catalog over stdio, %s", (script) => {
  it("loses the call of a server that dies, and starts it anew", async () => {
    const { catalog, tool } = openCatalog({ fixture: stdio(script) });
    await expect((await tool("fixture__die")).run({}, callContext())).rejects.toThrow(CallLost);
    expect(catalog.health().get("fixture")).toBe("failed");
    // Its tools are told meanwhile, too: a prompt must not change because a server is away.
    const health = async (): Promise<string | undefined> => {
      expect((await catalog.list()).map(({ name }) => name)).toContain("fixture__echo");
      return catalog.health().get("fixture");
    };
    await expect.poll(health, { timeout: 4_000 }).toBe("connected");
  });

  it("gives the server nothing of our environment but what is on the list", async () => {
    process.env["FIXTURE_SECRET"] = "secret";
    cleanUps.push(async () => {
      delete process.env["FIXTURE_SECRET"];
    });
    const { tool } = openCatalog({ fixture: stdio(script, { env: { FIXTURE_GIVEN: "1" } }) });
    const output = await (await tool("fixture__environment")).run({}, callContext());
    expect(JSON.stringify(output.content)).toContain("FIXTURE_GIVEN");
    expect(JSON.stringify(output.content)).not.toContain("FIXTURE_SECRET");
  });
});

describe.each([
  ["current SDK", startHttpServer2],
  ["previous SDK", startHttpServer1],
])("A tool catalog over HTTP, %s", (_title, start) => {
  it("sends the configured headers with every request", async () => {
    const server = await http(start);
    const { tool } = openCatalog({
      fixture: { type: "http", url: server.url, headers: { Authorization: "Bearer own" } },
    });
    await (await tool("fixture__echo")).run({}, callContext());
    expect(server.headers.length).toBeGreaterThan(2);
    expect(server.headers.every((headers) => headers.authorization === "Bearer own")).toBe(true);
  });

  it("opens a new session, once, when the server has forgotten it", async () => {
    const server = await http(start);
    const { tool } = openCatalog({ fixture: { type: "http", url: server.url } });
    const echo = await tool("fixture__echo");
    server.forgetSessions();
    const outputs = await Promise.all([1, 2, 3].map((n) => echo.run({ text: String(n) }, callContext())));
    expect(outputs.map((output) => output.isError)).toEqual([false, false, false]);
    expect(server.fixture.calls).toEqual(["echo", "echo", "echo"]);
  });

  it("loses a call when the connection is cut, and does not repeat it", async () => {
    const server = await http(start);
    const { tool } = openCatalog(
      { fixture: { type: "http", url: server.url } },
      { "fixture__*": { permissions: [], approval: "never" } },
    );
    const running = (await tool("fixture__wait")).run({}, callContext());
    const outcome = expect(running).rejects.toThrow(CallLost);
    await expect.poll(() => server.fixture.calls).toEqual(["wait"]);
    server.cutConnections();
    await outcome;
    expect(server.fixture.calls).toEqual(["wait"]);
  });

  it("gives up an answer that would fill the memory, and goes on", async () => {
    const server = await http(start);
    const { tool } = openCatalog({ fixture: { type: "http", url: server.url } });
    const big = (await tool("fixture__big")).run({ characters: 6_000_000 }, callContext());
    await expect(big).rejects.toThrow(CallLost);
    expect(await (await tool("fixture__echo")).run({}, callContext())).toMatchObject({ isError: false });
  });

  it("says that nothing was done when the server is down, and goes on when it is back", async () => {
    const server = await http(start);
    const { tool } = openCatalog({ fixture: { type: "http", url: server.url } });
    const echo = await tool("fixture__echo");
    await server.stop();
    server.forgetSessions();
    expect(await echo.run({}, callContext())).toMatchObject({ isError: true });
    await server.start();
    expect(await echo.run({}, callContext())).toMatchObject({ isError: false });
  });
});

describe("A tool catalog", () => {
  it("leaves out servers that do not answer, and keeps the others", async () => {
    const server = await http(startHttpServer2);
    await server.stop();
    const { catalog, lines } = openCatalog(
      {
        down: { type: "http", url: server.url },
        missing: { command: "/nonexistent/command" },
        dying: { command: process.execPath, args: ["-e", "process.exit(1)"] },
        fixture: stdio("stdio-server-1.ts"),
      },
      { "*": { permissions: [], approval: "never" } },
    );
    expect((await catalog.list()).map((tool) => tool.name)).toEqual(OFFERED);
    expect(Object.fromEntries(catalog.health())).toEqual({
      down: "failed",
      missing: "failed",
      dying: "failed",
      fixture: "connected",
    });
    const failures = lines.filter((line) => line.message.startsWith("could not connect"));
    expect(new Set(failures.map((line) => line["server"]))).toEqual(new Set(["down", "dying", "missing"]));
  });

  it("does not wait for a server that never answers, not even to be closed", async () => {
    const silent = createServer(() => {});
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, "127.0.0.1", () => {
        const address = silent.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    cleanUps.push(async () => {
      silent.closeAllConnections();
      silent.close();
    });
    const { catalog, lines } = openCatalog({ silent: { type: "http", url: `http://127.0.0.1:${port}/` } }, RULES, 50);
    expect((await catalog.list()).map((tool) => tool.name)).toEqual(BUILT_IN);
    expect(catalog.health().get("silent")).toBe("connecting");
    expect(lines.map((line) => line.message)).toEqual(["a tool server is too slow to be listed now"]);
    await catalog.close();
  });

  it("hides a tool that only runs as a task", async () => {
    const { catalog, lines } = openCatalog({ fixture: stdio("stdio-server-1.ts") });
    expect((await catalog.list()).map((tool) => tool.name)).toEqual(OFFERED);
    expect(lines).toContainEqual(expect.objectContaining({ tool: "task", reason: "it runs only as a task" }));
  });

  it("offers no tool that has no rule", async () => {
    const { catalog } = openCatalog(
      { fixture: stdio("stdio-server-2.ts") },
      { fixture__echo: { permissions: [], approval: "never" } },
    );
    expect((await catalog.list()).map((tool) => tool.name)).toEqual(["fixture__echo", ...BUILT_IN]);
  });

  it("holds a tool that only an issuer's own rules name, under no rule", async () => {
    const issuerRules = [{ fixture__echo: { permissions: [], approval: "never", timeoutSeconds: 0.2 } as const }];
    const { catalog } = openCatalog({ fixture: stdio("stdio-server-2.ts") }, {}, 20_000, issuerRules);
    const tools = await catalog.list();
    expect(tools.map((tool) => tool.name)).toEqual(["fixture__echo", ...BUILT_IN]);
    expect(tools[0]?.rule).toBeNull();
  });

  it("ends a call when the issuer's own rule says so", async () => {
    const rule = { permissions: [], approval: "never", timeoutSeconds: 0.2 } as const;
    const { tool } = openCatalog(
      { fixture: stdio("stdio-server-2.ts") },
      { "*": { permissions: [], approval: "never" } },
    );
    const [wait] = permittedTools([await tool("fixture__wait")], [], { fixture__wait: rule });
    expect(JSON.stringify(await wait?.run({}, callContext()))).toContain("0.2 seconds");
  });

  it("tells when a tool has changed, once, and logs it", async () => {
    const server = await http(startHttpServer2);
    const { catalog, lines, tool } = openCatalog({ fixture: { type: "http", url: server.url } });
    const heard: Heard[] = [];
    const stop = catalog.onLoaded((name, tools) => heard.push([name, new Map(tools.map(pair))]));
    const echo = await tool("fixture__echo");
    expect(heard).toEqual([["fixture", expect.any(Map)]]);
    for (const each of (await catalog.list()).filter(isOfFixture)) {
      expect(heard[0]?.[1].get(each.name)).toBe(each.fingerprint);
    }
    server.fixture.change("echo");
    // Nobody asks for the list. Whoever is not listening yet does not hear the first announcement.
    const heardSince = (): Heard[] => {
      server.announce();
      return heard.slice(1);
    };
    await expect.poll(heardSince, { timeout: 20_000, interval: 2_000 }).toHaveLength(1);
    const changes = lines.filter((line) => line.message.startsWith("a tool has changed"));
    expect(changes).toEqual([expect.objectContaining({ server: "fixture", tool: "fixture__echo" })]);
    expect(heard[1]?.[1].size).toBe(heard[0]?.[1].size);
    expect(heard[1]?.[1].get("fixture__echo")).not.toBe(echo.fingerprint);
    expect((await tool("fixture__echo")).fingerprint).toBe(heard[1]?.[1].get("fixture__echo"));
    stop();
  });

  it("tells when a tool is gone, once, and logs it; also when it is back", async () => {
    const server = await http(startHttpServer2);
    const { catalog, lines } = openCatalog({ fixture: { type: "http", url: server.url } });
    const heard: Heard[] = [];
    catalog.onLoaded((name, tools) => heard.push([name, new Map(tools.map(pair))]));
    await catalog.list();
    server.fixture.take("echo");
    const hasEcho = (): boolean[] => {
      server.announce();
      return heard.map(([, tools]) => tools.has("fixture__echo"));
    };
    await expect.poll(hasEcho, { timeout: 20_000, interval: 2_000 }).toEqual([true, false]);
    expect((await catalog.list()).map(({ name }) => name)).not.toContain("fixture__echo");
    const gone = lines.filter((line) => line.message.startsWith("a tool is gone"));
    expect(gone).toEqual([expect.objectContaining({ server: "fixture", tool: "fixture__echo" })]);
    server.fixture.giveBack("echo");
    await expect.poll(hasEcho, { timeout: 20_000, interval: 2_000 }).toEqual([true, false, true]);
    expect(heard[2]).toEqual(heard[0]);
    expect(lines.some((line) => line.message.startsWith("a tool has changed"))).toBe(false);
  });

  it("tells nothing of the tools of a server that is away", async () => {
    const server = await http(startHttpServer2);
    const { catalog } = openCatalog({ fixture: { type: "http", url: server.url } });
    const heard: string[] = [];
    catalog.onLoaded((name) => heard.push(name));
    await catalog.list();
    await server.stop();
    server.cutConnections();
    expect((await catalog.list("fixture")).map(({ name }) => name)).toEqual(BUILT_IN);
    expect((await catalog.list()).map(({ name }) => name)).toContain("fixture__echo");
    expect(heard).toEqual(["fixture"]);
    await server.start();
  });

  it("refuses servers whose tools could pass for another's", async () => {
    const { catalog, lines } = openCatalog({
      workspace: stdio("stdio-server-2.ts"),
      "a b": stdio("stdio-server-2.ts"),
      a_b: stdio("stdio-server-2.ts"),
      x: stdio("stdio-server-2.ts"),
      x__y: stdio("stdio-server-2.ts"),
    });
    expect((await catalog.list()).map((tool) => tool.name)).toEqual(BUILT_IN);
    expect(lines.map((line) => line["server"])).toEqual(["workspace", "a b", "a_b", "x", "x__y"]);
    expect(catalog.health().size).toBe(0);
  });

  it("starts a server once for all who ask at the same time", async () => {
    const { catalog, lines } = openCatalog({ fixture: stdio("stdio-server-2.ts") });
    await Promise.all([catalog.list(), catalog.list(), catalog.list()]);
    expect(lines.filter((line) => line.message === "connected to a tool server")).toHaveLength(1);
  });

  it("knows the rule of each tool without asking anybody", () => {
    const never = { permissions: ["workspace:read"], approval: "never" } as const;
    const servers = { fixture: { type: "http", url: "http://127.0.0.1:9/mcp" } } as const;
    const { catalog } = openCatalog(servers, { ...RULES, workspace__list_files: never });
    expect(catalog.ruleOf("fixture__echo")).toEqual(RULES["fixture__*"]);
    expect(catalog.ruleOf("fixture__wait")).toEqual(RULES["fixture__wait"]);
    expect(catalog.ruleOf("workspace__list_files")).toEqual(never);
    expect(catalog.ruleOf("workspace__write_file")).toMatchObject({ permissions: ["workspace:write"] });
    expect(catalog.ruleOf("other__echo")).toBeNull();
  });

  it("lets the operator change the rule of a built-in tool, but not by a rule for everything", async () => {
    const everything: ToolRule = { permissions: [], approval: "never" };
    const byDefault = await openCatalog({}, { "*": everything }).catalog.list();
    const byPattern = await openCatalog({}, { "workspace__*": everything }).catalog.list();
    expect(byDefault.map(({ name, rule }) => [name, rule?.permissions, rule?.approval])).toEqual([
      ["workspace__edit_file", ["workspace:write", "workspace:overwrite"], "always"],
      ["workspace__list_files", ["workspace:read"], "never"],
      ["workspace__read_file", ["workspace:read"], "never"],
      ["workspace__write_file", ["workspace:write"], "always"],
    ]);
    expect(byPattern.map(({ rule }) => rule)).toEqual([everything, everything, everything, everything]);
  });
});
