// The shapes of POST /v1/messages and POST /v1/messages/count_tokens, version 2026-10-21, as far as this project may send
// them. Every object is strict: the real API refuses what it does not know ("Extra inputs are not permitted"), and with it
// the parameters it has dropped, such as `temperature`. Rules between parts of a request stand in validate-request.ts.

import { z } from "zod";
import type {
  CacheControl,
  CountTokensRequest,
  ImageBlock,
  MessagesRequest,
  RequestMessage,
  TextBlock,
  ThinkingBlock,
  ThinkingOption,
  ToolChoice,
  ToolDefinition,
  ToolResultBlock,
  ToolUseBlock,
} from "./messages-request.ts";

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const BLOCK_ID = /^[a-zA-Z0-9_-]+$/;

type Discriminable<Shape> = z.ZodType<Shape> & z.core.$ZodTypeDiscriminable;

const cacheControl: z.ZodType<CacheControl> = z.strictObject({
  type: z.literal("ephemeral"),
  ttl: z.enum(["5m", "1h"]).optional(),
});
const cached: { cache_control: z.ZodOptional<z.ZodNullable<z.ZodType<CacheControl>>> } = {
  cache_control: cacheControl.nullable().optional(),
};

const textBlock: Discriminable<TextBlock> = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  citations: z.null().optional(),
  ...cached,
});

const imageBlock: Discriminable<ImageBlock> = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("base64"),
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      data: z.string(),
    }),
    z.strictObject({ type: z.literal("url"), url: z.url({ protocol: /^https$/ }) }),
  ]),
  ...cached,
});

const toolUseBlock: Discriminable<ToolUseBlock> = z.strictObject({
  type: z.literal("tool_use"),
  id: z.string().regex(BLOCK_ID),
  name: z.string().regex(TOOL_NAME),
  input: z.record(z.string(), z.unknown()),
  caller: z.strictObject({ type: z.literal("direct") }).optional(),
  toolset_name: z.null().optional(),
  ...cached,
});

const toolResultBlock: Discriminable<ToolResultBlock> = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string().regex(BLOCK_ID),
  content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textBlock, imageBlock]))]).optional(),
  is_error: z.boolean().optional(),
  toolset_name: z.null().optional(),
  ...cached,
});

const thinkingBlock: Discriminable<ThinkingBlock> = z.strictObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string(),
});

const userBlock = z.discriminatedUnion("type", [textBlock, imageBlock, toolResultBlock]);
const assistantBlock = z.discriminatedUnion("type", [textBlock, toolUseBlock, thinkingBlock]);

const message: z.ZodType<RequestMessage> = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("user"), content: z.union([z.string(), z.array(userBlock)]) }),
  z.strictObject({ role: z.literal("assistant"), content: z.union([z.string(), z.array(assistantBlock)]) }),
]);

const tool: z.ZodType<ToolDefinition> = z.strictObject({
  type: z.literal("custom").nullish(),
  name: z.string().regex(TOOL_NAME, { error: "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'" }),
  description: z.string().optional(),
  input_schema: z.looseObject({
    type: z.literal("object"),
    properties: z.record(z.string(), z.unknown()).nullish(),
    required: z.array(z.string()).nullish(),
  }),
  eager_input_streaming: z.boolean().nullish(),
  strict: z.boolean().optional(),
  defer_loading: z.literal(false).optional(),
  input_examples: z.array(z.record(z.string(), z.unknown())).optional(),
  ...cached,
});

const parallel = { disable_parallel_tool_use: z.boolean().optional() };
const toolChoice: z.ZodType<ToolChoice> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.enum(["auto", "any"]), ...parallel }),
  z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
  z.strictObject({ type: z.literal("none") }),
]);

const display = { display: z.enum(["summarized", "omitted"]).nullish() };
const thinking: z.ZodType<ThinkingOption> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("enabled"), budget_tokens: z.int().min(1024), ...display }),
  z.strictObject({ type: z.literal("adaptive"), ...display }),
  z.strictObject({ type: z.literal("disabled") }),
]);

const promptParameters = {
  model: z.string().min(1),
  messages: z.array(message).max(100_000),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  thinking: thinking.optional(),
  ...cached,
};

/** Shape of the body of `POST /v1/messages/count_tokens`. */
export const countTokensSchema: z.ZodType<CountTokensRequest> = z.strictObject(promptParameters);

/** Shape of the body of `POST /v1/messages`. */
export const messagesSchema: z.ZodType<MessagesRequest> = z.strictObject({
  ...promptParameters,
  max_tokens: z.int().min(1),
  stream: z.boolean().optional(),
  metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).optional(),
  stop_sequences: z.array(z.string().regex(/\S/)).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
});
