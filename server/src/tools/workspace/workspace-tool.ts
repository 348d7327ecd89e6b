import type { ToolAnnotations, ToolInput } from "@chat-bot/widget/protocol";
import { createInputCheck } from "../mcp-input-check.ts";
import type { Tool, ToolCallContext, ToolOutput, ToolRule } from "../tool.ts";
import { toolFingerprint } from "../tool-fingerprint.ts";
import { errorOutput } from "../tool-result.ts";
import { WorkspaceError } from "./workspace-error.ts";

/** What one of the workspace's tools is. */
export interface WorkspaceToolDefinition {
  name: `workspace__${string}`;
  title: string;
  description: string;
  inputSchema: Record<string, unknown>;
  annotations: Required<Omit<ToolAnnotations, "title">>;
  /** What applies when the operator says nothing else. */
  defaultRule: ToolRule;
  /** Rejects with a `WorkspaceError` for what the model should read. */
  run(input: ToolInput, context: ToolCallContext): Promise<ToolOutput>;
}

/** How `path` is described to the model, in every tool. */
export const PATH_DESCRIPTION = "Relative to the workspace, with / between names, for example notes/hello.txt.";

/** Makes a tool of this server's own; `rule` is the operator's. */
export function createWorkspaceTool(definition: WorkspaceToolDefinition, rule: ToolRule | null): Tool {
  const { name, title, description, inputSchema, defaultRule } = definition;
  const annotations = { title, ...definition.annotations };
  const { readOnlyHint, idempotentHint } = annotations;
  return {
    name,
    server: "workspace",
    title,
    description,
    inputSchema,
    annotations,
    rule: rule ?? defaultRule,
    trusted: true,
    fingerprint: toolFingerprint({ name, description, inputSchema, annotations }),
    repeatable: readOnlyHint || idempotentHint,
    checkInput: createInputCheck(inputSchema),
    run: (input, context) => definition.run(input, context).catch(refusal),
  };
}

function refusal(error: unknown): ToolOutput {
  if (!(error instanceof WorkspaceError)) throw error;
  const { code, message, details } = error;
  return errorOutput(`${code}: ${message}. Nothing was changed.`, { error: code, ...details });
}
