import { invalid } from "./api-error.ts";
import type { CountTokensRequest, ToolDefinition } from "./messages-request.ts";

const PROPERTY_NAME = /^[a-zA-Z0-9_.-]{1,64}$/;

/** The rules for tool definitions, and between them and the rest of the request. @throws ApiError */
export function checkTools(request: CountTokensRequest): void {
  const tools = request.tools ?? [];
  tools.forEach(checkSchema);
  const names = new Set(tools.map((tool) => tool.name));
  if (names.size < tools.length) throw invalid("tools: Tool names must be unique.");
  if (tools.length === 0 && usesTools(request)) {
    throw invalid("Requests which have `tool_use` or `tool_result` blocks in messages must define tools.");
  }
  checkToolChoice(request, names);
}

function checkSchema({ input_schema: schema }: ToolDefinition, index: number): void {
  const where = `tools.${index}.custom.input_schema`;
  if (["oneOf", "allOf", "anyOf"].some((keyword) => keyword in schema)) {
    throw invalid(`${where}: input_schema does not support oneOf, allOf, or anyOf at the top level`);
  }
  const badKey = Object.keys(schema.properties ?? {}).find((key) => !PROPERTY_NAME.test(key));
  if (badKey !== undefined) {
    throw invalid(`${where}.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'`);
  }
}

function usesTools({ messages }: CountTokensRequest): boolean {
  return messages.some(
    ({ content }) =>
      typeof content !== "string" && content.some(({ type }) => type === "tool_use" || type === "tool_result"),
  );
}

function checkToolChoice({ tool_choice: choice, thinking }: CountTokensRequest, names: ReadonlySet<string>): void {
  if (choice === undefined) return;
  if (names.size === 0) throw invalid("tool_choice: may only be specified while providing tools");
  if (choice.type === "tool" && !names.has(choice.name)) {
    throw invalid(`tool_choice: Tool '${choice.name}' not found in provided tools`);
  }
  const isForced = choice.type === "any" || choice.type === "tool";
  if (isForced && thinking !== undefined && thinking.type !== "disabled") {
    throw invalid("Thinking may not be enabled when tool_choice forces tool use.");
  }
}
