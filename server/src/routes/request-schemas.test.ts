import { describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  approvalRequestSchema,
  cancelRequestSchema,
  eventsQuerySchema,
  idempotencyKeySchema,
  listQuerySchema,
  messageRequestSchema,
} from "./request-schemas.ts";

const SHA = "0123456789abcdef".repeat(4);
const decision = { conversation_id: "conv_1", tool_use_id: "toolu_1", approved: true };

/** Titled values a schema takes (with what becomes of them) and refuses (with where the issue is). */
interface Suite {
  name: string;
  schema: z.ZodType;
  taken: [title: string, value: unknown, becomes?: unknown][];
  refused: [title: string, value: unknown, path: string][];
}

const SUITES: Suite[] = [
  {
    name: "The body of a message",
    schema: messageRequestSchema,
    taken: [
      ["the message alone", { message: "Hi" }],
      ["white space around it, which goes", { message: " \n Hi \t" }, { message: "Hi" }],
      ["10,000 characters", { message: "é".repeat(10_000) }],
      ["10,000 emoji", { message: "😀".repeat(10_000) }],
      [
        "10,000 characters and white space around them",
        { message: `  ${"a".repeat(10_000)} ` },
        { message: "a".repeat(10_000) },
      ],
      ["a conversation", { message: "Hi", conversation_id: "conv_0aZ-" }],
      ["an empty page", { message: "Hi", page: {} }],
      ["a page", { message: "Hi", page: { url: "https://a.example/?b#c", title: "T", selection: "S" } }],
      ["a page of just 4 KB", { message: "Hi", page: { selection: "x".repeat(4096 - 16) } }],
    ],
    refused: [
      ["nothing", undefined, ""],
      ["null", null, ""],
      ["a text", "Hi", ""],
      ["a list", [{ message: "Hi" }], ""],
      ["no message", {}, "message"],
      ["null for a message", { message: null }, "message"],
      ["a number for a message", { message: 1 }, "message"],
      ["content blocks for a message", { message: [{ type: "text", text: "Hi" }] }, "message"],
      ["an empty message", { message: "" }, "message"],
      ["white space for a message", { message: " \n\t\u00a0\ufeff" }, "message"],
      ["10,001 characters", { message: "a".repeat(10_001) }, "message"],
      ["10,001 emoji", { message: "😀".repeat(10_001) }, "message"],
      ["null for a conversation", { message: "Hi", conversation_id: null }, "conversation_id"],
      ["an empty conversation", { message: "Hi", conversation_id: "" }, "conversation_id"],
      ["a path for a conversation", { message: "Hi", conversation_id: "../a" }, "conversation_id"],
      ["a line break behind a conversation", { message: "Hi", conversation_id: "conv_1\n" }, "conversation_id"],
      ["a very long conversation", { message: "Hi", conversation_id: "a".repeat(129) }, "conversation_id"],
      ["a text for a page", { message: "Hi", page: "https://a.example" }, "page"],
      ["null for a page", { message: "Hi", page: null }, "page"],
      ["a number for a page's title", { message: "Hi", page: { title: 1 } }, "page.title"],
      ["an unknown member of a page", { message: "Hi", page: { html: "<b>" } }, "page"],
      ["a page over 4 KB", { message: "Hi", page: { selection: "x".repeat(4096 - 15) } }, "page"],
      ["a page over 4 KB in fewer characters", { message: "Hi", page: { selection: "é".repeat(2048) } }, "page"],
      ...[
        "messages",
        "history",
        "system",
        "tools",
        "tool_choice",
        "tool_results",
        "model",
        "max_tokens",
        "role",
        "user",
        "constructor",
      ].map((name): [string, unknown, string] => [`the unknown member ${name}`, { message: "Hi", [name]: "x" }, ""]),
    ],
  },
  {
    name: "The body of a decision",
    schema: approvalRequestSchema,
    taken: [
      ["an approval", decision],
      ["a denial with its reason", { ...decision, approved: false, reason: "No" }],
      ["the hash of what was shown", { ...decision, input_sha256: SHA }],
      ["once", { ...decision, remember: "once" }],
      ["for the conversation", { ...decision, remember: "conversation" }],
    ],
    refused: [
      ["no conversation", { tool_use_id: "toolu_1", approved: true }, "conversation_id"],
      ["no tool call", { conversation_id: "conv_1", approved: true }, "tool_use_id"],
      ["no decision", { conversation_id: "conv_1", tool_use_id: "toolu_1" }, "approved"],
      ["a word for a decision", { ...decision, approved: "true" }, "approved"],
      ["a number for a decision", { ...decision, approved: 1 }, "approved"],
      ["a short hash", { ...decision, input_sha256: SHA.slice(1) }, "input_sha256"],
      ["a hash in capitals", { ...decision, input_sha256: SHA.toUpperCase() }, "input_sha256"],
      ["null for a hash", { ...decision, input_sha256: null }, "input_sha256"],
      ["a reason over 1,000 characters", { ...decision, reason: "x".repeat(1001) }, "reason"],
      ["forever", { ...decision, remember: "forever" }, "remember"],
      ["another input", { ...decision, input: {} }, ""],
      ["another user", { ...decision, user: "ann" }, ""],
    ],
  },
  {
    name: "The body of a cancellation",
    schema: cancelRequestSchema,
    taken: [["a conversation", { conversation_id: "conv_1" }]],
    refused: [
      ["nothing", {}, "conversation_id"],
      ["a number", { conversation_id: 1 }, "conversation_id"],
      ["a turn besides", { conversation_id: "conv_1", turn_id: "turn_1" }, ""],
    ],
  },
  {
    name: "The query of a list",
    schema: listQuerySchema,
    taken: [
      ["nothing: 20", {}, { limit: 20 }],
      ["the least", { limit: "1" }, { limit: 1 }],
      ["the most", { limit: "100" }, { limit: 100 }],
      ["a cursor", { cursor: "abc" }, { limit: 20, cursor: "abc" }],
    ],
    refused: [
      ["0", { limit: "0" }, "limit"],
      ["101", { limit: "101" }, "limit"],
      ["a negative limit", { limit: "-1" }, "limit"],
      ["half a limit", { limit: "1.5" }, "limit"],
      ["an empty limit", { limit: "" }, "limit"],
      ["a word", { limit: "many" }, "limit"],
      ["an exponent", { limit: "1e1" }, "limit"],
      ["white space", { limit: " 1" }, "limit"],
      ["two limits", { limit: ["1", "2"] }, "limit"],
      ["an empty cursor", { cursor: "" }, "cursor"],
      ["a very long cursor", { cursor: "x".repeat(501) }, "cursor"],
      ["a token", { access_token: "x" }, ""],
    ],
  },
  {
    name: "The query of events",
    schema: eventsQuerySchema,
    taken: [
      ["nothing", {}],
      ["an id", { after: "1-2" }],
      ["an id nobody knows", { after: "?" }],
    ],
    refused: [
      ["a very long id", { after: "1".repeat(101) }, "after"],
      ["two ids", { after: ["1-1", "1-2"] }, "after"],
    ],
  },
  {
    name: "An idempotency key",
    schema: idempotencyKeySchema,
    taken: [
      ["one character", "x"],
      ["a UUID", "8e03978e-40d5-43e8-bc93-6894a57f9324"],
      ["255 visible characters", "~".repeat(255)],
    ],
    refused: [
      ["nothing", "", ""],
      ["256 characters", "x".repeat(256), ""],
      ["a space inside", "a b", ""],
      ["a control character", "a\u0000", ""],
      ["a letter beyond ASCII", "é", ""],
    ],
  },
];

describe.each(SUITES)("$name", ({ schema, taken, refused }) => {
  it.each(taken)("may be %s", (_title, value, becomes = value) => {
    expect(schema.parse(value)).toEqual(becomes);
  });

  it.each(refused)("may not be %s", (_title, value, path) => {
    const result = schema.safeParse(value);
    expect(result.error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});
