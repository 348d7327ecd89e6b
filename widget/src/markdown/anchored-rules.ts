/**
 * A rule that matches at the beginning of a text only, and is tried nowhere else. Some engines try a pattern that begins
 * with `^` at every letter of a text which it does not match: with the rest of a message given to each rule for each
 * token, the cost would grow with the square of the message's length.
 */
class AnchoredRule extends RegExp {
  constructor(rule: RegExp) {
    super(rule.source, `${rule.flags}y`);
  }

  override exec(text: string): RegExpExecArray | null {
    this.lastIndex = 0;
    return super.exec(text);
  }
}

/** The rules, with those anchored whose every alternative begins with `^`. */
export function anchorRules<Name extends string>(rules: Record<Name, RegExp>): Record<Name, RegExp> {
  const anchored = { ...rules };
  for (const name in rules) if (isAnchored(rules[name])) anchored[name] = new AnchoredRule(rules[name]);
  return anchored;
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
