/** Text that only grows, in pieces of bounded size: what is there is never copied again, nor looked through. */
export interface OutputText {
  /** None is empty. All but the last end with a line, unless a line is longer than a piece. */
  pieces: readonly string[];
  /** UTF-16 code units of all. */
  length: number;
}

/** In UTF-16 code units. */
const PIECE_LENGTH = 16_384;

export const noText: OutputText = { pieces: [], length: 0 };

/** With more text at its end. Of what is there only the last piece is touched. */
export function appendText({ pieces, length }: OutputText, added: string): OutputText {
  if (added === "") return { pieces, length };
  const closed = pieces.slice(0, -1);
  let open = (pieces.at(-1) ?? "") + added;
  while (open.length > PIECE_LENGTH) {
    const end = endOfPiece(open);
    closed.push(open.slice(0, end));
    open = open.slice(end);
  }
  return { pieces: [...closed, open], length: length + added.length };
}

/** From `start` to before `end`, in UTF-16 code units. What it costs depends on how far from the end it starts. */
export function sliceText({ pieces, length }: OutputText, start: number, end: number = length): string {
  const found: string[] = [];
  let position = length;
  for (const piece of pieces.toReversed()) {
    if (position <= start) break;
    position -= piece.length;
    if (position < end) found.push(piece.slice(Math.max(0, start - position), end - position));
  }
  return found.toReversed().join("");
}

/** After a line, else between two characters. */
function endOfPiece(text: string): number {
  const lineEnd = text.lastIndexOf("\n", PIECE_LENGTH - 1) + 1;
  if (lineEnd > 0) return lineEnd;
  const last = text.charCodeAt(PIECE_LENGTH - 1);
  return last >= 0xd800 && last < 0xdc00 ? PIECE_LENGTH - 1 : PIECE_LENGTH;
}
