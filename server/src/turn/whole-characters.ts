/** Text that comes in pieces, handed on in whole characters: half a surrogate pair has no bytes that could be counted. */
export class WholeCharacters {
  #half = "";

  /** The piece; half a character at its end is kept for the next one. */
  next(piece: string): string {
    const text = this.#half + piece;
    this.#half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : "";
    return text.slice(0, text.length - this.#half.length).toWellFormed();
  }

  /** What is left at the end: half a character becomes the replacement character. */
  end(): string {
    const rest = this.#half.toWellFormed();
    this.#half = "";
    return rest;
  }
}
