import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** A line of the bank's own book. */
export interface BankEntry {
  what: "called" | "ran" | "aborted";
  tool: string;
  ref: string;
  /** The idempotency key it was sent. */
  key: string;
  at: number;
}

const PIECE_BYTES = 64 * 1024;

/** Reads the file that the bank appends to; what was read once is not read again. */
export class BankBook implements Disposable {
  readonly #file: number;
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  readonly #decoder = new StringDecoder("utf8");
  readonly #entries = new Map<string, BankEntry[]>();
  /** The line that is not complete yet. */
  #rest = "";

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  /** What is written down of the calls with this reference. */
  entriesOf(ref: string): BankEntry[] {
    this.#readOn();
    return [...(this.#entries.get(ref) ?? [])];
  }

  #readOn(): void {
    for (let bytes = this.#read(); bytes > 0; bytes = this.#read()) {
      const lines = (this.#rest + this.#decoder.write(this.#piece.subarray(0, bytes))).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        const entry: BankEntry = JSON.parse(line);
        const known = this.#entries.get(entry.ref);
        if (known === undefined) this.#entries.set(entry.ref, [entry]);
        else known.push(entry);
      }
    }
  }

  #read(): number {
    return readSync(this.#file, this.#piece, 0, PIECE_BYTES, null);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
