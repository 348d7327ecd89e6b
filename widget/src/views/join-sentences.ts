/** Sentences one after the other: with a space between them, but for those that end in a full-width stop. */
export function joinSentences(...sentences: readonly string[]): string {
  return sentences
    .filter((sentence) => sentence !== "")
    .join(" ")
    .replaceAll("。 ", "。");
}
