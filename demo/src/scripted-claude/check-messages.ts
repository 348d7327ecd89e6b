import { invalid } from "./api-error.ts";
import {
  type CountTokensRequest,
  type ImageBlock,
  joinMessages,
  type RequestBlock,
  type ToolResultBlock,
  type Utterance,
} from "./messages-request.ts";
import { isOwnSignature } from "./thinking-signature.ts";

/** Models from 4.6 on answer 400 to a request that ends with the assistant's words. */
const TAKES_PREFILL = /^claude-(haiku|sonnet|opus)-4-5(-\d{8})?$/;

/** Beginnings of the image formats that are read, in hexadecimal. */
const IMAGE_START: Readonly<Record<string, RegExp>> = {
  "image/png": /^89504e470d0a1a0a/,
  "image/jpeg": /^ffd8ff/,
  "image/gif": /^47494638(?:37|39)61/,
  "image/webp": /^52494646.{8}57454250/,
};

/** The rules between messages. @throws ApiError */
export function checkMessages(request: CountTokensRequest): void {
  if (request.messages.length === 0) throw invalid("messages: at least one message is required");
  const empty = request.messages.findIndex(({ content }) => content.length === 0);
  if (empty >= 0) throw invalid(`messages.${empty}: all messages must have non-empty content`);
  const utterances = joinMessages(request.messages);
  if (utterances[0]?.role !== "user") throw invalid('messages: first message must use the "user" role');
  for (const [index, utterance] of utterances.entries()) {
    checkUtterance(utterance, utterances[index - 1], `messages.${index}`);
  }
  checkUniqueCalls(utterances);
  checkEnd(request, utterances);
  checkThinkingComesBack(request, utterances);
}

function checkUtterance({ role, blocks }: Utterance, before: Utterance | undefined, where: string): void {
  for (const [index, block] of blocks.entries()) checkBlock(block, `${where}.content.${index}`);
  const results = blocks.filter((block) => block.type === "tool_result");
  if (role === "assistant") return;
  const calls = new Set(before?.blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : [])));
  checkResultsAnswer(results, calls, where);
  const unanswered = [...calls].filter((id) => !results.some((result) => result.tool_use_id === id));
  // Behind other content a result does not count as following "immediately": the calls stay unanswered.
  const areFirst = blocks.slice(0, results.length).every((block) => block.type === "tool_result");
  if (unanswered.length === 0 && areFirst) return;
  throw invalid(
    `${where}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
      `${(areFirst ? unanswered : [...calls]).join(", ")}. Each \`tool_use\` block must have a corresponding ` +
      "`tool_result` block in the next message.",
  );
}

function checkResultsAnswer(results: readonly ToolResultBlock[], calls: ReadonlySet<string>, where: string): void {
  const seen = new Set<string>();
  for (const { tool_use_id: id } of results) {
    if (!calls.has(id)) {
      throw invalid(
        `${where}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must ` +
          "have a corresponding `tool_use` block in the previous message.",
      );
    }
    if (seen.has(id)) {
      throw invalid(
        `${where}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
      );
    }
    seen.add(id);
  }
}

function checkBlock(block: RequestBlock, where: string): void {
  switch (block.type) {
    case "text":
      checkText(block.text, where);
      return;
    case "image":
      checkImage(block, where);
      return;
    case "tool_result":
      if (!Array.isArray(block.content)) return;
      for (const [index, part] of block.content.entries()) checkBlock(part, `${where}.tool_result.content.${index}`);
      if (block.is_error === true && block.content.some((part) => part.type !== "text")) {
        throw invalid(`${where}.tool_result: all content must be type "text" if "is_error" is true`);
      }
      return;
    case "thinking":
      if (!isOwnSignature(block)) throw invalid(`${where}: Invalid \`signature\` in \`thinking\` block`);
      return;
    case "tool_use":
      return;
  }
}

/** Also used for the system text. @throws ApiError */
export function checkText(text: string, where: string): void {
  if (text === "") throw invalid(`${where}: text content blocks must be non-empty`);
  if (text.trim() === "") throw invalid(`${where}: text content blocks must contain non-whitespace text`);
}

function checkImage({ source }: ImageBlock, where: string): void {
  if (source.type === "url") return;
  const bytes = Buffer.from(source.data, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== source.data) {
    throw invalid(`${where}.image.source.base64.data: invalid base64 data`);
  }
  if (bytes.length > 5 * 1024 * 1024) throw invalid(`${where}.image.source.base64: image exceeds 5 MB maximum`);
  if (IMAGE_START[source.media_type]?.test(bytes.subarray(0, 12).toString("hex")) !== true) {
    throw invalid(
      `${where}.image.source.base64.data: Image does not match the provided media type ${source.media_type}`,
    );
  }
}

function checkUniqueCalls(utterances: readonly Utterance[]): void {
  const seen = new Set<string>();
  for (const { blocks } of utterances) {
    for (const block of blocks) {
      if (block.type !== "tool_use") continue;
      if (seen.has(block.id)) throw invalid(`messages: \`tool_use\` ids must be unique: ${block.id}`);
      seen.add(block.id);
    }
  }
}

function checkEnd(request: CountTokensRequest, utterances: readonly Utterance[]): void {
  const last = utterances.at(-1);
  const end = last?.blocks.at(-1);
  if (last?.role !== "assistant" || end === undefined) return;
  if (end.type === "tool_use") {
    throw invalid(
      `messages.${utterances.length - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
        `${end.id}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  }
  if (end.type === "text" && end.text !== end.text.trimEnd()) {
    throw invalid("messages: final assistant content cannot end with trailing whitespace");
  }
  if (!TAKES_PREFILL.test(request.model) || (request.thinking !== undefined && request.thinking.type !== "disabled")) {
    throw invalid(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  }
}

/** With thinking on, the assistant's part of a turn that goes on begins with its thinking, as it was given out. */
function checkThinkingComesBack(request: CountTokensRequest, utterances: readonly Utterance[]): void {
  if (request.thinking?.type !== "enabled") return;
  const index = utterances.findLastIndex(({ role }) => role === "assistant");
  const first = utterances[index]?.blocks[0];
  const isToolTurn = utterances[index]?.blocks.some((block) => block.type === "tool_use") === true;
  if (!isToolTurn || first === undefined || first.type === "thinking") return;
  throw invalid(
    `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`. ` +
      "When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
  );
}
