const OPENING = /^(?:(?:please|por favor|can you|could you|now|agora|você pode)[,\s]+)+/i;

/** A request without the words before it that only make it friendly. */
export function withoutPoliteness(text: string): string {
  return text.trim().replace(OPENING, "");
}
