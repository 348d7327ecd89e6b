/**
 * Why a turn was told to stop in the middle.
 * - `cancelled`: its user asked for it
 * - `handover`: this process ends, another one goes on with the turn
 * - `lost`: another owner has it, or its state can no longer be written; not a word more
 */
export type TurnAbortKind = "cancelled" | "handover" | "lost";

/** Reason of a turn's AbortSignal. */
export class TurnAbort extends Error {
  readonly kind: TurnAbortKind;

  constructor(kind: TurnAbortKind) {
    super(kind);
    this.name = "TurnAbort";
    this.kind = kind;
  }
}

/** Why the signal was aborted; null while it is not. */
export function abortKind(signal: AbortSignal): TurnAbortKind | null {
  if (!signal.aborted) return null;
  return signal.reason instanceof TurnAbort ? signal.reason.kind : "lost";
}
