import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicServer, startEverythingOverHttp } from "../../test/fixtures/public-servers.ts";
import { McpServers } from "./mcp-servers.ts";
import type { ToolDelta, ToolOutput } from "./tool.ts";
import type { McpServerConfig } from "./tool-config.ts";
import { forBrowser, forModel } from "./tool-result.ts";

/** The public servers as this server meets them: nothing of either is made for these tests. */
function connect(config: McpServerConfig) {
  const warnings: Record<string, unknown>[] = [];
  const servers = new McpServers({
    servers: { it: config },
    rules: { "*": { permissions: [], approval: "never" } },
    log: { info: () => undefined, warn: (fields) => warnings.push(fields) },
    patienceMs: 25_000,
  });
  const find = async (name: string) => {
    const tool = (await servers.list()).find((each) => each.name === `it__${name}`);
    if (tool === undefined) throw new Error(`${name} is not offered`);
    return tool;
  };
  const call = async (
    name: string,
    input: Record<string, unknown> = {},
    options: { signal?: AbortSignal; onDelta?: (delta: ToolDelta) => Promise<void> } = {},
  ): Promise<ToolOutput> => {
    const { signal = new AbortController().signal, onDelta = async () => undefined } = options;
    const owner = { issuer: "https://host.example", organization: "acme", user: "ann" };
    return (await find(name)).run(input, { signal, toolUseId: "toolu_1", idempotencyKey: "key", owner, onDelta });
  };
  return { servers, warnings, find, call };
}

type Connected = ReturnType<typeof connect>;

describe.each([
  ["stdio", async () => ({ config: publicServer("everything"), stop: async (): Promise<void> => undefined })],
  [
    "Streamable HTTP",
    async () => {
      const { url, stop } = await startEverythingOverHttp();
      return { config: { type: "http" as const, url }, stop };
    },
  ],
])("@modelcontextprotocol/server-everything over %s", (_transport, start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let everything: Connected;
  beforeAll(async () => {
    server = await start();
    everything = connect(server.config);
  });
  afterAll(async () => {
    await everything?.servers.close();
    await server?.stop();
  });

  it("has tools that can be offered, and one that cannot, because it runs only as a task", async () => {
    const tools = await everything.servers.list();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["it__echo", "it__get-sum", "it__get-tiny-image"]),
    );
    expect(everything.warnings).toEqual([
      { server: "it", tool: "simulate-research-query", reason: "it runs only as a task" },
    ]);
    expect(everything.servers.health().get("it")).toBe("connected");
  });

  it("answers a call", async () => {
    expect(await everything.call("echo", { message: "hi" })).toEqual({
      content: [{ type: "text", text: "Echo: hi" }],
      isError: false,
    });
  });

  it("has its inputs checked before they are sent", async () => {
    const sum = await everything.find("get-sum");
    expect(sum.checkInput({ a: 1, b: 2 })).toBeNull();
    expect(sum.checkInput({ a: "one", b: 2 })).toContain("#/a");
  });

  it("refuses what it does not take, in words for the model", async () => {
    const output = await everything.call("get-sum", { a: "one", b: 2 });
    expect(output.isError).toBe(true);
    expect(forModel(output).isError).toBe(true);
  });

  it("tells how far it is, the last word before its answer", async () => {
    const deltas: ToolDelta[] = [];
    const output = await everything.call(
      "trigger-long-running-operation",
      { duration: 0.2, steps: 4 },
      { onDelta: async (delta) => void deltas.push(delta) },
    );
    expect(JSON.stringify(output.content)).toContain("completed");
    expect(deltas[0]).toMatchObject({ channel: "progress", total: 4 });
    expect(deltas.at(-1)).toMatchObject({ channel: "progress", progress: 4, total: 4 });
  });

  it("is left when a call is cancelled, and answers the next one", async () => {
    const cancel = new AbortController();
    const running = everything.call(
      "trigger-long-running-operation",
      { duration: 60, steps: 600 },
      { signal: cancel.signal, onDelta: async () => cancel.abort(new Error("stopped")) },
    );
    await expect(running).rejects.toThrow("stopped");
    expect(await everything.call("echo", { message: "still here" })).toMatchObject({ isError: false });
  });

  it("shows an image to the model and to the browser", async () => {
    const output = await everything.call("get-tiny-image");
    expect(forModel(output).content).toContainEqual(expect.objectContaining({ type: "image", mediaType: "image/png" }));
    expect(forBrowser(output).content).toContainEqual(
      expect.objectContaining({ type: "image", mimeType: "image/png" }),
    );
  });

  it("links to resources, which become words for the model", async () => {
    const output = await everything.call("get-resource-links", { count: 2 });
    expect(output.content.filter(({ type }) => type === "resource_link")).toHaveLength(2);
    expect(JSON.stringify(forModel(output).content)).toContain("demo://resource/");
  });

  it("embeds a resource", async () => {
    const output = await everything.call("get-resource-reference", { resourceType: "Text", resourceId: 1 });
    expect(output.content.map(({ type }) => type)).toContain("resource");
  });

  it("answers with structured content", async () => {
    const output = await everything.call("get-structured-content", { location: "Chicago" });
    expect(output.structuredContent).toMatchObject({ conditions: "Light rain / drizzle", humidity: 82 });
    expect(forBrowser(output).structuredContent).toEqual(output.structuredContent);
  });
});

describe("@modelcontextprotocol/server-everything", () => {
  it("finds nothing in its environment that is ours", async () => {
    process.env["PUBLIC_SERVERS_SECRET"] = "ours";
    const { servers, call } = connect(publicServer("everything"));
    try {
      const output = await call("get-env");
      expect(JSON.stringify(output.content)).toContain("PATH");
      expect(JSON.stringify(output.content)).not.toContain("PUBLIC_SERVERS_SECRET");
    } finally {
      delete process.env["PUBLIC_SERVERS_SECRET"];
      await servers.close();
    }
  });
});

describe("@modelcontextprotocol/server-filesystem", () => {
  let directory: string;
  let files: Connected;
  beforeAll(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), "chat-bot-files-")));
    files = connect(publicServer("filesystem", directory));
  });
  afterAll(async () => {
    await files?.servers.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("keeps to the directories it was started with", async () => {
    expect(JSON.stringify((await files.call("list_allowed_directories")).content)).toContain(directory);
  });

  it("writes a file and lists it", async () => {
    const path = join(directory, "note.txt");
    expect(await files.call("write_file", { path, content: "Grüße 😀" })).toMatchObject({ isError: false });
    expect(await readFile(path, "utf8")).toBe("Grüße 😀");
    expect(JSON.stringify((await files.call("list_directory", { path: directory })).content)).toContain("note.txt");
  });

  it("says no outside of them, as an error that the model can read", async () => {
    const output = await files.call("read_text_file", { path: "/etc/passwd" });
    expect(output.isError).toBe(true);
    expect(JSON.stringify(forModel(output))).toContain("Access denied");
  });

  it("answers with more than the model and the browser take, and both are told so", async () => {
    const path = join(directory, "big.txt");
    await writeFile(path, "ä".repeat(1_000_000));
    const output = await files.call("read_text_file", { path });
    const model = forModel(output);
    const text = model.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
    expect(Buffer.byteLength(text[0] ?? "")).toBe(64 * 1024);
    expect(text.at(-1)).toMatch(/^\[cut off: \d+ more bytes\]$/);
    const browser = forBrowser(output);
    expect(browser.truncated).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(browser.content))).toBeLessThanOrEqual(256 * 1024);
  });
});
