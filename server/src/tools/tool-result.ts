import type { ToolContentBlock } from "@chat-bot/widget/protocol";
import type { ModelToolResult } from "../store/tool-call-record.ts";
import { cutUtf8 } from "./cut-utf8.ts";
import type { ToolOutput } from "./tool.ts";

const MODEL_TEXT_LIMIT_BYTES = 64 * 1024;
const MODEL_IMAGES_LIMIT_BYTES = 1024 * 1024;
const BROWSER_LIMIT_BYTES = 256 * 1024;

type ModelBlock = ModelToolResult["content"][number];
type ModelImage = Extract<ModelBlock, { type: "image" }>;

/** What the browser is shown of an output: the `tool_result` event's fields. */
export interface BrowserOutput {
  content: ToolContentBlock[];
  structuredContent?: Record<string, unknown>;
  truncated: boolean;
}

/** The output as the model reads it: at most 64 KB of text and 1 MB of images, never empty, every kind in words. */
export function forModel(output: ToolOutput): ModelToolResult {
  const writer = new ModelResultWriter();
  for (const block of output.content) {
    switch (block.type) {
      case "text":
        writer.text(block.text);
        break;
      case "image":
        writer.image(block.mimeType, block.data);
        break;
      case "audio":
        writer.text(`[audio, ${block.mimeType}: not readable here]`);
        break;
      case "resource_link":
        writer.text(
          `[resource ${block.title ?? block.name}: ${block.uri}]${block.description ? ` ${block.description}` : ""}`,
        );
        break;
      case "resource":
        writer.text(
          `[resource ${block.resource.uri}]\n${block.resource.text ?? "[binary content: not readable here]"}`,
        );
        break;
    }
  }
  const isTold = output.content.some((block) => block.type === "text" && block.text.trim() !== "");
  if (output.structuredContent !== undefined && !isTold) writer.text(JSON.stringify(output.structuredContent));
  return { content: writer.finish(), isError: output.isError };
}

/** The output as the browser gets it: at most 256 KB of JSON. */
export function forBrowser(output: ToolOutput): BrowserOutput {
  let left = BROWSER_LIMIT_BYTES;
  let truncated = false;
  const content: ToolContentBlock[] = [];
  for (const block of output.content) {
    const fitting = fit(block, left);
    if (fitting !== block) truncated = true;
    if (fitting === null) continue;
    content.push(fitting);
    left -= jsonBytes(fitting) + 1;
  }
  const structuredContent = output.structuredContent;
  if (structuredContent === undefined) return { content, truncated };
  if (jsonBytes(structuredContent) > left) return { content, truncated: true };
  return { content, structuredContent, truncated };
}

/** An output that holds nothing but a failure's words. */
export function errorOutput(text: string, structuredContent?: Record<string, unknown>): ToolOutput {
  const content: ToolContentBlock[] = [{ type: "text", text }];
  return structuredContent === undefined ? { content, isError: true } : { content, structuredContent, isError: true };
}

class ModelResultWriter {
  readonly #blocks: ModelBlock[] = [];
  #textLeft = MODEL_TEXT_LIMIT_BYTES;
  #imagesLeft = MODEL_IMAGES_LIMIT_BYTES;
  #cutBytes = 0;

  text(text: string): void {
    const wellFormed = text.toWellFormed();
    const kept = cutUtf8(wellFormed, this.#textLeft);
    this.#textLeft -= Buffer.byteLength(kept);
    this.#cutBytes += Buffer.byteLength(wellFormed) - Buffer.byteLength(kept);
    // The Messages API refuses text blocks without visible text.
    if (kept.trim() !== "") this.#blocks.push({ type: "text", text: kept });
  }

  image(mimeType: string, data: string): void {
    const type = modelImageType(mimeType);
    if (type === null || !isBase64(data)) this.text(`[image, ${mimeType}: not readable here]`);
    else if (data.length > this.#imagesLeft) this.text(`[image, ${mimeType}: too large]`);
    else {
      this.#imagesLeft -= data.length;
      this.#blocks.push({ type: "image", mediaType: type, data });
    }
  }

  finish(): ModelBlock[] {
    if (this.#cutBytes > 0) this.#blocks.push({ type: "text", text: `[cut off: ${this.#cutBytes} more bytes]` });
    if (this.#blocks.length === 0) this.#blocks.push({ type: "text", text: "(no output)" });
    return this.#blocks;
  }
}

/** The block itself when it fits, its beginning when it is text, else null. */
function fit(block: ToolContentBlock, bytes: number): ToolContentBlock | null {
  if (jsonBytes(block) <= bytes) return block;
  if (block.type !== "text") return null;
  // Escapes make JSON up to six times as long as its text: halve until it fits.
  for (let limit = bytes; limit > 0; limit = Math.floor(limit / 2)) {
    const cut: ToolContentBlock = { type: "text", text: cutUtf8(block.text.toWellFormed(), limit) };
    if (cut.text !== "" && jsonBytes(cut) <= bytes) return cut;
  }
  return null;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The type as the model knows it; null for images that are passed on to nobody. */
export function modelImageType(mimeType: string): ModelImage["mediaType"] | null {
  switch (mimeType) {
    case "image/png":
    case "image/jpeg":
    case "image/gif":
    case "image/webp":
      return mimeType;
    default:
      return null;
  }
}

function isBase64(data: string): boolean {
  return data.length > 0 && data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
}
