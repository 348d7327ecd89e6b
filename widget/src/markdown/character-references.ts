/** Those that people and models write. Numbers are resolved by the lexer already. */
const NAMED = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", "\u00a0"],
  ["ndash", "–"],
  ["mdash", "—"],
  ["hellip", "…"],
  ["bull", "•"],
  ["middot", "·"],
  ["times", "×"],
  ["larr", "←"],
  ["rarr", "→"],
  ["copy", "©"],
  ["reg", "®"],
  ["trade", "™"],
  ["deg", "°"],
  ["euro", "€"],
  ["laquo", "«"],
  ["raquo", "»"],
  ["ldquo", "“"],
  ["rdquo", "”"],
  ["lsquo", "‘"],
  ["rsquo", "’"],
]);

/** Replaces `&amp;` and its like. The result is text: whatever it spells, it is never parsed as HTML. */
export function decodeCharacterReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#39|#x27|([a-z]{2,6}));/gi, (reference: string, name: string | undefined) =>
    name === undefined ? "'" : (NAMED.get(name) ?? reference),
  );
}
