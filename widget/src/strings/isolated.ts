/**
 * A name within a sentence of the other direction, kept from changing the order of what stands around it: first strong
 * isolate and its end, as Unicode's bidirectional algorithm has them.
 */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
