import type { ServerEvent, TurnEndReason } from "@chat-bot/widget/protocol";
import { ChatError } from "../errors.ts";
import type { Commit } from "../store/store.ts";
import type { TurnRecord } from "../store/turn-record.ts";
import { runToolCall } from "./run-tool-call.ts";
import { sideBySide } from "./side-by-side.ts";
import { hasUsedAllSteps } from "./stop-rule.ts";
import { type StepRemains, streamStep } from "./stream-step.ts";
import { abandonedCall } from "./tool-call-ending.ts";
import { type Turn, type TurnEntry, unfinishedCalls } from "./turn.ts";
import { abortKind } from "./turn-abort.ts";
import { TurnFailure } from "./turn-failure.ts";
import type { TurnServices } from "./turn-services.ts";

/**
 * The loop: a step, then the calls it asked for, until the assistant stops. What to do next is read off the turn's
 * state alone, so a new turn, one whose approval was decided and one whose owner died all start here.
 * Ends with `done` recorded; or parked, when only a person can continue it; or silently, when it was handed over or lost.
 */
export async function* runTurn(turn: Turn, services: TurnServices): AsyncGenerator<TurnEntry> {
  try {
    while (true) {
      const calls = unfinishedCalls(turn);
      yield* sideBySide(
        calls.map((call) => (record, newsOrQuiet) => runToolCall(call, turn, services, { record, newsOrQuiet })),
        turn.news,
      );
      if (turn.signal.aborted) return yield* endAborted(turn, services);
      if (unfinishedCalls(turn).length > 0) return yield* park(turn);
      if (hasUsedAllSteps(turn.record, services.options)) return yield* endTurn(turn, services, "max_steps");

      if (turn.isLeaving()) return;
      const step = yield* streamStep(turn, services);
      if (step.type === "cut") {
        if (step.failure === null) return yield* endAborted(turn, services, step.remains);
        return yield* endFailed(turn, services, step.failure, step.remains);
      }
      if (step.type === "complete") {
        // What others have changed meanwhile counts from here on: decisions, and approvals that were taken back.
        if (unfinishedCalls(turn).length > 0) await turn.refresh();
        continue;
      }
      const { stopReason, record, remains } = step;
      const reason = hasUsedAllSteps(record, services.options) ? "max_steps" : stopReason;
      return yield* endTurn(turn, services, stopReason === "refusal" ? "refusal" : reason, { record, remains });
    }
  } catch (error) {
    if (turn.signal.aborted) return yield* endAborted(turn, services);
    yield* endFailed(turn, services, error);
  }
}

/** Nothing but a decision or the clock can continue the turn: it holds nothing while it waits. */
function* park(turn: Turn): Generator<TurnEntry> {
  yield {
    type: "commit",
    events: [{ type: "status_update", state: "awaiting_approval" }],
    turn: { ...turn.record, state: { status: "awaiting_approval" } },
  };
}

/** Ends a turn whose signal was aborted: with `done` for its user, without a word for another owner. */
function* endAborted(turn: Turn, services: TurnServices, remains?: StepRemains): Generator<TurnEntry> {
  if (abortKind(turn.signal) === "cancelled") yield* endTurn(turn, services, "cancelled", { remains });
  const settle = unused(turn);
  if (abortKind(turn.signal) === "handover" && settle !== undefined) yield { type: "commit", events: [], settle };
}

/** Gives back what was booked for a first step that never began. */
function unused(turn: Turn): Commit["settle"] {
  return turn.admitted === null ? undefined : { reservationId: turn.admitted.reservation.id, tokens: 0 };
}

function* endFailed(turn: Turn, services: TurnServices, error: unknown, remains?: StepRemains): Generator<TurnEntry> {
  if (error instanceof ChatError && error.code === "limit_exceeded") {
    const { resets_at } = error.details;
    const details = resets_at === undefined ? {} : { resets_at };
    const failure = new TurnFailure("limit_exceeded", { retryable: false });
    yield* endTurn(turn, services, "limit_exceeded", {
      events: [errorEvent(turn, services, failure, details)],
      remains,
    });
    return;
  }
  if (!(error instanceof TurnFailure)) services.observer.failed("turn", error);
  const failure = error instanceof TurnFailure ? error : new TurnFailure("internal", { retryable: true });
  yield* endTurn(turn, services, "error", { events: [errorEvent(turn, services, failure)], remains });
}

/** The last commit of a turn: every call gets an outcome, every reservation is settled, `done` is the last event. */
export function* endTurn(
  turn: Turn,
  services: TurnServices,
  reason: TurnEndReason,
  extra: { events?: ServerEvent[]; record?: TurnRecord; remains?: StepRemains | undefined } = {},
): Generator<TurnEntry> {
  const outcome = reason === "superseded" ? "superseded" : "cancelled";
  const abandoned = unfinishedCalls(turn).map((call) => ({
    from: call.state.status,
    ...abandonedCall(call, outcome, services.now()),
  }));
  const { record = turn.record, remains } = extra;
  const settle = remains?.settle ?? unused(turn);
  yield {
    type: "commit",
    events: [
      ...(extra.events ?? []),
      ...abandoned.map(({ event }) => event),
      ...(remains?.events ?? []),
      { type: "done", turn_id: turn.record.id, reason },
    ],
    messages: remains?.messages ?? [],
    toolCalls: abandoned.map(({ from, call }) => ({ from, call })),
    turn: { ...record, state: { status: "done", reason } },
    ...(settle === undefined ? {} : { settle }),
  };
  services.observer.turnEnded({ reason, durationMs: services.now() - Date.parse(turn.record.createdAt) });
}

function errorEvent(
  turn: Turn,
  services: TurnServices,
  failure: TurnFailure,
  details: { resets_at?: string } = {},
): ServerEvent {
  const { code, retryable, retryAfterMs } = failure;
  return {
    type: "error",
    error: code,
    message: services.options.errorMessage(code, turn.record.locale, details),
    retryable,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: Math.round(retryAfterMs) }),
    request_id: turn.record.requestId,
  };
}
