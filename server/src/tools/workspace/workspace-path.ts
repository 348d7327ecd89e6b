import { isReservedForTemporary } from "./temporary-name.ts";

const PATH_LIMIT_BYTES = 512;
const NAME_LIMIT_BYTES = 150;
/** Names in a path at the most. */
export const DEPTH_LIMIT = 8;

/** Names that mean a device on Windows, whatever follows the first dot. */
const RESERVED_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** A path below the workspace, taken apart; or why it is none. */
export type WorkspacePath = { names: readonly string[] } | { problem: string };

/**
 * The lexical rule for paths that a model wrote: relative names separated by `/`, which every file system reads the
 * same way and a person sees as they are. It says nothing about what lies on the disk.
 */
export function parseWorkspacePath(path: string, options: { hiddenFiles?: boolean } = {}): WorkspacePath {
  const ofPath = pathProblem(path);
  if (ofPath !== null) return { problem: ofPath };
  const names = path.split("/");
  if (names.length > DEPTH_LIMIT) return { problem: `the path has more than ${DEPTH_LIMIT} parts` };
  for (const name of names) {
    const problem = nameProblem(name, options.hiddenFiles === true);
    if (problem !== null) return { problem };
  }
  return { names };
}

function pathProblem(path: string): string | null {
  if (path === "") return "the path is empty";
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) return `the path is longer than ${PATH_LIMIT_BYTES} bytes`;
  if (path.startsWith("/")) return "the path must be relative, without a leading slash";
  if (path.includes("\\")) return "use / between names, not a backslash";
  // Control, format (zero width, bidirectional), surrogate, private and unassigned characters, odd spaces, blank fillers.
  if (/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u.test(path))
    return "the path holds an invisible character";
  if (path.normalize("NFC") !== path) return "the path is not in normal form (NFC)";
  if (/[:*?"<>|]/.test(path)) return 'the path holds one of : * ? " < > |';
  if (/%(?:2e|2f|5c|00|25)/i.test(path)) return "the path holds an encoded separator";
  if (holdsDisguise(path)) return "the path holds a character that stands for a separator or a dot";
  return null;
}

function nameProblem(name: string, mayBeHidden: boolean): string | null {
  if (name === "") return "the path has an empty part";
  if (name === "." || name === "..") return "the path has a . or .. part";
  if (name.startsWith(".") && !mayBeHidden) return "hidden files are not allowed";
  if (isReservedForTemporary(name)) return "the name is reserved";
  if (name.startsWith("~")) return "a name must not begin with ~";
  if (name.startsWith(" ")) return "a name must not begin with a space";
  if (name.endsWith(".") || name.endsWith(" ")) return "a name must not end with a dot or a space";
  if (Buffer.byteLength(name) > NAME_LIMIT_BYTES) return `a name is longer than ${NAME_LIMIT_BYTES} bytes`;
  const [stem = ""] = name.split(".");
  if (RESERVED_NAME.test(stem.trimEnd())) return "the name is reserved";
  return null;
}

/** Characters such as `／` or `․`, which some file systems and programs fold into `/` or `.`. */
function holdsDisguise(path: string): boolean {
  return Array.from(path).some((character) => {
    const folded = character.normalize("NFKC");
    return folded !== character && /[/\\.:~]/.test(folded);
  });
}
