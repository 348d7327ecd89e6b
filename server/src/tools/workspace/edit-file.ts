import { createHash } from "node:crypto";
import type { ToolInput } from "@chat-bot/widget/protocol";
import { z } from "zod";
import type { Tool, ToolCallContext, ToolOutput, ToolRule } from "../tool.ts";
import { withPlaceOfEdit } from "./edit-workspace-file.ts";
import { livePieces } from "./live-pieces.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { createWorkspaceTool, PATH_DESCRIPTION } from "./workspace-tool.ts";
import { OVERWRITE_PERMISSION } from "./write-file.ts";
import { lengthOf, writeWorkspaceFile } from "./write-workspace-file.ts";

const inputSchema = z.strictObject({ path: z.string(), old_text: z.string().min(1), new_text: z.string() });

/** The built-in tool that changes a place in a file. Content is lost by it as by overwriting, so it takes the same permission. */
export function createEditFile(workspace: Workspace, rule: ToolRule | null): Tool {
  return createWorkspaceTool(
    {
      name: "workspace__edit_file",
      title: "Edit file",
      description:
        "Replaces one place in a text file of the user's workspace. Nothing is changed unless old_text is in the " +
        "file exactly once.",
      inputSchema: {
        type: "object",
        properties: {
          path: { type: "string", description: PATH_DESCRIPTION },
          old_text: {
            type: "string",
            minLength: 1,
            description:
              "The text to be replaced, character by character as it stands, white space and line ends too. Read the " +
              "file first, and give enough of what is around the place to find it once.",
          },
          new_text: { type: "string", description: "What takes its place; empty to remove it." },
        },
        required: ["path", "old_text", "new_text"],
        additionalProperties: false,
      },
      // A second run finds the old text gone, or finds it in the new one.
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
      defaultRule: { permissions: ["workspace:write", OVERWRITE_PERMISSION], approval: "always" },
      run: (input, context) => editFile(workspace, input, context),
    },
    rule,
  );
}

async function editFile(workspace: Workspace, toolInput: ToolInput, context: ToolCallContext): Promise<ToolOutput> {
  const { path, old_text: oldText, new_text: newText } = inputSchema.parse(toolInput);
  const { owner, signal } = context;
  const names = workspace.parsePath(path);
  if (!newText.isWellFormed()) throw new WorkspaceError("write_failed", "new_text holds half a character");
  if (oldText === newText) throw new WorkspaceError("write_failed", "old_text and new_text are the same");
  const shown = livePieces(Buffer.from(newText, "utf8"));
  const toShow = new Set(shown);
  return await withPlaceOfEdit(workspace, { owner, names, oldText, newText }, async ({ before, after, stats }) => {
    const pieces = [before, ...shown, after];
    await writeWorkspaceFile(workspace, {
      owner,
      names,
      pieces,
      replaces: stats,
      signal,
      // What is new is shown, but not as the file: the rest of it was there before.
      onWritten: async (piece) => {
        if (!toShow.has(piece)) return;
        await context.onDelta({ channel: "output", chunk: Buffer.from(piece).toString("utf8") });
      },
    });
    const hash = createHash("sha256");
    for (const piece of pieces) hash.update(piece);
    const bytes = lengthOf(pieces);
    return {
      content: [{ type: "text", text: `Edited ${path} (${stats.size} bytes before, ${bytes} now).` }],
      structuredContent: { path, bytes, sha256: hash.digest("hex") },
      isError: false,
    };
  });
}
