import type { Reservation } from "./store.ts";

/**
 * What a model call that nobody saw the end of is counted as: the input the provider confirmed, or else its estimate;
 * the output by the bytes it streamed, four to a token; never more than was booked.
 */
export function unfinishedCall(
  reservation: Pick<Reservation, "tokens" | "inputTokens" | "estimatedInputTokens" | "streamedBytes">,
): { input: number; output: number; tokens: number } {
  const input = reservation.inputTokens ?? reservation.estimatedInputTokens;
  const output = Math.ceil(reservation.streamedBytes / 4);
  return { input, output, tokens: Math.min(input + output, reservation.tokens) };
}
