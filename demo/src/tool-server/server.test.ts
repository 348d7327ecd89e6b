import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createToolServer, type ToolServer } from "./server.ts";

const TOKEN = "secret-token";

async function connect(url: string, mode: "auto" | "legacy" = "auto"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  const requestInit = { headers: { Authorization: `Bearer ${TOKEN}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

describe("The members tool server", () => {
  let server: ToolServer;
  let client: Client;

  beforeEach(async () => {
    server = await createToolServer({ token: TOKEN });
    client = await connect(server.url);
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  async function call(
    name: string,
    input: Record<string, unknown> = {},
  ): Promise<{ isError: boolean; text: string; value: unknown }> {
    const { content, structuredContent, isError } = await client.callTool({ name, arguments: input });
    const text = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
    return { isError: isError === true, text, value: structuredContent };
  }

  it("offers four tools, told apart by what they may do", async () => {
    const { tools } = await client.listTools();
    const hints = tools.map(({ name, title, annotations }) => [
      name,
      title,
      annotations?.readOnlyHint,
      annotations?.destructiveHint,
    ]);
    expect(hints).toEqual([
      ["member_list", "List members", true, undefined],
      ["member_get", "Show a member", true, undefined],
      ["member_invite", "Invite a member", false, false],
      ["member_remove", "Remove a member", false, true],
    ]);
    expect(tools.every((tool) => tool.inputSchema.type === "object" && tool.outputSchema !== undefined)).toBe(true);
  });

  it("speaks the protocol's older version too", async () => {
    const older = await connect(server.url, "legacy");
    expect((await older.listTools()).tools).toHaveLength(4);
    await older.close();
  });

  it("lists a dozen members, as data and as text", async () => {
    const { value, text } = await call("member_list");
    expect(value).toMatchObject({ members: { length: 12, 0: { id: 1, name: "Amara Okafor" } } });
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each([
    [{ role: "cox" }, ["Chiara Conti", "Jun Tanaka"]],
    [{ search: "sør" }, ["Daniel Sørensen"]],
    [{ search: "O'BRIEN" }, ["George O'Brien"]],
    [{ search: "@harbour.example", role: "coach" }, ["Amara Okafor"]],
    [{ search: "' OR 1=1 --" }, []],
  ])("lists only members that match %j", async (filter, names) => {
    const { value } = await call("member_list", filter);
    expect(value).toEqual({ members: names.map((name) => expect.objectContaining({ name })) });
  });

  it("shows one member", async () => {
    expect((await call("member_get", { member_id: 8 })).value).toMatchObject({ member: { id: 8, name: "Hana Novák" } });
  });

  it("invites a member under the next number", async () => {
    const { value } = await call("member_invite", { email: "ada@example.org", name: "Ada Byron" });
    expect(value).toMatchObject({ member: { id: 13, name: "Ada Byron", role: "rower" } });
    expect((await call("member_get", { member_id: 13 })).value).toEqual(value);
  });

  it("removes a member for good and never gives the number to another", async () => {
    expect((await call("member_remove", { member_id: 12 })).value).toMatchObject({ member: { name: "Luís Pereira" } });
    expect(await call("member_remove", { member_id: 12 })).toMatchObject({
      isError: true,
      text: "Nobody has the number 12.",
    });
    const { value } = await call("member_invite", { email: "ada@example.org", name: "Ada Byron" });
    expect(value).toMatchObject({ member: { id: 13 } });
  });

  it("does not invite the same address twice, however it is written", async () => {
    const input = { email: "Bruno.ALVES@harbour.example", name: "Bruno" };
    expect(await call("member_invite", input)).toMatchObject({
      isError: true,
      text: expect.stringContaining("already"),
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ["member_get", {}],
    ["member_get", { member_id: "1" }],
    ["member_get", { member_id: 0 }],
    ["member_get", { member_id: 1.5 }],
    ["member_get", { member_id: 1, extra: true }],
    ["member_remove", { member_id: null }],
    ["member_invite", { email: "nobody", name: "A" }],
    ["member_invite", { email: "a@example.org", name: " " }],
    ["member_invite", { email: "a@example.org", name: "A", role: "king" }],
    ["member_list", { role: "king" }],
  ])("answers %s %j with an error that the model can read", async (name, input) => {
    const { isError, text } = await call(name, input);
    expect(isError).toBe(true);
    expect(text).not.toBe("");
  });

  it.each<[string, Record<string, string>, number]>([
    ["no token", {}, 401],
    ["a wrong token", { authorization: "Bearer wrong" }, 401],
    ["another scheme", { authorization: TOKEN }, 401],
    ["a page's origin", { authorization: `Bearer ${TOKEN}`, origin: "https://evil.example" }, 403],
  ])("refuses a request with %s", async (_, headers, status) => {
    const response = await fetch(server.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "{}",
    });
    expect(response.status).toBe(status);
  });
});

describe("The members' database", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "members-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("keeps what was changed over a restart", async () => {
    const databasePath = join(directory, "members.db");
    const before = await createToolServer({ token: TOKEN, databasePath });
    const first = await connect(before.url);
    await first.callTool({ name: "member_remove", arguments: { member_id: 1 } });
    await first.close();
    await before.stop();

    const after = await createToolServer({ token: TOKEN, databasePath });
    const second = await connect(after.url);
    const { structuredContent } = await second.callTool({ name: "member_list", arguments: {} });
    await second.close();
    await after.stop();
    expect(structuredContent).toMatchObject({ members: { length: 11, 0: { id: 2 } } });
  });
});

describe("createToolServer", () => {
  it("does not start without a token", async () => {
    await expect(createToolServer({ token: "" })).rejects.toThrow("needs a token");
  });
});
