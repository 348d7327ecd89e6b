import { canonicalJson, sha256Hex } from "../canonical-json.ts";
import type { Tool } from "./tool.ts";

/** Identifies what a person approved: whoever changes a tool's description or schema has made another tool. */
export function toolFingerprint(tool: Pick<Tool, "name" | "description" | "inputSchema" | "annotations">): string {
  const { name, description, inputSchema, annotations } = tool;
  return sha256Hex(canonicalJson({ name, description, inputSchema, annotations }));
}
