/**
 * Rules that match at the beginning of a text only, and are tried nowhere else. Some engines (WebKit) try a pattern that
 * begins with `^` at every letter of a text which it does not match: with the rest of a message given to each rule for
 * each token, the cost would grow with the square of the message's length.
 */

/** The class of such rules, as source. Theirs is the flag `y`, and no memory of where they matched last. */
export const ANCHORED_RULE = "class AnchoredRule extends RegExp{exec(t){return this.lastIndex=0,super.exec(t)}}";

/** A regular expression as source, anchored where its every alternative begins with `^`. */
export function ruleSource(rule: RegExp): string {
  return isAnchored(rule) ? `new AnchoredRule(${rule}y)` : String(rule);
}

/** With one alternative that begins otherwise the pattern might match elsewhere. */
function isAnchored({ source, global, multiline }: RegExp): boolean {
  return !global && !multiline && alternatives(source).every((alternative) => alternative.startsWith("^"));
}

/** Of a pattern, not of its groups. */
function alternatives(source: string): string[] {
  const found = [""];
  let depth = 0;
  for (const [part] of source.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|[\s\S]/g)) {
    if (part === "(") depth += 1;
    else if (part === ")") depth -= 1;
    if (part === "|" && depth === 0) found.push("");
    else found[found.length - 1] += part;
  }
  return found;
}
