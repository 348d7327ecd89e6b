import { createHash } from "node:crypto";
import type { ToolInput } from "@chat-bot/widget/protocol";
import { z } from "zod";
import { utf8Boundary } from "../cut-utf8.ts";
import { createInputCheck } from "../mcp-input-check.ts";
import type { Tool, ToolCallContext, ToolOutput, ToolRule } from "../tool.ts";
import { toolFingerprint } from "../tool-fingerprint.ts";
import { errorOutput } from "../tool-result.ts";
import { writeWorkspaceFile } from "./workspace-directory.ts";
import { WorkspaceError } from "./workspace-error.ts";
import { parseWorkspacePath } from "./workspace-path.ts";

const FILE_LIMIT_BYTES = 10 * 1024 * 1024;
const PIECE_BYTES = 4096;
/** A large file is shown in larger pieces, so that no file costs more events than this. */
const PIECE_COUNT_LIMIT = 256;

const inputSchema = z.strictObject({ path: z.string(), content: z.string(), overwrite: z.boolean().default(false) });

const DEFINITION = {
  name: "workspace__write_file",
  description:
    "Writes a text file into the user's workspace, with the complete content given. Directories are made as needed. " +
    "Paths are relative, for example notes/hello.txt. A file that exists is replaced only with overwrite: true.",
  inputSchema: {
    type: "object",
    properties: {
      path: { type: "string", description: "Where to write, relative to the workspace, with / between names." },
      content: { type: "string", description: "The complete content of the file." },
      overwrite: { type: "boolean", description: "Replace a file that exists. Default: false." },
    },
    required: ["path", "content"],
    additionalProperties: false,
  },
  annotations: {
    title: "Write file",
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: false,
  },
};

/** What applies when the operator says nothing else. */
const DEFAULT_RULE: ToolRule = { permissions: ["workspace:write"], approval: "always" };

/** The built-in tool that writes files. `root` is the directory below which every user has their own. */
export function createWriteFile(root: string, rule: ToolRule | null): Tool {
  return {
    ...DEFINITION,
    server: "workspace",
    title: "Write file",
    rule: rule ?? DEFAULT_RULE,
    trusted: true,
    fingerprint: toolFingerprint(DEFINITION),
    // The same content under the same name is what the second run finds, and leaves.
    repeatable: true,
    checkInput: createInputCheck(DEFINITION.inputSchema),
    run: (input, context) => writeFile(root, input, context),
  };
}

async function writeFile(root: string, toolInput: ToolInput, context: ToolCallContext): Promise<ToolOutput> {
  const { path, content, overwrite } = inputSchema.parse(toolInput);
  const parsed = parseWorkspacePath(path);
  if ("problem" in parsed) return refusal("invalid_path", parsed.problem);
  if (!content.isWellFormed()) return refusal("write_failed", "the content holds half a character");
  const bytes = Buffer.from(content, "utf8");
  if (bytes.length > FILE_LIMIT_BYTES) return refusal("quota_exceeded", "a file may have 10 MB");
  try {
    const written = await writeWorkspaceFile(root, {
      owner: context.owner,
      names: parsed.names,
      pieces: cutIntoPieces(bytes),
      overwrite,
      signal: context.signal,
      onWritten: (piece) => context.onDelta({ channel: "file", path, chunk: Buffer.from(piece).toString("utf8") }),
    });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return {
      content: [{ type: "text", text: describe(written, path, bytes.length) }],
      structuredContent: { path, bytes: bytes.length, sha256, created: written === "created" },
      isError: false,
    };
  } catch (error) {
    if (error instanceof WorkspaceError) return refusal(error.code, error.message);
    throw error;
  }
}

function refusal(code: WorkspaceError["code"], reason: string): ToolOutput {
  return errorOutput(`${code}: ${reason}. Nothing was written.`, { error: code });
}

function describe(written: "created" | "replaced" | "unchanged", path: string, bytes: number): string {
  switch (written) {
    case "created":
      return `Created ${path} (${bytes} bytes).`;
    case "replaced":
      return `Replaced ${path} (${bytes} bytes).`;
    case "unchanged":
      return `${path} was there with exactly this content (${bytes} bytes).`;
  }
}

/** Pieces that begin and end between characters, so that each can be shown by itself. */
function cutIntoPieces(bytes: Uint8Array): Uint8Array[] {
  const size = Math.max(PIECE_BYTES, Math.ceil(bytes.length / PIECE_COUNT_LIMIT) + 3);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = utf8Boundary(bytes, start + size);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}
