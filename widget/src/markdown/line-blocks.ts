/** So many characters, and the rest of their line, stand in one block. */
const BLOCK_LENGTH = 2_000;
/** Without a line break a block ends here. */
const LONGEST_BLOCK = 16_000;

/**
 * Long text that grows, in blocks of some lines each. A browser lays out the lines of a block again whenever one of its
 * characters changes: in a single block the cost of each piece would be that of the whole text.
 */
export class LineBlocks {
  readonly #host: Element;
  #shown = "";
  #blocks: Text[] = [];

  constructor(host: Element) {
    this.#host = host;
  }

  get text(): string {
    return this.#shown;
  }

  get blocks(): readonly Text[] {
    return this.#blocks;
  }

  /** Shows the text. What it shares with the text shown before is not touched. */
  show(text: string): void {
    if (text === this.#shown) return;
    const isGrown = text.slice(0, this.#shown.length) === this.#shown;
    const shared = isGrown ? this.#shown.length : sharedLength(this.#shown, text);
    if (!isGrown) this.#cutTo(shared);
    this.#append(text.slice(shared));
    this.#shown = text;
  }

  #cutTo(length: number): void {
    let left = length;
    const kept = this.#blocks.findIndex((block) => {
      if (left <= block.length) return true;
      left -= block.length;
      return false;
    });
    // None stays empty.
    for (const block of this.#blocks.splice(left === 0 ? kept : kept + 1)) block.parentElement?.remove();
    if (left === 0) return;
    const last = this.#blocks.at(-1);
    last?.deleteData(left, last.length - left);
  }

  #append(text: string): void {
    let rest = text;
    while (rest !== "") {
      const block = this.#openBlock();
      const lineEnd = rest.indexOf("\n", Math.max(0, BLOCK_LENGTH - block.length - 1));
      const taken = Math.min(lineEnd === -1 ? rest.length : lineEnd + 1, LONGEST_BLOCK - block.length);
      block.appendData(rest.slice(0, taken));
      rest = rest.slice(taken);
    }
  }

  #openBlock(): Text {
    const last = this.#blocks.at(-1);
    const isFull =
      last === undefined || last.length >= LONGEST_BLOCK || (last.length >= BLOCK_LENGTH && last.data.endsWith("\n"));
    if (!isFull) return last;
    const block = document.createElement("span");
    block.className = "lines";
    const text = document.createTextNode("");
    block.append(text);
    this.#host.append(block);
    this.#blocks.push(text);
    return text;
  }
}

function sharedLength(one: string, other: string): number {
  const limit = Math.min(one.length, other.length);
  let length = 0;
  while (length < limit && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return length;
}
