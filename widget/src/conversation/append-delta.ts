/** Text as received so far, and how many UTF-8 bytes it takes: the offset the next delta must have. */
export interface HeldText {
  text: string;
  bytes: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The held text with a delta at its place. What of the delta is already held is passed over; null when something is
 * missing before it, or when it overlaps in the middle of a character.
 */
export function appendDelta(held: HeldText, offset: number, delta: string): HeldText | null {
  if (offset > held.bytes) return null;
  const deltaBytes = utf8Length(delta);
  if (offset === held.bytes) return { text: held.text + delta, bytes: held.bytes + deltaBytes };
  if (offset + deltaBytes <= held.bytes) return held;
  const rest = withoutPrefix(delta, held.bytes - offset);
  return rest === null ? null : { text: held.text + rest, bytes: offset + deltaBytes };
}

/** UTF-8 bytes of a string; half of a surrogate pair counts three, as it is encoded. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    if (code < 0x800) {
      bytes += 1;
      continue;
    }
    bytes += 2;
    // A pair takes four bytes, two for each of its units.
    if (code >= 0xd800 && code < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) index += 1;
  }
  return bytes;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

/** Null when the cut is not between two characters. */
function withoutPrefix(text: string, bytes: number): string | null {
  try {
    return decoder.decode(encoder.encode(text).subarray(bytes));
  } catch {
    return null;
  }
}
