import type { ToolContentBlock } from "@chat-bot/widget/protocol";
import type { CallToolResult } from "@modelcontextprotocol/client";
import type { ToolOutput } from "./tool.ts";
import { modelImageType } from "./tool-result.ts";

/** A tool server's answer as a tool's output: only the members that the protocol knows, every block in its place. */
export function readMcpResult(result: CallToolResult): ToolOutput {
  const content = result.content.map(readBlock);
  const isError = result.isError === true;
  const structured: unknown = result.structuredContent;
  if (structured === undefined) return { content, isError };
  return { content, structuredContent: isObject(structured) ? structured : { value: structured }, isError };
}

function readBlock(block: CallToolResult["content"][number]): ToolContentBlock {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "image":
      // Other kinds, such as SVG, can hold scripts and requests.
      if (modelImageType(block.mimeType) === null)
        return { type: "text", text: `[image, ${block.mimeType}: left out]` };
      return { type: "image", data: block.data, mimeType: block.mimeType };
    case "audio":
      return { type: "audio", data: block.data, mimeType: block.mimeType };
    case "resource_link":
      return {
        type: "resource_link",
        uri: block.uri,
        name: block.name,
        ...(block.title === undefined ? {} : { title: block.title }),
        ...(block.description === undefined ? {} : { description: block.description }),
        ...(block.mimeType === undefined ? {} : { mimeType: block.mimeType }),
      };
    case "resource":
      return {
        type: "resource",
        resource: {
          uri: block.resource.uri,
          ...(block.resource.mimeType === undefined ? {} : { mimeType: block.resource.mimeType }),
          ...("text" in block.resource ? { text: block.resource.text } : { blob: block.resource.blob }),
        },
      };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
