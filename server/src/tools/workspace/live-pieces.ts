import { utf8Boundary } from "../cut-utf8.ts";

const PIECE_BYTES = 4096;
/** A large text is shown in larger pieces, so that no file costs more events than this. */
const PIECE_COUNT_LIMIT = 256;

/** Pieces that begin and end between characters, so that each can be shown by itself. */
export function livePieces(bytes: Uint8Array): Uint8Array[] {
  const size = Math.max(PIECE_BYTES, Math.ceil(bytes.length / PIECE_COUNT_LIMIT) + 3);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = utf8Boundary(bytes, start + size);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}
