/** Sizes of the pieces that a model writes: uneven, so that nothing works only for even ones. */
const SIZES = [3, 9, 5, 14, 2, 8, 11, 6];
const AVERAGE_SIZE = SIZES.reduce((sum, size) => sum + size, 0) / SIZES.length;
/** Long contents come in larger pieces, so that none takes longer than this many pauses. */
const PIECE_LIMIT = 300;

/** Cuts between characters; `count` pieces of the same size when it is given. Nothing for an empty text. */
export function cutIntoPieces(text: string, count?: number): string[] {
  const characters = Array.from(text);
  const scale = Math.max(1, characters.length / AVERAGE_SIZE / PIECE_LIMIT);
  const even = count === undefined ? undefined : Math.max(1, Math.ceil(characters.length / count));
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; ) {
    const size = even ?? Math.ceil((SIZES[pieces.length % SIZES.length] ?? 1) * scale);
    pieces.push(characters.slice(start, start + size).join(""));
    start += size;
  }
  return pieces;
}
