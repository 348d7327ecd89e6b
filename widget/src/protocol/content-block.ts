/** One block of a tool's result, as in the Model Context Protocol (`ContentBlock` of a `tools/call` result). */
export type ToolContentBlock =
  | { type: "text"; text: string }
  | { type: "image"; data: string; mimeType: string }
  | { type: "audio"; data: string; mimeType: string }
  | { type: "resource_link"; uri: string; name: string; title?: string; description?: string; mimeType?: string }
  | { type: "resource"; resource: { uri: string; mimeType?: string; text?: string; blob?: string } };

/** A tool's hints about itself (MCP `ToolAnnotations`). They come from the tool server and prove nothing. */
export interface ToolAnnotations {
  title?: string;
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}

/** How a tool call ended. `unknown`: the server died while it ran, and running it again would not be safe. */
export type ToolOutcome = "ok" | "error" | "denied" | "expired" | "superseded" | "cancelled" | "unknown";

/** How a person may answer an approval request beyond this one call. */
export type RememberScope = "once" | "conversation";

/** A tool's input: a JSON object. */
export type ToolInput = Record<string, unknown>;
