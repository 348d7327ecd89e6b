import type { RememberScope, ToolAnnotations, ToolInput } from "./content-block.ts";

/** A person is asked whether this call may run, exactly as shown. */
export interface ToolRequestEvent {
  type: "tool_request";
  tool_use_id: string;
  name: string;
  title: string;
  description: string;
  input: ToolInput;
  /** Lower-case hex SHA-256 of the canonical JSON of `input`. */
  input_sha256: string;
  annotations: ToolAnnotations;
  /** ISO 8601, UTC. */
  expires_at: string;
  remember: RememberScope[];
}
