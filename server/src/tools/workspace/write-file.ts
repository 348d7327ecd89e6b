import { createHash } from "node:crypto";
import type { ToolInput } from "@chat-bot/widget/protocol";
import { z } from "zod";
import { holdsPermission } from "../../permission.ts";
import { createInputCheck } from "../mcp-input-check.ts";
import type { Tool, ToolCallContext, ToolOutput, ToolRule } from "../tool.ts";
import { livePieces } from "./live-pieces.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { createWorkspaceTool, PATH_DESCRIPTION } from "./workspace-tool.ts";
import { type FileWritten, writeWorkspaceFile } from "./write-workspace-file.ts";

/** Who does not hold it can make files, but not replace any. */
export const OVERWRITE_PERMISSION = "workspace:overwrite";

const inputSchema = z.strictObject({ path: z.string(), content: z.string(), overwrite: z.boolean().default(false) });

const PROPERTIES = {
  path: { type: "string", description: PATH_DESCRIPTION },
  content: { type: "string", description: "The complete content of the file." },
};
const OVERWRITE = { type: "boolean", description: "Replace the file if it exists, whatever it holds. Default: false." };

/** The built-in tool that writes files. */
export function createWriteFile(workspace: Workspace, rule: ToolRule | null): Tool {
  const tool = createWorkspaceTool(
    {
      name: "workspace__write_file",
      title: "Write file",
      description:
        "Writes a text file into the user's workspace. Directories are made as needed. A file that exists is left as " +
        "it is, and the call fails, unless it is to be overwritten.",
      inputSchema: schemaOf({ ...PROPERTIES, overwrite: OVERWRITE }),
      // The same content under the same name is what the second run finds, and leaves.
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
      defaultRule: { permissions: ["workspace:write"], approval: "always" },
      run: (input, context) => writeFile(workspace, input, context),
    },
    rule,
  );
  const withoutOverwrite = schemaOf(PROPERTIES);
  const checkLimited = createInputCheck(withoutOverwrite);
  return {
    ...tool,
    limitedTo: (permissions) =>
      holdsPermission(permissions, OVERWRITE_PERMISSION)
        ? {}
        : { inputSchema: withoutOverwrite, checkInput: (input) => mayNotOverwrite(input) ?? checkLimited(input) },
  };
}

function schemaOf(properties: Record<string, unknown>): Record<string, unknown> {
  return { type: "object", properties, required: ["path", "content"], additionalProperties: false };
}

function mayNotOverwrite(input: ToolInput): string | null {
  if (!Object.hasOwn(input, "overwrite")) return null;
  return `overwrite: the user may not replace files (${OVERWRITE_PERMISSION} is missing); choose another name.`;
}

async function writeFile(workspace: Workspace, toolInput: ToolInput, context: ToolCallContext): Promise<ToolOutput> {
  const { path, content, overwrite } = inputSchema.parse(toolInput);
  const names = workspace.parsePath(path);
  if (!content.isWellFormed()) throw new WorkspaceError("write_failed", "the content holds half a character");
  const bytes = Buffer.from(content, "utf8");
  const written = await writeWorkspaceFile(workspace, {
    owner: context.owner,
    names,
    pieces: livePieces(bytes),
    replaces: overwrite ? "anything" : "nothing",
    signal: context.signal,
    onWritten: (piece) => context.onDelta({ channel: "file", path, chunk: Buffer.from(piece).toString("utf8") }),
  });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    content: [{ type: "text", text: describe(written, path, bytes.length) }],
    structuredContent: { path, bytes: bytes.length, sha256, created: written === "created" },
    isError: false,
  };
}

function describe(written: FileWritten, path: string, bytes: number): string {
  switch (written) {
    case "created":
      return `Created ${path} (${bytes} bytes).`;
    case "replaced":
      return `Replaced ${path} (${bytes} bytes).`;
    case "unchanged":
      return `${path} was there with exactly this content (${bytes} bytes).`;
  }
}
