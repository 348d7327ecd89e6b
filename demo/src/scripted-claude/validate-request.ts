// Everything the real API refuses that this project could get wrong. A stand-in that accepts more than the original would
// let a broken prompt pass every test and fail at the first real user.

import type { z } from "zod";
import { ApiError, invalid } from "./api-error.ts";
import { checkMessages, checkText } from "./check-messages.ts";
import { checkTools } from "./check-tools.ts";
import { type CacheControl, type CountTokensRequest, joinMessages, type MessagesRequest } from "./messages-request.ts";
import { countTokensSchema, messagesSchema } from "./messages-schema.ts";

const MAX_OUTPUT_TOKENS = 64_000;
const MAX_CACHE_BREAKPOINTS = 4;

/** A checked body of `POST /v1/messages`. @throws ApiError */
export function validateMessages(body: unknown): MessagesRequest {
  const request = parse(messagesSchema, body);
  checkPrompt(request);
  const { max_tokens: maxTokens, thinking, model } = request;
  if (maxTokens > MAX_OUTPUT_TOKENS) {
    throw invalid(
      `max_tokens: ${maxTokens} > ${MAX_OUTPUT_TOKENS}, which is the maximum allowed number of output tokens for ${model}`,
    );
  }
  if (thinking?.type === "enabled" && thinking.budget_tokens >= maxTokens) {
    throw invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
  }
  return request;
}

/** A checked body of `POST /v1/messages/count_tokens`. @throws ApiError */
export function validateCountTokens(body: unknown): CountTokensRequest {
  const request = parse(countTokensSchema, body);
  checkPrompt(request);
  return request;
}

function checkPrompt(request: CountTokensRequest): void {
  if (!/^claude-[a-z0-9]+(-[a-z0-9]+)+$/.test(request.model)) {
    throw new ApiError("not_found_error", `model: ${request.model}`);
  }
  if (request.thinking?.type === "adaptive" && /-4-5(-\d{8})?$/.test(request.model)) {
    throw invalid("adaptive thinking is not supported on this model");
  }
  if (typeof request.system === "object") {
    for (const [index, { text }] of request.system.entries()) checkText(text, `system.${index}`);
  }
  checkMessages(request);
  checkTools(request);
  checkCacheControl(request);
}

function checkCacheControl(request: CountTokensRequest): void {
  const marks = cacheableParts(request).flatMap(({ cache_control: mark }) => mark ?? []);
  if (marks.length > MAX_CACHE_BREAKPOINTS) {
    throw invalid(
      `A maximum of ${MAX_CACHE_BREAKPOINTS} blocks with cache_control may be provided. Found ${marks.length}.`,
    );
  }
  const firstShort = marks.findIndex(({ ttl }) => ttl !== "1h");
  if (firstShort >= 0 && marks.slice(firstShort).some(({ ttl }) => ttl === "1h")) {
    throw invalid("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.");
  }
}

/** Whatever may be marked, in the order in which the cache sees it: tools, system, messages. */
function cacheableParts(request: CountTokensRequest): { cache_control?: CacheControl | null | undefined }[] {
  const blocks = joinMessages(request.messages).flatMap((utterance) => utterance.blocks);
  return [
    ...(request.tools ?? []),
    ...(typeof request.system === "object" ? request.system : []),
    ...blocks.flatMap((block) => {
      if (block.type === "thinking") return [];
      return block.type === "tool_result" && Array.isArray(block.content) ? [...block.content, block] : [block];
    }),
    request,
  ];
}

function parse<Request>(schema: z.ZodType<Request>, body: unknown): Request {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalid(describe(result.error.issues));
}

/** The first thing that is wrong, in the real API's words: `messages.0.content: Field required`. */
function describe(issues: readonly z.core.$ZodIssue[]): string {
  const issue = deepest(issues[0]);
  if (issue === undefined) return "Invalid request";
  const at = (key: PropertyKey | undefined): string => [...issue.path, ...(key === undefined ? [] : [key])].join(".");
  if (issue.code === "unrecognized_keys") return `${at(issue.keys[0])}: Extra inputs are not permitted`;
  if (issue.code === "invalid_type" && issue.input === undefined) return `${at(undefined)}: Field required`;
  return `${at(undefined)}: ${issue.message}`;
}

/** Of a union's branches the one that came furthest: the others fail because they are others. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== "invalid_union") return issue;
  const depth = (candidate: z.core.$ZodIssue): number => candidate.path.length;
  const candidates = issue.errors.flatMap((branch) => branch.slice(0, 1).map((first) => deepest(first) ?? first));
  const best = candidates.toSorted((a, b) => depth(b) - depth(a))[0];
  return best === undefined ? issue : { ...best, path: [...issue.path, ...best.path] };
}
