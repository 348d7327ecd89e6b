import type { ModelRequest } from "./model-client.ts";

/** A picture costs what its pixels cost, about 1,600 tokens at the most. */
const IMAGE_TOKENS = 1600;

/** Fixed cost of a request with tools, in tokens. */
const OVERHEAD_TOKENS = 500;

/** Letters and blanks make up words: a token has at least two of them. */
const WORD_CHARACTERS = /[A-Za-z ]/g;

/** An upper bound for the input tokens of a request, without asking anybody. */
export function estimateInputTokens(request: ModelRequest): number {
  let images = 0;
  const text = JSON.stringify([request.system, request.tools, request.messages], (key, value: unknown) => {
    if (key === "source" && typeof value === "object" && value !== null) {
      images += 1;
      return null;
    }
    return value;
  });
  const overhead = request.tools === undefined ? 50 : OVERHEAD_TOKENS;
  // Digits, signs, emoji and rare scripts can cost a token for each byte.
  const wordBytes = text.length - text.replaceAll(WORD_CHARACTERS, "").length;
  const otherBytes = Buffer.byteLength(text) - wordBytes;
  return Math.ceil(wordBytes / 2) + otherBytes + images * IMAGE_TOKENS + overhead;
}
