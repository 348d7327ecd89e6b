import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type { MessageCreateParamsNonStreaming, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScriptedClaude, type Exchange, type ScriptedClaude } from "./server.ts";

const KEY = "right-key";
const exchanges: Exchange[] = [];
let claude: ScriptedClaude;
let client: Anthropic;

beforeAll(async () => {
  claude = await createScriptedClaude({ delayMs: 0, apiKey: KEY, onExchange: (exchange) => exchanges.push(exchange) });
  client = new Anthropic({ apiKey: KEY, baseURL: claude.url, maxRetries: 0 });
});
afterAll(() => claude.stop());

function ask(content: string, more: Partial<MessageCreateParamsNonStreaming> = {}): MessageCreateParamsNonStreaming {
  return { model: "claude-haiku-4-5", max_tokens: 4000, messages: [{ role: "user", content }], ...more };
}

function script(...steps: object[]): string {
  return `script:${JSON.stringify(steps)}`;
}

const files = [{ name: "workspace__write_file", input_schema: { type: "object" as const } }];

async function stream(
  request: MessageCreateParamsNonStreaming,
  signal?: AbortSignal,
): Promise<RawMessageStreamEvent[]> {
  const events: RawMessageStreamEvent[] = [];
  for await (const event of await client.messages.create({ ...request, stream: true }, { signal })) events.push(event);
  return events;
}

/** Text and tool input as they come together from their deltas. */
function contentOf(events: readonly RawMessageStreamEvent[]): string {
  return events
    .map((event) => {
      if (event.type !== "content_block_delta") return "";
      if (event.delta.type === "text_delta") return event.delta.text;
      return event.delta.type === "input_json_delta" ? event.delta.partial_json : "";
    })
    .join("");
}

describe("The scripted Claude", () => {
  it("streams the events of a message in their order", async () => {
    const events = await stream(ask(script({ text: "Hello world", chunks: 3 })));
    expect(events.map((event) => event.type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(contentOf(events)).toBe("Hello world");
    expect(events.at(0)).toMatchObject({ message: { role: "assistant", content: [], stop_reason: null } });
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } });
  });

  it("streams the input of tools piece by piece", async () => {
    const events = await stream(ask("create a file notes/hello.txt with content Olá 🌍", { tools: files }));
    const deltas = events.filter((event) => event.type === "content_block_delta" && event.index === 1);
    expect(deltas.length).toBeGreaterThan(3);
    expect(JSON.parse(contentOf(deltas))).toEqual({ path: "notes/hello.txt", content: "Olá 🌍" });
    expect(events.find((event) => event.type === "content_block_start" && event.index === 1)).toMatchObject({
      content_block: {
        type: "tool_use",
        id: expect.stringMatching(/^toolu_/),
        name: "workspace__write_file",
        input: {},
      },
    });
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "tool_use" } });
  });

  it("is understood by the SDK's own accumulator", async () => {
    const message = await client.messages
      .stream(ask("create a file a.txt with content x", { tools: files }))
      .finalMessage();
    expect(message.content).toMatchObject([
      { type: "text" },
      { type: "tool_use", input: { path: "a.txt", content: "x" } },
    ]);
  });

  it("answers in one piece without stream", async () => {
    const message = await client.messages.create(ask(script({ thinking: "Hm", text: "Hello" })));
    expect(message).toMatchObject({
      type: "message",
      content: [
        { type: "thinking", thinking: "Hm" },
        { type: "text", text: "Hello" },
      ],
      stop_reason: "end_turn",
      usage: { output_tokens: 2 },
    });
  });

  it("gives out thinking blocks that it takes back", async () => {
    const question = ask(script({ thinking: "Hm", tool_use: [{ name: "workspace__write_file", id: "t1" }] }), {
      tools: files,
    });
    const { content } = await client.messages.create(question);
    const messages = [...question.messages, { role: "assistant" as const, content }];
    const results = [{ type: "tool_result" as const, tool_use_id: "t1", content: "ok" }];
    const next = await client.messages.create({
      ...question,
      messages: [...messages, { role: "user", content: results }],
    });
    expect(next.content).toMatchObject([{ text: "The script has ended." }]);
  });

  it("stops at max_tokens, also in the middle of a character", async () => {
    const events = await stream(ask(script({ text: "aé".repeat(100) }), { max_tokens: 10 }));
    expect(contentOf(events)).toBe(`${"aé".repeat(13)}a`);
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 10 } });
  });

  it("closes a call that max_tokens cuts off", async () => {
    const request = ask(script({ tool_use: [{ name: "workspace__write_file", lines: 100 }] }), {
      max_tokens: 50,
      tools: files,
    });
    const events = await stream(request);
    expect(events.map((event) => event.type).slice(-3)).toEqual([
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "max_tokens" } });
    expect(Buffer.byteLength(contentOf(events))).toBe(200);
  });

  it("stops at a stop sequence", async () => {
    const message = await client.messages.create(ask(script({ text: "one END two" }), { stop_sequences: ["END"] }));
    expect(message).toMatchObject({ content: [{ text: "one " }], stop_reason: "stop_sequence", stop_sequence: "END" });
  });

  it("tells a refusal with its details", async () => {
    const events = await stream(ask("refuse"));
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "refusal", stop_details: { type: "refusal" } } });
  });

  it("counts tokens, the same as it then uses", async () => {
    const request = ask("Hello", { system: "Be brief.", tools: files });
    const { max_tokens: _, ...prompt } = request;
    const counted = await client.messages.countTokens(prompt);
    const message = await client.messages.create(request);
    expect(counted.input_tokens).toBe(message.usage.input_tokens);
    expect(counted.input_tokens).toBeGreaterThan(0);
  });

  it("reads from its cache what stood before a breakpoint last time", async () => {
    const cached = { type: "ephemeral" as const };
    const system = [{ type: "text" as const, text: "A long story. ".repeat(50), cache_control: cached }];
    const first = await client.messages.create(ask("Hello", { system }));
    const second = await client.messages.create(ask("Hello again", { system }));
    const other = await client.messages.create(ask("Hello", { system, tools: files }));
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(100);
    expect(first.usage.cache_read_input_tokens).toBe(0);
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    expect(second.usage.cache_creation_input_tokens).toBe(0);
    expect(other.usage.cache_read_input_tokens).toBe(0);
  });

  it("goes on from its cache while the conversation grows", async () => {
    const cached = { type: "ephemeral" as const };
    const said = (text: string): { type: "text"; text: string; cache_control: typeof cached }[] => [
      { type: "text", text, cache_control: cached },
    ];
    const first = await client.messages.create(
      ask("", { messages: [{ role: "user", content: said("Tell me of the sea") }] }),
    );
    const second = await client.messages.create(
      ask("", {
        messages: [
          { role: "user", content: [{ type: "text", text: "Tell me of the sea" }] },
          { role: "assistant", content: [{ type: "text", text: "It is wide." }] },
          { role: "user", content: said("And deep?") },
        ],
      }),
    );
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    expect(second.usage.cache_creation_input_tokens).toBeGreaterThan(0);
  });

  it.each([
    ["overloaded", 529, "overloaded_error"],
    ["rate_limited", 429, "rate_limit_error"],
    ["server_error", 500, "api_error"],
    ["unauthorized", 401, "authentication_error"],
    ["billing", 400, "invalid_request_error"],
    ["rejected", 400, "invalid_request_error"],
    ["too_long", 400, "invalid_request_error"],
  ])("fails as %s with %i", async (fault, status, type) => {
    const error = await errorOf(stream(ask(script({ fault, retry_after: 3 }))));
    expect(error).toMatchObject({ status, type, requestID: expect.stringMatching(/^req_/) });
    if (status === 429 || status === 529) expect(error.headers?.get("retry-after")).toBe("3");
  });

  it("heals after as many requests as the script says", async () => {
    const request = ask(script({ text: "Fine again", fault: "overloaded", times: 2 }));
    expect(await errorOf(stream(request))).toMatchObject({ status: 529 });
    expect(await errorOf(stream(request))).toMatchObject({ status: 529 });
    expect(contentOf(await stream(request))).toBe("Fine again");
    expect(await errorOf(stream(request))).toMatchObject({ status: 529 });
  });

  it("breaks a stream with an error event", async () => {
    const error = await errorOf(stream(ask(script({ text: "0123456789", fault: "error_event", after_bytes: 4 }))));
    expect(error).toMatchObject({ type: "overloaded_error", status: undefined });
  });

  it("ends a stream without message_stop after exactly so many bytes", async () => {
    const events = await stream(ask(script({ text: "0123456789", fault: "eof", after_bytes: 4 })));
    expect(contentOf(events)).toBe("0123");
    expect(events.map((event) => event.type)).not.toContain("message_stop");
  });

  it("resets the connection in the middle", async () => {
    const seen: RawMessageStreamEvent[] = [];
    const reading = (async () => {
      const request = ask(script({ text: "0123456789", fault: "reset", after_bytes: 4 }));
      for await (const event of await client.messages.create({ ...request, stream: true })) seen.push(event);
    })();
    await expect(reading).rejects.toThrow();
    expect(contentOf(seen)).toBe("0123");
  });

  it("falls silent until the caller gives up", async () => {
    const controller = new AbortController();
    const request = ask(script({ text: "0123456789", fault: "stall", after_bytes: 4 }));
    const seen: RawMessageStreamEvent[] = [];
    for await (const event of await client.messages.create(
      { ...request, stream: true },
      { signal: controller.signal },
    )) {
      seen.push(event);
      if (contentOf(seen) === "0123") controller.abort();
    }
    expect(contentOf(seen)).toBe("0123");
    expect(await exchanges.at(-1)?.ended).toBe("broken");
  });

  it("answers with a page instead of a stream", async () => {
    expect(await stream(ask(script({ fault: "not_sse" })))).toEqual([]);
  });

  it("closes a call in the middle of its JSON", async () => {
    const step = {
      tool_use: [{ name: "workspace__write_file", input: { path: "a.txt" } }],
      fault: "truncated_tool_json",
      after_bytes: 8,
    };
    const events = await stream(ask(script(step), { tools: files }));
    expect(contentOf(events)).toBe('{"path":');
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "tool_use" } });
  });

  it("stops writing when the caller goes away", async () => {
    const controller = new AbortController();
    const request = ask(script({ text: "x".repeat(1000), chunks: 1000, delay_ms: 1000 }));
    for await (const event of await client.messages.create(
      { ...request, stream: true },
      { signal: controller.signal },
    )) {
      if (event.type === "content_block_delta") controller.abort();
    }
    expect(await exchanges.at(-1)?.ended).toBe("disconnected");
  });

  it("shows what it was asked", async () => {
    await stream(ask("Hello"));
    expect(exchanges.at(-1)).toMatchObject({
      path: "/v1/messages",
      body: { messages: [{ role: "user", content: "Hello" }], stream: true },
    });
    expect(await exchanges.at(-1)?.ended).toBe("complete");
  });

  it("answers with the mind that it is given", async () => {
    const other = await createScriptedClaude({
      delayMs: 0,
      script: () => ({ blocks: [{ type: "text", text: "mine" }] }),
    });
    const message = await new Anthropic({ apiKey: "any", baseURL: other.url }).messages.create(ask("Hello"));
    await other.stop();
    expect(message.content).toMatchObject([{ text: "mine" }]);
  });
});

describe("The scripted Claude's door", () => {
  const good = {
    authorization: `Bearer ${KEY}`,
    "anthropic-version": "2026-10-21",
    "content-type": "application/json",
  };
  const body = JSON.stringify(ask("Hello"));

  async function post(
    headers: Record<string, string>,
    path = "/v1/messages",
    method = "POST",
    content = body,
  ): Promise<unknown[]> {
    const response = await fetch(`${claude.url}${path}`, {
      method,
      headers,
      ...(method === "GET" ? {} : { body: content }),
    });
    const answer = (await response.json()) as {
      type: string;
      error?: { type: string; message: string };
      request_id?: string;
    };
    expect(answer.request_id ?? response.headers.get("request-id")).toBe(response.headers.get("request-id"));
    return [response.status, answer.error?.type ?? answer.type];
  }

  function without(name: keyof typeof good): Record<string, string> {
    return Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  }

  it("lets a good request in, with either kind of key", async () => {
    expect(await post(good)).toEqual([200, "message"]);
    expect(await post({ ...without("authorization"), "x-api-key": KEY })).toEqual([200, "message"]);
  });

  it.each<[string, Record<string, string>, number, string]>([
    ["no key", without("authorization"), 401, "authentication_error"],
    ["a wrong key", { ...good, authorization: "Bearer wrong" }, 401, "authentication_error"],
    ["another scheme", { ...good, authorization: `Basic ${KEY}` }, 401, "authentication_error"],
    ["no version", without("anthropic-version"), 400, "invalid_request_error"],
    ["an old version", { ...good, "anthropic-version": "2023-06-01" }, 400, "invalid_request_error"],
    ["another content type", { ...good, "content-type": "text/plain" }, 400, "invalid_request_error"],
  ])("refuses %s", async (_, headers, status, type) => {
    expect(await post(headers)).toEqual([status, type]);
  });

  it.each<[string, string, string, string, number, string]>([
    ["an unknown path", "/v1/complete", "POST", body, 404, "not_found_error"],
    ["another method", "/v1/messages", "PUT", body, 400, "invalid_request_error"],
    ["no JSON", "/v1/messages", "POST", "{", 400, "invalid_request_error"],
    ["an empty body", "/v1/messages", "POST", "", 400, "invalid_request_error"],
    ["a bad request to count", "/v1/messages/count_tokens", "POST", "{}", 400, "invalid_request_error"],
  ])("refuses %s", async (_, path, method, content, status, type) => {
    expect(await post(good, path, method, content)).toEqual([status, type]);
  });
});

async function errorOf(promise: Promise<unknown>): Promise<APIError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error("did not fail");
}
