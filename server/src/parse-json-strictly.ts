// What two parsers read differently, one of them reads wrongly. JSON.parse lets the last of two equal members win,
// turns 1e400 into Infinity and makes an own member of `__proto__`; a gateway before us may have seen something else.

/** Every string, number and punctuation mark of a text that is known to be JSON. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

/**
 * `JSON.parse` without what is ambiguous: members named twice or `__proto__`, and numbers too large to hold.
 * @throws SyntaxError whose message holds nothing of the text but member names.
 */
export function parseJsonStrictly(text: string): unknown {
  const value = parse(text);
  /** Member names of the objects that are open at this point; null for an array. */
  const open: (Set<string> | null)[] = [];
  let previous = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") addName(open.at(-1), previous);
    else if (!/^["a-z,]/.test(token) && !Number.isFinite(Number(token)))
      throw new SyntaxError("holds a number that is too large");
    previous = token;
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's own message quotes the text, which may hold secrets.
    const place = error instanceof Error ? (/\(line \d+ column \d+\)/.exec(error.message)?.[0] ?? "") : "";
    throw new SyntaxError(`is not JSON ${place}`.trimEnd());
  }
}

function addName(names: Set<string> | null | undefined, literal: string): void {
  const name: unknown = JSON.parse(literal);
  if (typeof name !== "string" || !(names instanceof Set)) return;
  if (name === "__proto__") throw new SyntaxError("has a member named __proto__");
  if (names.has(name)) throw new SyntaxError(`names the member ${JSON.stringify(name)} twice`);
  names.add(name);
}
