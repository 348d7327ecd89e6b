import type { ToolInput } from "@chat-bot/widget/protocol";
import { z } from "zod";
import type { Tool, ToolCallContext, ToolOutput, ToolRule } from "../tool.ts";
import { type Listing, listWorkspace } from "./list-workspace.ts";
import type { Workspace } from "./workspace.ts";
import { createWorkspaceTool } from "./workspace-tool.ts";

/** With sizes and line ends below the 64 KB that the model gets of a result. */
const LIMIT = { entries: 1000, bytes: 40 * 1024 };

const inputSchema = z.strictObject({ path: z.string().optional() });

/** The built-in tool that tells what files there are. */
export function createListFiles(workspace: Workspace, rule: ToolRule | null): Tool {
  return createWorkspaceTool(
    {
      name: "workspace__list_files",
      title: "List files",
      description:
        "Lists the files of the user's workspace with their sizes, and those in its directories; a name that ends " +
        "with / is a directory. At most 1,000 at a time.",
      inputSchema: {
        type: "object",
        properties: {
          path: { type: "string", description: "A directory to list, for example notes. Leave it out to list all." },
        },
        additionalProperties: false,
      },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      defaultRule: { permissions: ["workspace:read"], approval: "never" },
      run: (input, context) => listFiles(workspace, input, context),
    },
    rule,
  );
}

async function listFiles(workspace: Workspace, toolInput: ToolInput, context: ToolCallContext): Promise<ToolOutput> {
  const { path } = inputSchema.parse(toolInput);
  const names = path === undefined ? [] : workspace.parsePath(path);
  const listing = await listWorkspace(workspace, { owner: context.owner, names, limit: LIMIT });
  const files = listing.entries.flatMap((entry) => (entry.bytes === null ? [] : [entry]));
  return {
    content: [{ type: "text", text: describe(listing, path) }],
    structuredContent: { files, truncated: listing.isCut },
    isError: false,
  };
}

function describe({ entries, isCut }: Listing, path: string | undefined): string {
  if (entries.length === 0) return path === undefined ? "The workspace is empty." : `${path} is empty.`;
  const lines = entries.map((entry) =>
    entry.bytes === null ? `${entry.path}/` : `${entry.path} (${entry.bytes} bytes)`,
  );
  return [...lines, ...(isCut ? ["[cut off: there are more; list one of the directories]"] : [])].join("\n");
}
