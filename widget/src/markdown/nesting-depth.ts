/** How deep Markdown may be nested before it is shown as the text it is. */
export const MAX_NESTING = 40;

const MARKER = /[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$))/y;
/** Two columns of indentation can open a list inside a list. */
const COLUMNS_PER_LEVEL = 2;

/**
 * An upper bound of how deep blocks and brackets are nested, found in one pass. The lexer is recursive and fails on
 * deep nesting only after long work, so that this has to be known before.
 */
export function nestingDepth(markdown: string): number {
  let deepest = 0;
  for (const line of markdown.split("\n")) deepest = Math.max(deepest, blockDepth(line), bracketDepth(line));
  return deepest;
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
  let depth = 0;
  let deepest = 0;
  for (const character of line) {
    if (character === "[") depth += 1;
    else if (character === "]") depth = Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
