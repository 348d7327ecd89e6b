import { describe, expect, it } from "vitest";
import type { MessagesRequest, RequestMessage, ToolDefinition } from "./messages-request.ts";
import type { Reply } from "./reply.ts";
import { decideReply } from "./script.ts";

const LIST = "members__member_list";
const GET = "members__member_get";
const REMOVE = "members__member_remove";
const INVITE = "members__member_invite";
const WRITE = "workspace__write_file";
const EDIT = "workspace__edit_file";
const READ = "workspace__read_file";
const LIST_FILES = "workspace__list_files";
const ALL = [LIST, GET, REMOVE, INVITE, WRITE, EDIT, READ, LIST_FILES];

const club = {
  members: [
    { id: 2, name: "Bruno Alves", email: "bruno.alves@harbour.example", role: "rower" },
    { id: 7, name: "George O'Brien", email: "george.obrien@harbour.example", role: "rower" },
    { id: 9, name: "Bruno Costa", email: "bruno.costa@harbour.example", role: "cox" },
  ],
};

interface Round {
  name: string;
  input: Record<string, unknown>;
  result: unknown;
  isError?: boolean;
}

/** The request after these rounds of calls, each round answered before the next. */
function request(text: string, rounds: Round[][] = [], tools: readonly string[] = ALL): MessagesRequest {
  const messages: RequestMessage[] = [{ role: "user", content: text }];
  for (const [index, round] of rounds.entries()) {
    messages.push(
      {
        role: "assistant",
        content: round.map(({ name, input }, at) => ({ type: "tool_use", id: `t${index}_${at}`, name, input })),
      },
      {
        role: "user",
        content: round.map(({ result, isError }, at) => ({
          type: "tool_result",
          tool_use_id: `t${index}_${at}`,
          content: typeof result === "string" ? result : JSON.stringify(result),
          is_error: isError,
        })),
      },
    );
  }
  const definitions = tools.map((name): ToolDefinition => ({ name, input_schema: { type: "object" } }));
  return { model: "claude-haiku-4-5", max_tokens: 1000, messages, tools: definitions };
}

function callsOf(reply: Reply): { name: string; input: unknown }[] {
  return reply.blocks.flatMap((block) =>
    block.type === "tool_use" ? [{ name: block.name, input: JSON.parse(block.json) as unknown }] : [],
  );
}

function textOf(reply: Reply): string {
  return reply.blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
}

const listed: Round[] = [{ name: LIST, input: {}, result: club }];

describe("decideReply", () => {
  it.each<[string, { name: string; input: unknown }[]]>([
    ["list the members", [{ name: LIST, input: {} }]],
    ["Please list all members.", [{ name: LIST, input: {} }]],
    ["Who are our members?", [{ name: LIST, input: {} }]],
    ["liste os membros", [{ name: LIST, input: {} }]],
    ["show member 3", [{ name: GET, input: { member_id: 3 } }]],
    ["show me the member #12", [{ name: GET, input: { member_id: 12 } }]],
    ["remove member 7", [{ name: REMOVE, input: { member_id: 7 } }]],
    ["Remova o membro 7", [{ name: REMOVE, input: { member_id: 7 } }]],
    ["remove George O'Brien", [{ name: LIST, input: {} }]],
    ["show member Hana Novák", [{ name: LIST, input: {} }]],
    ["invite ada.byron@example.org", [{ name: INVITE, input: { email: "ada.byron@example.org", name: "Ada Byron" } }]],
    ["Convide Ada King (ada@example.org).", [{ name: INVITE, input: { email: "ada@example.org", name: "Ada King" } }]],
    [
      "create a file notes/hello.txt with content Hello world",
      [{ name: WRITE, input: { path: "notes/hello.txt", content: "Hello world" } }],
    ],
    [
      "Crie um arquivo notas/olá.txt com conteúdo Olá, mundo",
      [{ name: WRITE, input: { path: "notas/olá.txt", content: "Olá, mundo" } }],
    ],
    [
      'create a file "my notes.txt" with the text: "two\nlines"',
      [{ name: WRITE, input: { path: "my notes.txt", content: "two\nlines" } }],
    ],
    [
      "overwrite the file a.txt with content b",
      [{ name: WRITE, input: { path: "a.txt", content: "b", overwrite: true } }],
    ],
    ["create a file a.md with content markdown", [{ name: WRITE, input: { path: "a.md", content: "markdown" } }]],
    [
      "create a file a.txt with content bread and butter",
      [{ name: WRITE, input: { path: "a.txt", content: "bread and butter" } }],
    ],
    [
      "list the members and create a file a.txt with content x",
      [
        { name: LIST, input: {} },
        { name: WRITE, input: { path: "a.txt", content: "x" } },
      ],
    ],
    [
      "create a file a.txt with content x and create a file b.txt with content y",
      [
        { name: WRITE, input: { path: "a.txt", content: "x" } },
        { name: WRITE, input: { path: "b.txt", content: "y" } },
      ],
    ],
    [
      "remove member 3 and remove member 4",
      [
        { name: REMOVE, input: { member_id: 3 } },
        { name: REMOVE, input: { member_id: 4 } },
      ],
    ],
    ["list my files", [{ name: LIST_FILES, input: {} }]],
    ["Please show me all files.", [{ name: LIST_FILES, input: {} }]],
    ["liste meus arquivos", [{ name: LIST_FILES, input: {} }]],
    ["read the file notes/hello.txt", [{ name: READ, input: { path: "notes/hello.txt" } }]],
    ["Read the file notes/hello.txt.", [{ name: READ, input: { path: "notes/hello.txt" } }]],
    ['leia o arquivo "minhas notas.txt"', [{ name: READ, input: { path: "minhas notas.txt" } }]],
    [
      "replace world by Harbour in notes/hello.txt",
      [{ name: EDIT, input: { path: "notes/hello.txt", old_text: "world", new_text: "Harbour" } }],
    ],
    [
      'Replace "Hello, world" with "" in the file a.txt',
      [{ name: EDIT, input: { path: "a.txt", old_text: "Hello, world", new_text: "" } }],
    ],
    [
      "substitua Olá por Oi no arquivo notas/olá.txt",
      [{ name: EDIT, input: { path: "notas/olá.txt", old_text: "Olá", new_text: "Oi" } }],
    ],
    [
      "list my files and read the file a.txt",
      [
        { name: LIST_FILES, input: {} },
        { name: READ, input: { path: "a.txt" } },
      ],
    ],
    ["list the members and remove George", [{ name: LIST, input: {} }]],
    ["call an unknown tool", [{ name: "members__member_promote", input: { member_id: 1 } }]],
    ["write outside", [{ name: WRITE, input: { path: "../escape.txt", content: "This must never be written.\n" } }]],
  ])("answers %j with calls", (text, calls) => {
    expect(callsOf(decideReply(request(text)))).toEqual(calls);
  });

  it("writes as many lines as it is asked for", () => {
    const [call] = callsOf(decideReply(request("create a file big.txt with 2000 lines")));
    const { content } = (call?.input ?? { content: "" }) as { content: string };
    expect(content.split("\n")).toHaveLength(2001);
    expect(Buffer.byteLength(content)).toBeGreaterThan(95_000);
  });

  it("sends input of the wrong type when asked to", () => {
    expect(callsOf(decideReply(request("send invalid input")))).toMatchObject([{ name: WRITE, input: { path: 42 } }]);
  });

  it("removes by the number that it found under the name", () => {
    const reply = decideReply(request("remove George O'Brien", [listed]));
    expect(callsOf(reply)).toEqual([{ name: REMOVE, input: { member_id: 7 } }]);
  });

  it.each([
    ["a name that nobody has", "remove Zoe", "nobody called Zoe"],
    ["a name that two have", "remove Bruno", "More than one member"],
  ])("asks back about %s", (_, text, words) => {
    const reply = decideReply(request(text, [listed]));
    expect(callsOf(reply)).toEqual([]);
    expect(textOf(reply)).toContain(words);
  });

  it.each([
    "list the members",
    "show member 3",
    "remove member 3",
    "remove George",
    "invite a@example.org",
    "create a file a with content b",
    "list my files",
    "read the file a",
    "replace b by c in a",
  ])("says that it has no tool for %j", (text) => {
    const reply = decideReply(request(text, [], []));
    expect(callsOf(reply)).toEqual([]);
    expect(textOf(reply)).toContain("I have no tool to");
  });

  it("does what it may and says what it may not", () => {
    const wanted = "list the members and remove member 7";
    expect(callsOf(decideReply(request(wanted, [], [LIST])))).toEqual([{ name: LIST, input: {} }]);
    const end = decideReply(request(wanted, [listed], [LIST]));
    expect(textOf(end)).toContain("| 7 | George O'Brien | rower |");
    expect(textOf(end)).toContain("I have no tool to remove a member");
  });

  it.each<[string, string, Round, string]>([
    ["a list", "list the members", { name: LIST, input: {}, result: club }, "There are 3 members:"],
    [
      "a removal",
      "remove member 7",
      { name: REMOVE, input: { member_id: 7 }, result: { member: club.members[1] } },
      "is no longer a member",
    ],
    [
      "a file",
      "create a file a with content b",
      { name: WRITE, input: { path: "a", content: "b" }, result: "Created a (1 bytes)." },
      "Done. Created a",
    ],
    [
      "its files",
      "list my files",
      { name: LIST_FILES, input: {}, result: "notes/\nnotes/hello.txt (11 bytes)" },
      "These are your files:\n\n```text\nnotes/\nnotes/hello.txt (11 bytes)\n```",
    ],
    [
      "no files",
      "list my files",
      { name: LIST_FILES, input: {}, result: "The workspace is empty." },
      "The workspace is empty.",
    ],
    [
      "what a file says, also when it looks like something else",
      "read the file a",
      { name: READ, input: { path: "a" }, result: "```\n# no heading\n```\n" },
      "````text\n```\n# no heading\n```\n````",
    ],
    [
      "a denial",
      "remove member 7",
      {
        name: REMOVE,
        input: { member_id: 7 },
        result: "The user denied this call; do not try it again.",
        isError: true,
      },
      "You decided against it",
    ],
    [
      "an expired request",
      "remove member 7",
      {
        name: REMOVE,
        input: { member_id: 7 },
        result: "Nobody decided in time; the call was not approved.",
        isError: true,
      },
      "It was not approved",
    ],
    [
      "a failure",
      "show member 99",
      { name: GET, input: { member_id: 99 }, result: "Nobody has the number 99.", isError: true },
      "That did not work. I was told: Nobody has",
    ],
    [
      "an input that came back in another order",
      "create a file a with content b",
      { name: WRITE, input: { content: "b", path: "a" }, result: "Created." },
      "Done. Created.",
    ],
  ])("tells the user about %s", (_, text, round, words) => {
    const reply = decideReply(request(text, [[round]]));
    expect(callsOf(reply)).toEqual([]);
    expect(textOf(reply)).toContain(words);
  });

  it("takes a message behind superseded results as a new wish", () => {
    const superseded = request("remove member 7", [
      [
        {
          name: REMOVE,
          input: { member_id: 7 },
          result: "The user wrote a new message instead of deciding; the call was not approved.",
          isError: true,
        },
      ],
    ]);
    const last = superseded.messages.at(-1);
    if (last?.role === "user" && Array.isArray(last.content))
      last.content.push({ type: "text", text: "list the members" });
    expect(callsOf(decideReply(superseded))).toEqual([{ name: LIST, input: {} }]);
  });

  it("calls nothing when tools are switched off, and takes the note behind the results for what it is", () => {
    const final = request("remove George", [listed]);
    const last = final.messages.at(-1);
    if (last?.role === "user" && Array.isArray(last.content)) last.content.push({ type: "text", text: "Answer now." });
    const reply = decideReply({ ...final, tool_choice: { type: "none" } });
    expect(callsOf(reply)).toEqual([]);
    expect(textOf(reply)).toContain("may not use any more tools");
  });

  it("makes one call at a time when it is told to", () => {
    const asked = request("remove member 3 and remove member 4");
    const reply = decideReply({ ...asked, tool_choice: { type: "auto", disable_parallel_tool_use: true } });
    expect(callsOf(reply)).toHaveLength(1);
  });

  it.each([
    ["fail with overloaded", { kind: "overloaded", times: undefined }],
    ["Please fail with overloaded once", { kind: "overloaded", times: 1 }],
    ["rate limit twice", { kind: "rate_limited", times: 2 }],
    ["server error", { kind: "server_error" }],
    ["fail", { kind: "server_error" }],
    ["break the stream", { kind: "error_event" }],
    ["cut the stream", { kind: "eof" }],
    ["stall", { kind: "stall" }],
  ])("fails as %j asks", (text, fault) => {
    expect(decideReply(request(text)).fault).toMatchObject(fault);
  });

  it("refuses when asked to", () => {
    expect(decideReply(request("refuse")).stopReason).toBe("refusal");
  });

  it("shows all kinds of Markdown", () => {
    const text = textOf(decideReply(request("show me markdown")));
    for (const mark of ["# ", "| :-- |", "```ts", "- [x] ", "> ", "1. ", "](https://"]) expect(text).toContain(mark);
  });

  it.each(["hello", "", "what is the weather?", "delete", "create a file"])(
    "says what it can do when it gets %j",
    (text) => {
      expect(textOf(decideReply(request(text)))).toContain("I am the scripted Claude");
    },
  );

  it("offers only what its tools can do", () => {
    const text = textOf(decideReply(request("hello", [], [LIST])));
    expect(text).toContain("List the members");
    expect(text).not.toContain("Remove");
  });
});

describe("decideReply for a script: message", () => {
  const script = JSON.stringify([
    {
      text: "Hm.",
      thinking: "Let me see.",
      tool_use: [{ name: LIST, input: {}, id: "fixed" }],
      chunks: 2,
      delay_ms: 3,
    },
    { text: "ab", repeat: 3 },
  ]);

  it("takes its first step", () => {
    expect(decideReply(request(`script:${script}`))).toMatchObject({
      blocks: [
        { type: "thinking", thinking: "Let me see." },
        { type: "text", text: "Hm." },
        { type: "tool_use", id: "fixed", name: LIST, json: "{}" },
      ],
      pieces: 2,
      delayMs: 3,
    });
  });

  it("takes the next step after each round of results", () => {
    expect(textOf(decideReply(request(`script:${script}`, [listed])))).toBe("ababab");
    expect(textOf(decideReply(request(`script:${script}`, [listed, listed])))).toBe("The script has ended.");
  });

  it("goes on after a pause", () => {
    const asked = request(`script:${JSON.stringify([{ text: "Wait", stop_reason: "pause_turn" }, { text: "Now" }])}`);
    expect(decideReply(asked)).toMatchObject({ blocks: [{ text: "Wait" }], stopReason: "pause_turn" });
    asked.messages.push({ role: "assistant", content: "Wait" });
    expect(textOf(decideReply(asked))).toBe("Now");
  });

  it("takes one step without a list", () => {
    expect(textOf(decideReply(request('script:{"text":"one"}')))).toBe("one");
  });

  it("streams input as it stands, or as many lines as it is told", () => {
    const step = {
      tool_use: [
        { name: WRITE, json: '{"path":' },
        { name: WRITE, input: { path: "a" }, lines: 2 },
      ],
    };
    const [broken, long] = decideReply(request(`script:${JSON.stringify(step)}`)).blocks;
    expect(broken).toMatchObject({ json: '{"path":' });
    expect(long).toMatchObject({ json: expect.stringContaining("Line 2 of 2") });
  });

  it.each(["script:", "script:{", 'script:{"txt":"x"}', 'script:{"fault":"boom"}', "script:[1]"])(
    "explains what is wrong with %j",
    (text) => {
      expect(textOf(decideReply(request(text)))).toContain("The script is not valid");
    },
  );
});
