/** One thing that the user asks for and that takes a tool. */
export type Wish =
  | { type: "list_members" }
  | { type: "show_member"; who: string }
  | { type: "remove_member"; who: string }
  | { type: "invite_member"; email: string; name: string }
  | { type: "list_files" }
  | { type: "read_file"; path: string }
  | { type: "edit_file"; path: string; oldText: string; newText: string }
  | { type: "write_file"; path: string; content: string; overwrite: boolean }
  /** A call that is made as it stands, whether or not there is such a tool. */
  | { type: "call"; name: string; input: Record<string, unknown> };
