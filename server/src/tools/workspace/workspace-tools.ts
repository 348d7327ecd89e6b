import type { Tool, ToolRule } from "../tool.ts";
import { createEditFile } from "./edit-file.ts";
import { createListFiles } from "./list-files.ts";
import { createReadFile } from "./read-file.ts";
import { Workspace, type WorkspaceOptions } from "./workspace.ts";
import { createWriteFile } from "./write-file.ts";

/** Every tool for the files of a workspace, sorted by name. `ruleOf` is what the operator says about a tool, if anything. */
export function createWorkspaceTools(options: WorkspaceOptions, ruleOf: (name: string) => ToolRule | null): Tool[] {
  const workspace = new Workspace(options);
  return [
    createEditFile(workspace, ruleOf("workspace__edit_file")),
    createListFiles(workspace, ruleOf("workspace__list_files")),
    createReadFile(workspace, ruleOf("workspace__read_file")),
    createWriteFile(workspace, ruleOf("workspace__write_file")),
  ];
}
