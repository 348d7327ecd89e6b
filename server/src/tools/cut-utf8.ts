/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8; never half a character. */
export function cutUtf8(text: string, maxBytes: number): string {
  // A UTF-16 code unit takes at most three bytes, so short texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text.slice(0, maxBytes + 1), "utf8");
  if (bytes.length <= maxBytes) return text;
  return bytes.subarray(0, utf8Boundary(bytes, maxBytes)).toString("utf8");
}

/** The last offset at or before `offset` where a UTF-8 character begins. */
export function utf8Boundary(bytes: Uint8Array, offset: number): number {
  if (offset >= bytes.length) return bytes.length;
  let boundary = Math.max(0, offset);
  while (boundary > 0 && ((bytes[boundary] ?? 0) & 0xc0) === 0x80) boundary -= 1;
  return boundary;
}
