import type { ToolInput } from "@chat-bot/widget/protocol";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/client/validators/cf-worker";
import { TookTooLong, withinTime } from "./bounded-time.ts";
import { cutUtf8 } from "./cut-utf8.ts";

const TIME_LIMIT_MS = 50;
const MESSAGE_LIMIT_BYTES = 1024;

/** Tells the model what is wrong with an input; null when nothing is. */
export type InputCheck = (input: ToolInput) => string | null;

/**
 * Prepares the check of a tool's inputs against its JSON Schema. Throws when the schema cannot be used.
 *
 * The engine is the one that comes with the MCP client: it interprets the schema, fetches nothing and generates no
 * code. Schemas come from tool servers, so a check that takes too long, for example in a pattern, is ended.
 */
export function createInputCheck(schema: Record<string, unknown>): InputCheck {
  const validate = withinTime(TIME_LIMIT_MS, () => new CfWorkerJsonSchemaValidator().getValidator(plainCopy(schema)));
  const check: InputCheck = (input) => {
    try {
      const result = withinTime(TIME_LIMIT_MS, () => validate(plainCopy(input)));
      return result.valid ? null : cutUtf8(`The input is not valid. ${result.errorMessage}`, MESSAGE_LIMIT_BYTES);
    } catch (error) {
      if (error instanceof TookTooLong) return "The input could not be checked in time: make it shorter or simpler.";
      throw error;
    }
  };
  check({});
  return check;
}

/** Objects without a prototype, so that the engine finds no `toString` or `constructor` that nobody sent. */
function plainCopy(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.assign(Object.create(null), member)
      : member,
  );
}
