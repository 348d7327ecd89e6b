import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsStreaming, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { createWatchedFetch, type StreamDeadlines } from "./watch-bytes.ts";

/** The whole prompt of one model call, without what only the transport needs. */
export type ModelRequest = Omit<MessageCreateParamsStreaming, "stream">;

/** The door to the Messages API. */
export interface ModelClient {
  /** One streamed call. @throws APIError and its kin; ends silently on abort and on a truncated stream. */
  stream(request: ModelRequest, signal: AbortSignal): Promise<AsyncIterable<RawMessageStreamEvent>>;
  /** Exact input tokens of a request; null when the provider cannot tell. */
  countTokens(request: ModelRequest, signal: AbortSignal): Promise<number | null>;
}

/** Where and how to reach the provider. */
export interface ModelClientOptions {
  apiKey: string;
  /** null: Anthropic's own. */
  baseUrl: string | null;
  deadlines: StreamDeadlines;
  /** Warnings of the SDK. */
  warn: (message: string) => void;
}

/** A client of the official SDK. It never repeats a call itself: only the turn knows what was shown already. */
export function createModelClient(options: ModelClientOptions): ModelClient {
  const { warn } = options;
  const client = new Anthropic({
    apiKey: options.apiKey,
    baseURL: options.baseUrl ?? "https://api.anthropic.com",
    maxRetries: 0,
    timeout: options.deadlines.totalMs,
    // Set here, so that ANTHROPIC_LOG cannot print prompts to the console.
    logLevel: "warn",
    logger: { debug: () => undefined, info: () => undefined, warn, error: warn },
    fetch: createWatchedFetch(options.deadlines, globalThis.fetch),
  });
  return {
    stream: (request, signal) => client.messages.create({ ...request, stream: true }, { signal }),

    async countTokens(request, signal) {
      const { max_tokens: _, metadata: __, ...counted } = request;
      try {
        const { input_tokens } = await client.messages.countTokens(counted, { signal, timeout: 5000 });
        return input_tokens;
      } catch {
        return null;
      }
    },
  };
}
