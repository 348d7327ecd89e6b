import { describe, expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import { thinkingSignature } from "./thinking-signature.ts";
import { validateCountTokens, validateMessages } from "./validate-request.ts";

type Body = Record<string, unknown>;

const hello = { role: "user", content: "Hello" };
const schema = { type: "object", properties: { a: { type: "string" } } };
const tool = { name: "look", description: "Looks", input_schema: schema };
const mark = { type: "ephemeral" };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const text = (value: string, more: Body = {}): Body => ({ type: "text", text: value, ...more });
const call = (id: string, more: Body = {}): Body => ({ type: "tool_use", id, name: "look", input: {}, ...more });
const result = (id: string, more: Body = {}): Body => ({
  type: "tool_result",
  tool_use_id: id,
  content: "seen",
  ...more,
});
const user = (...content: Body[]): Body => ({ role: "user", content });
const assistant = (...content: Body[]): Body => ({ role: "assistant", content });
const image = (source: Body): Body => ({ type: "image", source });

function body(more: Body = {}): Body {
  return { model: "claude-haiku-4-5", max_tokens: 100, messages: [hello], ...more };
}

/** A conversation with tools. */
function talk(...messages: Body[]): Body {
  return body({ tools: [tool], messages: [hello, ...messages] });
}

function schemaOf(inputSchema: unknown): Body {
  return body({ tools: [{ ...tool, input_schema: inputSchema }] });
}

const accepted: [string, Body][] = [
  ["a plain question", body()],
  ["text blocks", body({ messages: [user(text("a"), text("b"))] })],
  ["two messages of the same role", body({ messages: [hello, user(text("again"))] })],
  ["an answered call", talk(assistant(text("Let me see"), call("t1")), user(result("t1")))],
  ["text behind the results", talk(assistant(call("t1")), user(result("t1"), text("And?")))],
  [
    "parallel calls answered in another order",
    talk(assistant(call("t1"), call("t2")), user(result("t2"), result("t1"))),
  ],
  [
    "results in two messages of the same role",
    talk(assistant(call("t1"), call("t2")), user(result("t1")), user(result("t2"))),
  ],
  ["an empty result", talk(assistant(call("t1")), user({ type: "tool_result", tool_use_id: "t1" }))],
  ["a failed call", talk(assistant(call("t1")), user(result("t1", { is_error: true })))],
  [
    "a result with an image",
    talk(
      assistant(call("t1")),
      user(result("t1", { content: [image({ type: "base64", media_type: "image/png", data: pixel })] })),
    ),
  ],
  ["a call as the API gave it out", talk(assistant(call("t1", { caller: { type: "direct" } })), user(result("t1")))],
  [
    "the same tool called in two turns",
    talk(assistant(call("t1")), user(result("t1")), assistant(call("t2")), user(result("t2"))),
  ],
  ["a system text", body({ system: "Be brief." })],
  ["system blocks, marked", body({ system: [text("Be brief.", { cache_control: mark })] })],
  [
    "four breakpoints",
    body({
      tools: [{ ...tool, cache_control: mark }],
      system: [text("S", { cache_control: mark })],
      messages: [user(text("a", { cache_control: mark }), text("b", { cache_control: mark }))],
    }),
  ],
  [
    "an hour before five minutes",
    body({
      system: [text("S", { cache_control: { ...mark, ttl: "1h" } })],
      messages: [user(text("a", { cache_control: mark }))],
    }),
  ],
  [
    "every tool choice but a forced one with thinking",
    body({ tools: [tool], tool_choice: { type: "tool", name: "look", disable_parallel_tool_use: true } }),
  ],
  ["tools switched off", body({ tools: [tool], tool_choice: { type: "none" } })],
  ["finely streamed input", body({ tools: [{ ...tool, eager_input_streaming: true }] })],
  ["a property name with dots and dashes", schemaOf({ type: "object", properties: { "a.b-c_D9": {} } })],
  [
    "a nested union",
    schemaOf({ type: "object", properties: { a: { anyOf: [{ type: "string" }, { type: "null" }] } } }),
  ],
  ["a schema without properties", schemaOf({ type: "object", additionalProperties: false })],
  ["a hashed user", body({ metadata: { user_id: "a".repeat(64) } })],
  ["stop sequences", body({ stop_sequences: ["END"] })],
  ["thinking", body({ max_tokens: 2048, thinking: { type: "enabled", budget_tokens: 1024 } })],
  [
    "a thinking block that comes back",
    body({
      messages: [
        hello,
        assistant({ type: "thinking", thinking: "Hm", signature: thinkingSignature("Hm") }, text("Yes")),
        hello,
      ],
    }),
  ],
  ["a prefilled answer", body({ messages: [hello, assistant(text("Well,"))] })],
  ["a dated model", body({ model: "claude-haiku-4-5-20251001" })],
  ["its successor", body({ model: "claude-haiku-5-5" })],
];

const refused: [string, Body, string][] = [
  ["no model", { max_tokens: 1, messages: [hello] }, "model: Field required"],
  ["no max_tokens", { model: "claude-haiku-4-5", messages: [hello] }, "max_tokens: Field required"],
  ["max_tokens of 0", body({ max_tokens: 0 }), "max_tokens"],
  ["a fraction of a token", body({ max_tokens: 1.5 }), "max_tokens"],
  ["too many max_tokens", body({ max_tokens: 64_001 }), "max_tokens: 64001 > 64000"],
  ["temperature", body({ temperature: 1 }), "temperature: Extra inputs are not permitted"],
  ["top_p", body({ top_p: 0.5 }), "top_p: Extra inputs are not permitted"],
  ["top_k", body({ top_k: 5 }), "top_k: Extra inputs are not permitted"],
  ["an unknown parameter", body({ mcp_servers: [] }), "mcp_servers: Extra inputs are not permitted"],
  ["no messages", body({ messages: [] }), "at least one message"],
  ["messages that are no list", body({ messages: "Hello" }), "messages"],
  ["a message without content", body({ messages: [{ role: "user" }] }), "messages.0.content"],
  ["an empty message", body({ messages: [{ role: "user", content: [] }] }), "non-empty content"],
  ["an empty string", body({ messages: [{ role: "user", content: "" }] }), "non-empty content"],
  ["a system message", body({ messages: [{ role: "system", content: "x" }, hello] }), "messages.0.role"],
  ["an unknown field of a message", body({ messages: [{ ...hello, id: "m1" }] }), "messages.0.id: Extra inputs"],
  ["an assistant who speaks first", body({ messages: [assistant(text("Hi")), hello] }), 'must use the "user" role'],
  ["an empty text", body({ messages: [user(text(""))] }), "text content blocks must be non-empty"],
  ["a blank text", body({ messages: [user(text(" \n\t"))] }), "non-whitespace"],
  [
    "a blank text in a result",
    talk(assistant(call("t1")), user(result("t1", { content: [text(" ")] }))),
    "non-whitespace",
  ],
  [
    "a final answer that ends in a space",
    body({ messages: [hello, assistant(text("Well, "))] }),
    "trailing whitespace",
  ],
  [
    "a prefilled answer to a newer model",
    body({ model: "claude-haiku-5-5", messages: [hello, assistant(text("Well,"))] }),
    "prefill",
  ],
  ["an unknown block", body({ messages: [user({ type: "video", url: "x" })] }), "messages.0.content.0"],
  [
    "an unknown field of a block",
    body({ messages: [user(text("a", { title: "b" }))] }),
    "messages.0.content.0.title: Extra inputs",
  ],
  ["a call by the user", talk(user(call("t1"))), "messages.1.content.0"],
  ["a result by the assistant", talk(assistant(result("t1"))), "messages.1.content.0"],
  ["an unanswered call", talk(assistant(call("t1")), hello), "without `tool_result` blocks immediately after: t1"],
  ["an unanswered call at the end", talk(assistant(call("t1"))), "without `tool_result` blocks immediately after: t1"],
  ["one of two calls unanswered", talk(assistant(call("t1"), call("t2")), user(result("t1"))), "immediately after: t2"],
  [
    "a result that comes too late",
    talk(assistant(call("t1")), hello, assistant(text("Hm")), user(result("t1"))),
    "immediately after: t1",
  ],
  ["a result without a call", talk(assistant(text("Hm")), user(result("t1"))), "unexpected `tool_use_id`"],
  ["a result with another id", talk(assistant(call("t1")), user(result("t2"))), "unexpected `tool_use_id`"],
  [
    "a result in the first message",
    body({ tools: [tool], messages: [user(result("t1"))] }),
    "unexpected `tool_use_id`",
  ],
  ["two results of one call", talk(assistant(call("t1")), user(result("t1"), result("t1"))), "single result"],
  ["results behind text", talk(assistant(call("t1")), user(text("Here:"), result("t1"))), "immediately after: t1"],
  ["results behind a message of text", talk(assistant(call("t1")), hello, user(result("t1"))), "immediately after: t1"],
  ["the same id twice in a message", talk(assistant(call("t1"), call("t1")), user(result("t1"))), "ids must be unique"],
  [
    "the same id in two turns",
    talk(assistant(call("t1")), user(result("t1")), assistant(call("t1")), user(result("t1"))),
    "ids must be unique",
  ],
  ["an id with strange characters", talk(assistant(call("t 1")), user(result("t 1"))), "messages.1.content.0.id"],
  [
    "an input that is a string",
    talk(assistant(call("t1", { input: "{}" })), user(result("t1"))),
    "messages.1.content.0.input",
  ],
  [
    "an input that is a list",
    talk(assistant(call("t1", { input: [] })), user(result("t1"))),
    "messages.1.content.0.input",
  ],
  ["a call without input", talk(assistant({ type: "tool_use", id: "t1", name: "look" }), user(result("t1"))), "input"],
  [
    "an error result with an image",
    talk(
      assistant(call("t1")),
      user(
        result("t1", { is_error: true, content: [image({ type: "base64", media_type: "image/png", data: pixel })] }),
      ),
    ),
    "is_error",
  ],
  [
    "calls in the history and no tools",
    { ...talk(assistant(call("t1")), user(result("t1"))), tools: undefined },
    "must define tools",
  ],
  [
    "calls in the history and an empty list of tools",
    { ...talk(assistant(call("t1")), user(result("t1"))), tools: [] },
    "must define tools",
  ],
  ["a tool name with a space", body({ tools: [{ ...tool, name: "look up" }] }), "tools.0.name"],
  ["a tool name with a dot", body({ tools: [{ ...tool, name: "a.b" }] }), "tools.0.name"],
  ["an empty tool name", body({ tools: [{ ...tool, name: "" }] }), "tools.0.name"],
  ["a tool name of 65 characters", body({ tools: [{ ...tool, name: "a".repeat(65) }] }), "tools.0.name"],
  ["two tools of the same name", body({ tools: [tool, tool] }), "Tool names must be unique"],
  ["a tool without a schema", body({ tools: [{ name: "look" }] }), "tools.0.input_schema: Field required"],
  ["an unknown field of a tool", body({ tools: [{ ...tool, annotations: {} }] }), "tools.0.annotations: Extra inputs"],
  ["a schema without a type", schemaOf({ properties: {} }), "tools.0.input_schema.type"],
  ["a schema of another type", schemaOf({ type: "array" }), "tools.0.input_schema.type"],
  ["a top-level oneOf", schemaOf({ type: "object", oneOf: [{}] }), "does not support oneOf"],
  ["a top-level anyOf", schemaOf({ type: "object", anyOf: [{}] }), "does not support oneOf"],
  ["a top-level allOf", schemaOf({ type: "object", allOf: [{}] }), "does not support oneOf"],
  [
    "a property name with a space",
    schemaOf({ type: "object", properties: { "a b": {} } }),
    "Property keys should match",
  ],
  ["an empty property name", schemaOf({ type: "object", properties: { "": {} } }), "Property keys should match"],
  [
    "a property name of 65 characters",
    schemaOf({ type: "object", properties: { ["a".repeat(65)]: {} } }),
    "Property keys should match",
  ],
  ["a property name with $", schemaOf({ type: "object", properties: { $ref: {} } }), "Property keys should match"],
  ["a tool choice without tools", body({ tool_choice: { type: "auto" } }), "while providing tools"],
  ["a choice of no known kind", body({ tools: [tool], tool_choice: { type: "maybe" } }), "tool_choice"],
  ["a choice as a string", body({ tools: [tool], tool_choice: "auto" }), "tool_choice"],
  [
    "a forced tool that is not there",
    body({ tools: [tool], tool_choice: { type: "tool", name: "run" } }),
    "not found in provided tools",
  ],
  [
    "a forced tool without a name",
    body({ tools: [tool], tool_choice: { type: "tool" } }),
    "tool_choice.name: Field required",
  ],
  [
    "parallel calls forbidden where none are allowed",
    body({ tools: [tool], tool_choice: { type: "none", disable_parallel_tool_use: true } }),
    "Extra inputs",
  ],
  [
    "five breakpoints",
    body({
      system: [text("S", { cache_control: mark })],
      messages: [user(...["a", "b", "c", "d"].map((value) => text(value, { cache_control: mark })))],
    }),
    "maximum of 4 blocks",
  ],
  [
    "a breakpoint too many at the top",
    body({
      cache_control: mark,
      messages: [user(...["a", "b", "c", "d"].map((value) => text(value, { cache_control: mark })))],
    }),
    "maximum of 4 blocks",
  ],
  [
    "breakpoints inside results counted too",
    talk(
      assistant(call("t1")),
      user(
        result("t1", {
          cache_control: mark,
          content: ["a", "b", "c", "d"].map((value) => text(value, { cache_control: mark })),
        }),
      ),
    ),
    "maximum of 4 blocks",
  ],
  ["another ttl", body({ system: [text("S", { cache_control: { ...mark, ttl: "10m" } })] }), "cache_control.ttl"],
  [
    "another kind of cache",
    body({ system: [text("S", { cache_control: { type: "persistent" } })] }),
    "cache_control.type",
  ],
  [
    "five minutes before an hour",
    body({
      system: [text("S", { cache_control: mark })],
      messages: [user(text("a", { cache_control: { ...mark, ttl: "1h" } }))],
    }),
    "must not come after",
  ],
  [
    "a marked thinking block",
    body({
      messages: [
        hello,
        assistant(
          { type: "thinking", thinking: "Hm", signature: thinkingSignature("Hm"), cache_control: mark },
          text("Yes"),
        ),
        hello,
      ],
    }),
    "Extra inputs",
  ],
  [
    "an SVG image",
    body({ messages: [user(image({ type: "base64", media_type: "image/svg+xml", data: pixel }))] }),
    "media_type",
  ],
  [
    "an image of another type than it says",
    body({ messages: [user(image({ type: "base64", media_type: "image/jpeg", data: pixel }))] }),
    "does not match the provided media type",
  ],
  [
    "an image that is not base64",
    body({ messages: [user(image({ type: "base64", media_type: "image/png", data: "%%%" }))] }),
    "invalid base64",
  ],
  [
    "an image as a data URL",
    body({
      messages: [user(image({ type: "base64", media_type: "image/png", data: `data:image/png;base64,${pixel}` }))],
    }),
    "invalid base64",
  ],
  [
    "an empty image",
    body({ messages: [user(image({ type: "base64", media_type: "image/png", data: "" }))] }),
    "invalid base64",
  ],
  [
    "an image by the assistant",
    body({ messages: [hello, assistant(image({ type: "base64", media_type: "image/png", data: pixel })), hello] }),
    "messages.1.content.0",
  ],
  ["a system text that is a number", body({ system: 1 }), "system"],
  ["an empty system block", body({ system: [text("")] }), "system.0: text content blocks must be non-empty"],
  ["an image as system text", body({ system: [image({ type: "url", url: "https://example.org/a.png" })] }), "system"],
  ["unknown metadata", body({ metadata: { email: "a@example.org" } }), "metadata.email: Extra inputs"],
  ["a long user id", body({ metadata: { user_id: "a".repeat(257) } }), "metadata.user_id"],
  ["a blank stop sequence", body({ stop_sequences: [" "] }), "stop_sequences.0"],
  [
    "too small a thinking budget",
    body({ max_tokens: 2048, thinking: { type: "enabled", budget_tokens: 1023 } }),
    "thinking.budget_tokens",
  ],
  [
    "a thinking budget as large as the answer",
    body({ max_tokens: 1024, thinking: { type: "enabled", budget_tokens: 1024 } }),
    "must be greater than",
  ],
  [
    "adaptive thinking with an older model",
    body({ thinking: { type: "adaptive" } }),
    "adaptive thinking is not supported",
  ],
  [
    "thinking and a forced tool",
    body({
      max_tokens: 2048,
      thinking: { type: "enabled", budget_tokens: 1024 },
      tools: [tool],
      tool_choice: { type: "any" },
    }),
    "forces tool use",
  ],
  [
    "a changed thinking block",
    body({
      messages: [
        hello,
        assistant({ type: "thinking", thinking: "Ha", signature: thinkingSignature("Hm") }, text("Yes")),
        hello,
      ],
    }),
    "Invalid `signature`",
  ],
  [
    "a dropped thinking block",
    {
      ...talk(assistant(call("t1")), user(result("t1"))),
      max_tokens: 2048,
      thinking: { type: "enabled", budget_tokens: 1024 },
    },
    "Expected `thinking`",
  ],
  ["a stream that is a word", body({ stream: "yes" }), "stream"],
];

describe("validateMessages", () => {
  it.each(accepted)("accepts %s", (_, request) => {
    expect(validateMessages(request)).toEqual(request);
  });

  it.each(refused)("refuses %s", (_, request, words) => {
    const refusal = refusalOf(() => validateMessages(request));
    expect(refusal).toMatchObject({ type: "invalid_request_error", status: 400 });
    expect(refusal.message).toContain(words);
  });

  it.each(["gpt-5", "claude", "Claude-Haiku", "claude-haiku-4-5 ", "../claude-haiku-4-5"])(
    "does not find the model %j",
    (model) => {
      expect(refusalOf(() => validateMessages(body({ model })))).toMatchObject({
        type: "not_found_error",
        status: 404,
      });
    },
  );

  it.each([null, [], "text", 1])("refuses a body that is %j", (value) => {
    expect(refusalOf(() => validateMessages(value))).toMatchObject({ type: "invalid_request_error" });
  });
});

describe("validateCountTokens", () => {
  it("accepts a prompt", () => {
    expect(validateCountTokens({ model: "claude-haiku-4-5", messages: [hello], tools: [tool] })).toMatchObject({
      tools: [tool],
    });
  });

  it.each(["max_tokens", "stream", "metadata", "stop_sequences"])(
    "refuses %s, which is no part of a prompt",
    (name) => {
      const refusal = refusalOf(() => validateCountTokens({ model: "claude-haiku-4-5", messages: [hello], [name]: 1 }));
      expect(refusal.message).toBe(`${name}: Extra inputs are not permitted`);
    },
  );

  it("refuses what makes a prompt wrong", () => {
    const messages = [hello, assistant(call("t1")), hello];
    expect(
      refusalOf(() => validateCountTokens({ model: "claude-haiku-4-5", messages, tools: [tool] })).message,
    ).toContain("t1");
  });
});

function refusalOf(validate: () => unknown): ApiError {
  try {
    validate();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("was accepted");
}
