import type { ServerEvent, UsageEvent } from "@chat-bot/widget/protocol";
import type { MessageRecord } from "../store/message-record.ts";
import type { Commit } from "../store/store.ts";
import type { TurnRecord } from "../store/turn-record.ts";
import { providerFailure } from "./provider-error.ts";
import { reserveStep } from "./reserve-step.ts";
import { StepInProgress } from "./step-in-progress.ts";
import { isTokenGood, watchToken } from "./token-time.ts";
import type { ReservedStep, Turn, TurnEntry } from "./turn.ts";
import { TurnFailure } from "./turn-failure.ts";
import type { TurnServices } from "./turn-services.ts";

/** Why a complete message ended. */
type StepStopReason = "tool_use" | "pause_turn" | LastStopReason;

/** Why a message ended that the turn ends with. */
type LastStopReason = "end_turn" | "max_tokens" | "refusal";

/** How a step ended. */
export type StepEnd =
  /** Recorded; the calls it asked for are in the ledger. */
  | { type: "complete" }
  /**
   * The assistant has said its last words. Not recorded yet: they and `done` are one commit, so that nobody who takes the
   * turn over finds an answer there is nothing to add to.
   */
  | { type: "last"; stopReason: LastStopReason; record: TurnRecord; remains: StepRemains }
  /** Aborted (`failure` is null) or failed. `remains` is not recorded yet: it belongs between `error` and `done`. */
  | { type: "cut"; failure: TurnFailure | null; remains: StepRemains };

/** What of a step is to be recorded with the end of its turn. */
export interface StepRemains {
  events: ServerEvent[];
  messages: MessageRecord[];
  settle: NonNullable<Commit["settle"]>;
}

/** At most this many repeats of a call, and only while nothing of it was shown. */
const MAX_REPEATS = 2;
const MAX_REPEAT_WAIT_MS = 10_000;
const FIRST_REPEAT_WAIT_MS = 500;

/** One model call: reserve, stream, settle. */
export async function* streamStep(turn: Turn, services: TurnServices): AsyncGenerator<TurnEntry, StepEnd> {
  if (!isTokenGood(turn, services)) throw signedOut();
  const degraded: ServerEvent[] = services.isDegraded() ? [{ type: "status_update", state: "degraded" }] : [];
  yield { type: "commit", events: [...degraded, { type: "status_update", state: "ai_typing" }] };
  let reserved = turn.admitted ?? (await reserveStep(turn, turn.signal, services));
  turn.admitted = null;

  for (let repeats = 0; ; repeats += 1) {
    const step = new StepInProgress(turn, reserved.reservation, services.budget.count);
    const failure = yield* callModel(step, reserved, turn, services);
    const stopReason = failure === null ? completed(step) : null;
    if (stopReason !== null) {
      const { record, toolCalls, ...remains } = await completeStep(step, reserved, stopReason, turn, services);
      if (stopReason !== "tool_use" && stopReason !== "pause_turn")
        return { type: "last", stopReason, record, remains };
      yield { type: "commit", ...remains, toolCalls, turn: record };
      return { type: "complete" };
    }
    const waitMs = failure === null || step.wasShown ? null : repeatWaitMs(failure, repeats);
    if (failure === null || waitMs === null) {
      return { type: "cut", failure, remains: await stepRemains(step, reserved, failure, turn, services) };
    }
    services.observer.providerRepeated(failure.code);
    if (step.message.usage !== null) {
      // The provider has counted this attempt already: it is paid for, and the next one is booked anew.
      yield { type: "commit", events: [], settle: settlement(step, reserved, services) };
      reserved = await reserveStep(turn, turn.signal, services);
    }
    yield { type: "commit", events: [{ type: "status_update", state: "busy", retry_in_ms: waitMs }] };
    await services.sleep(waitMs, turn.signal).catch(() => undefined);
    if (turn.signal.aborted) {
      // Nothing was sent since the last answer: there is nothing to count.
      const settle = { reservationId: reserved.reservation.id, tokens: 0 };
      return { type: "cut", failure: null, remains: { events: [], messages: [], settle } };
    }
  }
}

/** Streams one attempt. Returns what went wrong; null when nothing did, or when the turn was aborted. */
async function* callModel(
  step: StepInProgress,
  reserved: ReservedStep,
  turn: Turn,
  services: TurnServices,
): AsyncGenerator<TurnEntry, TurnFailure | null> {
  const token = watchToken(turn, services);
  try {
    const signal = AbortSignal.any([turn.signal, token.signal]);
    for await (const event of await services.model.stream(reserved.request, signal)) yield* step.take(event);
  } catch (error) {
    if (turn.signal.aborted) return null;
    return token.signal.aborted ? signedOut() : reported(providerFailure(error), services);
  } finally {
    token.stop();
  }
  if (turn.signal.aborted) return null;
  if (token.signal.aborted && !step.message.stopped) return signedOut();
  // The SDK's iterator ends silently on a cut stream and on an answer that is no stream at all.
  if (!step.message.stopped || step.message.stopReason === null) {
    return reported(providerFailure(new Error("the stream ended before the message did")), services);
  }
  if (step.message.stopReason === "model_context_window_exceeded") {
    return new TurnFailure("context_too_long", { retryable: false });
  }
  return null;
}

/** The token that the turn goes by has come to its end: whoever has a new one may ask again. */
function signedOut(): TurnFailure {
  return new TurnFailure("token_expired", { retryable: true });
}

function reported(failure: TurnFailure, services: TurnServices): TurnFailure {
  services.observer.failed(`model call: ${failure.code}`, failure.cause);
  return failure;
}

/** Why the message ended; null when it did not. */
function completed(step: StepInProgress): StepStopReason | null {
  const { stopped, stopReason } = step.message;
  if (!stopped || stopReason === null || stopReason === "model_context_window_exceeded") return null;
  return stopReason === "stop_sequence" ? "end_turn" : stopReason;
}

/** The message, its calls, its usage and the step, which belong together. */
async function completeStep(
  step: StepInProgress,
  reserved: ReservedStep,
  stopReason: StepStopReason,
  turn: Turn,
  services: TurnServices,
): Promise<StepRemains & { record: TurnRecord; toolCalls: NonNullable<Commit["toolCalls"]> }> {
  // Calls of a message that ended in another way may be cut anywhere: they are told as cancelled and not kept.
  const withCalls = stopReason === "tool_use";
  const stopped = stopReason === "max_tokens" || stopReason === "refusal";
  const message = step.messageRecord({ withCalls, stopped });
  const calls = withCalls && message !== null ? step.proposedCalls(message.id) : [];
  const { usage } = step.usage();
  services.observer.stepEnded(usage);
  return {
    events: [
      ...(withCalls ? step.untoldInputs() : step.cancelledCalls()),
      await usageEvent(step, reserved, turn, services),
    ],
    messages: message === null ? [] : [message],
    toolCalls: calls.map((call) => ({ from: null, call })),
    record: { ...turn.record, steps: turn.record.steps + 1, nextBlock: step.nextBlock },
    settle: settlement(step, reserved, services),
  };
}

async function stepRemains(
  step: StepInProgress,
  reserved: ReservedStep,
  failure: TurnFailure | null,
  turn: Turn,
  services: TurnServices,
): Promise<StepRemains> {
  const message = step.messageRecord({ withCalls: false, stopped: true });
  // An answer with an error instead of a message was not counted by the provider; an abort may have been.
  const wasAborted = failure === null || failure.code === "stalled" || failure.code === "token_expired";
  const wasCounted = step.message.usage !== null || wasAborted;
  return {
    events: [...step.cancelledCalls(), ...(wasCounted ? [await usageEvent(step, reserved, turn, services)] : [])],
    messages: message === null ? [] : [message],
    settle: wasCounted ? settlement(step, reserved, services) : { reservationId: reserved.reservation.id, tokens: 0 },
  };
}

function settlement(
  step: StepInProgress,
  reserved: ReservedStep,
  services: TurnServices,
): NonNullable<Commit["settle"]> {
  // An estimate must not break a limit that the reservation held.
  const { usage, estimated } = step.usage();
  const counted = services.budget.count(usage);
  const tokens = estimated ? Math.min(counted, reserved.reservation.tokens) : counted;
  return { reservationId: reserved.reservation.id, tokens };
}

async function usageEvent(
  step: StepInProgress,
  reserved: ReservedStep,
  turn: Turn,
  services: TurnServices,
): Promise<UsageEvent> {
  const { usage, estimated } = step.usage();
  const remaining = await services.budget.remaining(turn.record.identity.owner);
  // What is not used of the reservation comes back with the same commit.
  const returned = reserved.reservation.tokens - services.budget.count(usage);
  return {
    type: "usage",
    step: turn.record.steps + 1,
    ...usage,
    ...(estimated ? { estimated } : {}),
    remaining: {
      user: Math.max(0, remaining.user + returned),
      organization: Math.max(0, remaining.organization + returned),
    },
  };
}

/** How long to wait before the call is repeated; null: not at all. */
function repeatWaitMs(failure: TurnFailure, repeats: number): number | null {
  if (!failure.retryable || failure.code === "stalled" || failure.code === "token_expired" || repeats >= MAX_REPEATS)
    return null;
  if (failure.retryAfterMs !== undefined)
    return failure.retryAfterMs <= MAX_REPEAT_WAIT_MS ? failure.retryAfterMs : null;
  return Math.round(FIRST_REPEAT_WAIT_MS * 2 ** repeats * (1 + Math.random() / 4));
}
