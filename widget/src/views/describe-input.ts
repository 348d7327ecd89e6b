import type { ToolAnnotations, ToolInput } from "../protocol/index.ts";

/** A member of the input. */
export interface InputField {
  name: string;
  value: unknown;
}

/**
 * How a tool's input is best shown. Whichever it is, all of the input is in it: what a form has no place of its own
 * for is among the fields.
 */
export type InputView =
  | { type: "none" }
  | { type: "fields"; fields: readonly InputField[] }
  /** A file that is written. `writes` is null where the tool does not tell what happens to one that exists. */
  | { type: "file"; fields: readonly InputField[]; content: string; writes: "new" | "replaces" | null }
  /** A text in a file that is put in place of another. */
  | { type: "edit"; fields: readonly InputField[]; before: string; after: string };

/** By the input's shape, so that it serves any tool; only what our own tool is known to do depends on its name. */
export function describeInput(toolName: string, input: ToolInput): InputView {
  const fields = Object.entries(input).map(([name, value]): InputField => ({ name, value }));
  if (fields.length === 0) return { type: "none" };
  const value = (name: string): unknown => fields.find((field) => field.name === name)?.value;
  const without = (...names: string[]): InputField[] => fields.filter(({ name }) => !names.includes(name));
  const [path, content, before, after] = ["path", "content", "old_text", "new_text"].map(value);
  if (typeof path === "string" && typeof before === "string" && typeof after === "string")
    return { type: "edit", fields: without("old_text", "new_text"), before, after };
  if (typeof path === "string" && typeof content === "string")
    return { type: "file", fields: without("content"), content, writes: writesOf(toolName, value("overwrite")) };
  return { type: "fields", fields };
}

/** Whether a call may change or delete what is there. A tool is marked as a whole; our own loses nothing by a new file. */
export function isDestructive(toolName: string, input: ToolInput, annotations: ToolAnnotations): boolean {
  const view = describeInput(toolName, input);
  return annotations.destructiveHint === true && !(view.type === "file" && view.writes === "new");
}

function writesOf(toolName: string, overwrite: unknown): "new" | "replaces" | null {
  if (toolName !== "workspace__write_file") return null;
  return overwrite === true ? "replaces" : "new";
}
