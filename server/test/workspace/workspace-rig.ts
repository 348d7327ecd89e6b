import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Owner } from "../../src/store/identity.ts";
import type { Tool, ToolCallContext, ToolDelta, ToolOutput } from "../../src/tools/tool.ts";
import { ownerDirectory } from "../../src/tools/workspace/owner-directory.ts";
import type { WorkspaceOptions } from "../../src/tools/workspace/workspace.ts";
import { createWorkspaceTools } from "../../src/tools/workspace/workspace-tools.ts";

export const ANN: Owner = { issuer: "https://host.example", organization: "Acme Inc.", user: "ann@example.com" };
export const BOB: Owner = { ...ANN, user: "bob@example.com" };

export type ToolName = "write_file" | "edit_file" | "read_file" | "list_files";

/** What a tool answered, and what it showed meanwhile. */
export type Ran = ToolOutput & { deltas: ToolDelta[] };

/** The workspace's tools on a directory of their own, with something beside it that is none of their business. */
export class WorkspaceRig implements AsyncDisposable {
  readonly base: string;
  /** `WORKSPACE_DIR`. */
  readonly root: string;
  /** Where Ann's files are. */
  readonly home: string;
  readonly outside: string;
  readonly #tools: ReadonlyMap<string, Tool>;

  private constructor(base: string, options: Partial<WorkspaceOptions>) {
    this.base = base;
    this.root = join(base, "workspace");
    this.outside = join(base, "outside");
    this.home = join(this.root, ...ownerDirectory(ANN, options.shared));
    const tools = createWorkspaceTools({ directory: this.root, ...options }, () => null);
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  static async start(options: Partial<WorkspaceOptions> = {}): Promise<WorkspaceRig> {
    const rig = new WorkspaceRig(await mkdtemp(join(tmpdir(), "workspace-")), options);
    await mkdir(rig.home, { recursive: true });
    await mkdir(rig.outside);
    return rig;
  }

  tool(name: ToolName): Tool {
    const tool = this.#tools.get(`workspace__${name}`);
    if (tool === undefined) throw new Error(`there is no ${name}`);
    return tool;
  }

  /** Runs a tool for Ann, unless told otherwise. */
  async run(name: ToolName, input: Record<string, unknown>, context: Partial<ToolCallContext> = {}): Promise<Ran> {
    const deltas: ToolDelta[] = [];
    const output = await this.tool(name).run(input, {
      signal: new AbortController().signal,
      toolUseId: "toolu_1",
      idempotencyKey: "key",
      owner: ANN,
      onDelta: async (delta) => {
        deltas.push(delta);
      },
      ...context,
    });
    return { ...output, deltas };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.base, { recursive: true, force: true });
  }
}

/** Every regular file below a directory, with its content. Files that vanish meanwhile are left out. */
export async function filesIn(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path, "utf8").catch(() => null);
    if (content !== null) found[relative(directory, path)] = content;
  }
  return found;
}

/** All that lies below a directory, directories too. */
export async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).toSorted();
}

/** All text of an output. */
export function textOf(output: ToolOutput): string {
  return output.content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
}
