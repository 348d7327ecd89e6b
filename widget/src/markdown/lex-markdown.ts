import { Lexer, type MarkedToken, type Token } from "marked";
import { tooDeepFrom } from "./nesting-depth.ts";

/** Addresses defined by `[label]: address` lines, by label. */
export type LinkDefinitions = Lexer["tokens"]["links"];

/** Definitions of a message that has none. */
export function noDefinitions(): LinkDefinitions {
  return Object.create(null);
}

/** Adds the definitions among the tokens to `links`; the first of a label stands. */
export function collectDefinitions(tokens: readonly Token[], links: LinkDefinitions): void {
  for (const token of tokens) {
    const known = knownToken(token);
    if (known?.type === "def") links[known.tag] ??= { href: known.href, title: known.title };
    else if (known?.type === "list") collectDefinitions(known.items, links);
    else if (known?.type === "blockquote" || known?.type === "list_item") collectDefinitions(known.tokens, links);
  }
}

/**
 * Splits Markdown into tokens whose `raw` texts add up to it. Labels are looked up in `links` and in the text itself.
 * What follows nesting that is too deep, and what makes the lexer fail, becomes one token of plain text.
 */
export function lexMarkdown(markdown: string, links: LinkDefinitions): Token[] {
  const plainFrom = tooDeepFrom(markdown);
  if (plainFrom === -1) return lexShallow(markdown, links);
  return [...lexShallow(markdown.slice(0, plainFrom), links), plainText(markdown.slice(plainFrom))];
}

function lexShallow(markdown: string, links: LinkDefinitions): Token[] {
  try {
    const lexer = new Lexer({ gfm: true });
    lexer.tokens.links = Object.assign(noDefinitions(), links);
    const tokens = [...lexer.lex(markdown)];
    const length = tokens.reduce((sum, token) => sum + token.raw.length, 0);
    return length === markdown.length ? tokens : [plainText(markdown)];
  } catch {
    return [plainText(markdown)];
  }
}

/** The token as one of those known, or null. */
export function knownToken(token: Token): MarkedToken | null {
  return isKnown(token) ? token : null;
}

const KNOWN: Record<MarkedToken["type"], true> = {
  blockquote: true,
  br: true,
  checkbox: true,
  code: true,
  codespan: true,
  def: true,
  del: true,
  em: true,
  escape: true,
  heading: true,
  hr: true,
  html: true,
  image: true,
  link: true,
  list: true,
  list_item: true,
  paragraph: true,
  space: true,
  strong: true,
  table: true,
  text: true,
};

function isKnown(token: Token): token is MarkedToken {
  return Object.hasOwn(KNOWN, token.type);
}

function plainText(markdown: string): Token {
  return { type: "plain", raw: markdown };
}
