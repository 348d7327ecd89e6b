import { html, type TemplateResult } from "lit";

/**
 * Characters that show nothing or change the order of others – controls, bidirectional marks, joiners, odd spaces,
 * fillers – and could make a text look like another one. Line feed and tab are meant to be there.
 */
const HIDDEN = /(?![\n\t ])([\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800])/u;
const EACH_HIDDEN = new RegExp(HIDDEN, "gu");

/** A text with more of them is not written for people, and would take a node for each. */
const MOST_MARKED = 1_000;

/** Text from outside, with such characters shown by their number. */
export function visibleText(text: string): string | (string | TemplateResult)[] {
  if (!HIDDEN.test(text)) return text;
  const pieces = text.split(EACH_HIDDEN);
  if (pieces.length > 2 * MOST_MARKED) return text.replaceAll(EACH_HIDDEN, (character) => `[${codePoint(character)}]`);
  return pieces.map((piece, index) =>
    index % 2 === 0 ? piece : html`<span class="hidden-character">${codePoint(piece)}</span>`,
  );
}

/**
 * A sentence of ours that holds a text from outside: in that alone such characters are marked. Ours has some for a
 * reason, as the narrow spaces of French, or what keeps a name from turning the order of a sentence in Arabic.
 */
export function visibleWithin(sentence: string, value: string): unknown {
  const marked = visibleText(value);
  if (marked === value) return sentence;
  const pieces = sentence.split(value);
  // A host's own sentence may hold it in another form.
  if (pieces.length === 1) return visibleText(sentence);
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [marked, piece]));
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
