/** How deep Markdown may be nested before it is shown as the text it is. */
export const MAX_NESTING = 40;

const MARKER = /[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$))/y;
/** Two columns of indentation can open a list inside a list. */
const COLUMNS_PER_LEVEL = 2;

/**
 * Where the first line begins that may be nested too deep; -1 when there is none. One pass finds an upper bound of how
 * deep blocks and brackets are nested: the lexer is recursive and fails only after long work, so that this has to be
 * known before.
 */
export function tooDeepFrom(markdown: string): number {
  let start = 0;
  while (start < markdown.length) {
    const newline = markdown.indexOf("\n", start);
    const end = newline === -1 ? markdown.length : newline;
    // In a shorter line not even tabs make so many columns.
    if (end - start >= MAX_NESTING / 2 && isTooDeep(markdown.slice(start, end))) return start;
    start = end + 1;
  }
  return -1;
}

function isTooDeep(line: string): boolean {
  return blockDepth(line) > MAX_NESTING || bracketDepth(line) > MAX_NESTING;
}

function blockDepth(line: string): number {
  MARKER.lastIndex = 0;
  let markers = 0;
  let end = 0;
  while (MARKER.test(line)) {
    markers += 1;
    end = MARKER.lastIndex;
  }
  if (markers === 0) return 0;
  const columns = line.slice(0, end).replaceAll("\t", "    ").match(/^ */)?.[0].length ?? 0;
  return markers + Math.floor(columns / COLUMNS_PER_LEVEL);
}

function bracketDepth(line: string): number {
  if (!line.includes("[")) return 0;
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < line.length; index += 1) {
    const code = line.charCodeAt(index);
    if (code === 0x5b) depth += 1;
    else if (code === 0x5d) depth = Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
