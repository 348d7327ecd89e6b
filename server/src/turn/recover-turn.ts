import type { ServerEvent, UsageEvent } from "@chat-bot/widget/protocol";
import { unfinishedCall } from "../store/unfinished-call.ts";
import { eventsOfTurn } from "./events-of-turn.ts";
import { endTurn } from "./run-turn.ts";
import type { Turn, TurnEntry } from "./turn.ts";
import { TurnFailure } from "./turn-failure.ts";
import type { TurnServices } from "./turn-services.ts";

/** How often a turn is taken over before it is given up: what kills three owners would kill the fourth. */
const MAX_RECOVERIES = 3;

/**
 * What a new owner does first after the former one died: the lost model call is counted, and readers are told to
 * forget the step that will be streamed anew. Returns whether the turn goes on.
 */
export async function* recoverTurn(turn: Turn, services: TurnServices): AsyncGenerator<TurnEntry, boolean> {
  const lost = await lostStep(turn, services);
  const usage = await lostUsage(turn, services);
  const events: ServerEvent[] = [{ type: "status_update", state: "recovering" }];
  if (lost.wasShown) events.push({ type: "status_update", state: "step_reset" });
  if (usage !== null) events.push(usage.event);
  yield {
    type: "commit",
    events,
    turn: { ...turn.record, nextBlock: Math.max(turn.record.nextBlock, lost.nextBlock) },
    ...(usage === null ? {} : { settle: usage.settle }),
  };
  if (turn.record.recoveries <= MAX_RECOVERIES) return true;
  const failure = new TurnFailure("internal", { retryable: true });
  yield* endTurn(turn, services, "error", {
    events: [
      {
        type: "error",
        error: failure.code,
        message: services.options.errorMessage(failure.code, turn.record.locale),
        retryable: true,
        request_id: turn.record.requestId,
      },
    ],
  });
  return false;
}

/** What readers have seen of the step that never came to its end: everything streamed after the last `usage`. */
async function lostStep(turn: Turn, services: TurnServices): Promise<{ wasShown: boolean; nextBlock: number }> {
  let wasShown = false;
  let nextBlock = 0;
  for await (const event of eventsOfTurn(turn, services.store)) {
    if (event.type === "usage") wasShown = false;
    if (event.type === "tool_use") wasShown = true;
    if (event.type === "text") {
      wasShown = true;
      const { block }: { block: number } = JSON.parse(event.data);
      nextBlock = Math.max(nextBlock, block + 1);
    }
  }
  return { wasShown, nextBlock };
}

/** The lost model call, counted from what was known of it. */
async function lostUsage(
  turn: Turn,
  services: TurnServices,
): Promise<{ event: UsageEvent; settle: { reservationId: string; tokens: number } } | null> {
  const { owner } = turn.record.identity;
  const reservation = await services.store.findReservation(turn.record.id);
  if (reservation === null) return null;
  const { input, output, tokens } = unfinishedCall(reservation);
  const remaining = await services.budget.remaining(owner);
  return {
    event: {
      type: "usage",
      step: turn.record.steps + 1,
      input_tokens: input,
      output_tokens: output,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      estimated: true,
      remaining: {
        user: remaining.user + reservation.tokens - tokens,
        organization: remaining.organization + reservation.tokens - tokens,
      },
    },
    settle: { reservationId: reservation.id, tokens },
  };
}
