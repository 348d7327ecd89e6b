import { contentOf, outputTokens, type PlannedBlock, type PlannedMessage } from "./plan-message.ts";
import { thinkingSignature } from "./thinking-signature.ts";

/** The `message` of `message_start`: nothing written yet. */
export function startedMessage(message: PlannedMessage): Record<string, unknown> {
  return {
    id: message.id,
    type: "message",
    role: "assistant",
    model: message.model,
    content: [],
    container: null,
    diagnostics: null,
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: {
      ...message.usage,
      cache_creation: {
        ephemeral_5m_input_tokens: message.usage.cache_creation_input_tokens,
        ephemeral_1h_input_tokens: 0,
      },
      inference_geo: null,
      output_tokens: 1,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: "standard",
      speed: "standard",
    },
  };
}

/** How the message ended, as in `message_delta` and in a whole message. */
export function ending(message: PlannedMessage): Record<string, unknown> {
  const isRefusal = message.stopReason === "refusal";
  return {
    container: null,
    stop_reason: message.stopReason,
    stop_sequence: message.stopSequence,
    stop_details: isRefusal ? { type: "refusal", category: "general_harms", explanation: null } : null,
  };
}

/** The cumulative counters of `message_delta`. */
export function endUsage(message: PlannedMessage): Record<string, unknown> {
  return {
    ...message.usage,
    output_tokens: outputTokens(message.blocks.map(contentOf)),
    output_tokens_details: message.thinkingTokens === 0 ? null : { thinking_tokens: message.thinkingTokens },
    server_tool_use: null,
  };
}

/** A block at its start: without the content that follows in deltas. */
export function startedBlock(block: PlannedBlock): Record<string, unknown> {
  switch (block.type) {
    case "text":
      return { type: "text", text: "", citations: null };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: {}, caller: { type: "direct" } };
  }
}

/** The answer to a request without `stream`. */
export function wholeMessage(message: PlannedMessage): Record<string, unknown> {
  const started = startedMessage(message);
  return {
    ...started,
    ...ending(message),
    content: message.blocks.map(wholeBlock),
    usage: Object.assign({}, started["usage"], endUsage(message)),
  };
}

function wholeBlock(block: PlannedBlock): Record<string, unknown> {
  switch (block.type) {
    case "text":
      return { ...startedBlock(block), text: block.text };
    case "thinking":
      return { ...startedBlock(block), thinking: block.thinking, signature: thinkingSignature(block.thinking) };
    case "tool_use":
      return { ...startedBlock(block), input: parseInput(block.json) };
  }
}

/** A call that was cut off has no whole input; the real API answers with what it could read. */
function parseInput(json: string): unknown {
  try {
    return JSON.parse(json === "" ? "{}" : json);
  } catch {
    return {};
  }
}
