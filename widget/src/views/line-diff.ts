/** One line of a change. */
export interface DiffLine {
  type: "same" | "added" | "removed";
  text: string;
}

/** Beyond so many comparisons a change is shown as everything removed and everything added, which is as true. */
const MOST_COMPARISONS = 4_000_000;

/** What turns one text into the other, line by line, with as many lines kept as can be. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const start = commonLength(old, fresh);
  const end = commonLength(old.slice(start).toReversed(), fresh.slice(start).toReversed());
  return [
    ...marked("same", old.slice(0, start)),
    ...diffMiddle(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)),
    ...marked("same", old.slice(old.length - end)),
  ];
}

/** A text's lines. A line feed at the end ends the last one and begins no other. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** By the longest common subsequence: `table` holds its length for each pair of ends. */
function diffMiddle(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  const width = fresh.length + 1;
  if (old.length * fresh.length > MOST_COMPARISONS) return [...marked("removed", old), ...marked("added", fresh)];
  const table = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number): number => table[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = fresh.length - 1; column >= 0; column -= 1) {
      table[row * width + column] =
        old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  for (;;) {
    const [removed, added] = [old[row], fresh[column]];
    if (removed !== undefined && removed === added) {
      lines.push({ type: "same", text: removed });
      row += 1;
      column += 1;
    } else if (removed !== undefined && (added === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ type: "removed", text: removed });
      row += 1;
    } else if (added !== undefined) {
      lines.push({ type: "added", text: added });
      column += 1;
    } else {
      return lines;
    }
  }
}

function commonLength(one: readonly string[], other: readonly string[]): number {
  const differs = one.findIndex((line, index) => line !== other[index]);
  return differs === -1 ? one.length : differs;
}

function marked(type: DiffLine["type"], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ type, text }));
}
