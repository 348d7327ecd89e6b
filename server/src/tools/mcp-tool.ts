import type { ToolAnnotations, ToolInput } from "@chat-bot/widget/protocol";
import { type CallToolResult, type Tool as McpToolDefinition, ProtocolError } from "@modelcontextprotocol/client";
import { ServerUnreachable } from "./call-lost.ts";
import type { CallSlots } from "./call-slots.ts";
import { cutUtf8 } from "./cut-utf8.ts";
import type { McpConnections } from "./mcp-connections.ts";
import { createInputCheck } from "./mcp-input-check.ts";
import { readMcpResult } from "./mcp-result.ts";
import { ProgressQueue } from "./progress-queue.ts";
import type { CatalogTool, Tool, ToolCallContext, ToolOutput, ToolRule } from "./tool.ts";
import type { McpServerConfig } from "./tool-config.ts";
import { toolFingerprint } from "./tool-fingerprint.ts";
import { errorOutput } from "./tool-result.ts";
import { cleanSchema } from "./tool-schema.ts";
import { cleanDescription, cleanTitle } from "./tool-text.ts";

const TIMEOUT_SECONDS = 30;
const MESSAGE_LIMIT_BYTES = 2048;

/** A configured tool server, as its tools need it. */
export interface McpServer {
  name: string;
  config: McpServerConfig;
  connections: McpConnections;
  slots: CallSlots;
}

/**
 * A tool server's tool as one of ours. Throws when its schema cannot be used; `schemaProblem` is asked before.
 *
 * The host's token never leaves for a tool server. A trusted one is told who the user is, as verified data in
 * `_meta["chatbot/user"]`; every one gets the call's key in `_meta["chatbot/idempotencyKey"]`.
 */
export function createMcpTool(
  name: string,
  definition: McpToolDefinition,
  server: McpServer,
  rule: ToolRule | null,
): CatalogTool {
  const trusted = server.config.trusted === true;
  const annotations = readAnnotations(definition);
  const described = {
    name,
    description: cleanDescription(definition.description ?? ""),
    inputSchema: cleanSchema(definition.inputSchema),
    annotations,
  };
  const under = (given: ToolRule | null): Pick<Tool, "repeatable" | "run"> => ({
    repeatable: given?.idempotent ?? (trusted && isRepeatable(definition)),
    run: (input, context) => runMcpTool(definition, server, given?.timeoutSeconds, input, context),
  });
  return {
    ...described,
    ...under(rule),
    under,
    server: server.name,
    title: cleanTitle(definition.title ?? annotations.title ?? "") || cleanTitle(definition.name),
    rule,
    trusted,
    fingerprint: toolFingerprint(described),
    checkInput: createInputCheck(definition.inputSchema),
  };
}

/** A server says that it honours our key with `_meta["chatbot/idempotencyKey"]: true` in the tool's definition. */
function isRepeatable(definition: McpToolDefinition): boolean {
  const { readOnlyHint, idempotentHint } = definition.annotations ?? {};
  return readOnlyHint === true || idempotentHint === true || definition._meta?.["chatbot/idempotencyKey"] === true;
}

function readAnnotations({ annotations = {} }: McpToolDefinition): ToolAnnotations {
  const { title, readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  return {
    ...(title === undefined ? {} : { title: cleanTitle(title) }),
    ...(readOnlyHint === undefined ? {} : { readOnlyHint }),
    ...(destructiveHint === undefined ? {} : { destructiveHint }),
    ...(idempotentHint === undefined ? {} : { idempotentHint }),
    ...(openWorldHint === undefined ? {} : { openWorldHint }),
  };
}

async function runMcpTool(
  definition: McpToolDefinition,
  server: McpServer,
  ownSeconds: number | undefined,
  input: ToolInput,
  context: ToolCallContext,
): Promise<ToolOutput> {
  const timeoutSeconds = ownSeconds ?? server.config.timeoutSeconds ?? TIMEOUT_SECONDS;
  const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = AbortSignal.any([context.signal, deadline]);
  const told = new ProgressQueue((delta) => context.onDelta(delta));
  try {
    using _slot = await server.slots.take(signal);
    const result: CallToolResult = await server.connections.call(context.owner, {
      tool: definition,
      input,
      meta: callMeta(server, context),
      signal,
      onProgress: (progress) => told.add(progress),
    });
    await told.drain();
    return readMcpResult(result);
  } catch (error) {
    if (context.signal.aborted) told.stop();
    context.signal.throwIfAborted();
    await told.drain();
    if (deadline.aborted && error === deadline.reason) return timedOut(timeoutSeconds);
    return failure(error);
  }
}

function callMeta(server: McpServer, context: ToolCallContext): Record<string, unknown> {
  const key = { "chatbot/idempotencyKey": context.idempotencyKey };
  if (server.config.trusted !== true) return key;
  const { issuer, organization, user } = context.owner;
  return { ...key, "chatbot/user": { issuer, organization, user } };
}

function timedOut(timeoutSeconds: number): ToolOutput {
  return errorOutput(`The tool did not answer within ${timeoutSeconds} seconds. It may or may not have taken effect.`);
}

/** What the server refused is told in its own words; what broke the call is the caller's to record. */
function failure(error: unknown): ToolOutput {
  if (error instanceof ProtocolError)
    return errorOutput(`The tool refused: ${cutUtf8(error.message, MESSAGE_LIMIT_BYTES)}`);
  if (error instanceof ServerUnreachable) return errorOutput("The tool's server cannot be reached. Nothing was done.");
  throw error;
}
