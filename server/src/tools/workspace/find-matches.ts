/** Where a text is found in another. */
export interface Matches {
  /** Overlapping ones count each. */
  count: number;
  /** Of the first one; -1 when there is none. */
  offset: number;
}

/**
 * Counts the matches of `wanted` in `bytes`. In UTF-8 a match of bytes is a match of characters. Each byte is looked at
 * once, whatever the two are made of (Knuth, Morris and Pratt): whoever wrote them may want to keep us busy.
 */
export function findMatches(bytes: Uint8Array, wanted: Uint8Array): Matches {
  const matches: Matches = { count: 0, offset: -1 };
  if (wanted.length === 0) return matches;
  const fallback = fallbacksOf(wanted);
  let matched = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    matched = advance(wanted, fallback, matched, bytes[at]);
    if (matched < wanted.length) continue;
    if (matches.count === 0) matches.offset = at + 1 - wanted.length;
    matches.count += 1;
    matched = fallback[matched] ?? 0;
  }
  return matches;
}

/** For each length of a match in progress: the longest shorter one that its end may be the beginning of. */
function fallbacksOf(wanted: Uint8Array): Uint32Array {
  const fallback = new Uint32Array(wanted.length + 1);
  let matched = 0;
  for (let at = 1; at < wanted.length; at += 1) {
    matched = advance(wanted, fallback, matched, wanted[at]);
    fallback[at + 1] = matched;
  }
  return fallback;
}

function advance(wanted: Uint8Array, fallback: Uint32Array, matched: number, byte: number | undefined): number {
  let length = matched;
  while (length > 0 && wanted[length] !== byte) length = fallback[length] ?? 0;
  return wanted[length] === byte ? length + 1 : 0;
}
