/** Longer texts stay as they are: who reads them searches them, and deep nesting would make them longer still. */
const MOST_CHARACTERS = 20_000;
const DEEPEST = 20;

/** What has no line of its own comes whole: a string, an empty object or list, a number or a word. */
const TOKENS = /"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s"{}[\],:]+|\s+/g;

/**
 * JSON with a line for each value, as tools seldom write it. Only blanks between its values change: numbers too large for
 * this browser and members that stand twice stay as they are. Any other text comes back as it is.
 */
export function layOutJson(text: string): string {
  if (text.length > MOST_CHARACTERS || !/^\s*[{[]/.test(text) || !isJson(text)) return text;
  let depth = 0;
  const line = (): string => `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
  return text.replace(TOKENS, (token) => {
    switch (token) {
      case "{":
      case "[":
        depth += 1;
        return token + line();
      case "}":
      case "]":
        depth -= 1;
        return line() + token;
      case ",":
        return token + line();
      case ":":
        return ": ";
      default:
        return /^[{[]/.test(token) ? token.replace(/\s+/, "") : token.trim();
    }
  });
}

/** Whether a text is JSON, of whatever kind. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
