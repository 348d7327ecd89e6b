/** A long text whose lines tell their number, so that a missing or doubled piece shows. About 50 bytes a line. */
export function numberedLines(count: number): string {
  const width = String(count).length;
  const line = (_: unknown, index: number): string => {
    const number = String(index + 1).padStart(width, "0");
    return `Line ${number} of ${count}: the river carries every boat.\n`;
  };
  return Array.from({ length: count }, line).join("");
}
