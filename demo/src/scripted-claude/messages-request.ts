/** Where the prompt cache may cut the request. */
export interface CacheControl {
  type: "ephemeral";
  ttl?: "5m" | "1h" | undefined;
}

interface Cacheable {
  cache_control?: CacheControl | null | undefined;
}

export interface TextBlock extends Cacheable {
  type: "text";
  text: string;
  citations?: null | undefined;
}

export interface ImageBlock extends Cacheable {
  type: "image";
  source:
    | { type: "base64"; media_type: "image/jpeg" | "image/png" | "image/gif" | "image/webp"; data: string }
    | { type: "url"; url: string };
}

export interface ToolUseBlock extends Cacheable {
  type: "tool_use";
  id: string;
  name: string;
  input: Record<string, unknown>;
  caller?: { type: "direct" } | undefined;
  toolset_name?: null | undefined;
}

export interface ToolResultBlock extends Cacheable {
  type: "tool_result";
  tool_use_id: string;
  content?: string | (TextBlock | ImageBlock)[] | undefined;
  is_error?: boolean | undefined;
  toolset_name?: null | undefined;
}

export interface ThinkingBlock {
  type: "thinking";
  thinking: string;
  signature: string;
}

/** Any block that a message may hold. */
export type RequestBlock = TextBlock | ImageBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock;

export type RequestMessage =
  | { role: "user"; content: string | (TextBlock | ImageBlock | ToolResultBlock)[] }
  | { role: "assistant"; content: string | (TextBlock | ToolUseBlock | ThinkingBlock)[] };

/** A tool that the caller runs. */
export interface ToolDefinition extends Cacheable {
  type?: "custom" | null | undefined;
  name: string;
  description?: string | undefined;
  input_schema: {
    type: "object";
    properties?: Record<string, unknown> | null | undefined;
    required?: string[] | null | undefined;
    [keyword: string]: unknown;
  };
  eager_input_streaming?: boolean | null | undefined;
  strict?: boolean | undefined;
  defer_loading?: false | undefined;
  input_examples?: Record<string, unknown>[] | undefined;
}

interface ParallelChoice {
  disable_parallel_tool_use?: boolean | undefined;
}

export type ToolChoice =
  | ({ type: "auto" | "any" } & ParallelChoice)
  | ({ type: "tool"; name: string } & ParallelChoice)
  | { type: "none" };

interface ThinkingDisplay {
  display?: "summarized" | "omitted" | null | undefined;
}

export type ThinkingOption =
  | ({ type: "enabled"; budget_tokens: number } & ThinkingDisplay)
  | ({ type: "adaptive" } & ThinkingDisplay)
  | { type: "disabled" };

/** What is counted: the prompt without the options of the answer. */
export interface CountTokensRequest extends Cacheable {
  model: string;
  messages: RequestMessage[];
  system?: string | TextBlock[] | undefined;
  tools?: ToolDefinition[] | undefined;
  tool_choice?: ToolChoice | undefined;
  thinking?: ThinkingOption | undefined;
}

/** A request for a message. */
export interface MessagesRequest extends CountTokensRequest {
  max_tokens: number;
  stream?: boolean | undefined;
  metadata?: { user_id?: string | null | undefined } | undefined;
  stop_sequences?: string[] | undefined;
  service_tier?: "auto" | "standard_only" | undefined;
}

/** What one side said, all of it: the real API joins neighbouring messages of the same role. */
export interface Utterance {
  role: "user" | "assistant";
  blocks: RequestBlock[];
}

/** The messages as blocks, neighbours of the same role joined. */
export function joinMessages(messages: readonly RequestMessage[]): Utterance[] {
  const joined: Utterance[] = [];
  for (const { role, content } of messages) {
    const blocks: RequestBlock[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    const last = joined.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else joined.push({ role, blocks: [...blocks] });
  }
  return joined;
}
