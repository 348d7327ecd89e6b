import { ChatError } from "../errors.ts";
import { buildPrompt } from "./build-prompt.ts";
import { estimateInputTokens } from "./estimate-tokens.ts";
import { isLastStep } from "./stop-rule.ts";
import type { ReservedStep, TurnState } from "./turn.ts";
import type { TurnServices } from "./turn-services.ts";

/**
 * Builds the next request and books its upper bound. Near a limit the provider is asked for the exact count, so that a
 * rough estimate neither refuses nor cuts an answer that would fit.
 * @throws ChatError `limit_exceeded`, StaleWriteError when the turn has another owner
 */
export async function reserveStep(turn: TurnState, signal: AbortSignal, services: TurnServices): Promise<ReservedStep> {
  const { options, budget, store } = services;
  const request = buildPrompt(turn, {
    model: turn.conversation.model,
    systemPrompt: options.systemPrompt,
    maxOutputTokens: options.maxOutputTokens,
    final: isLastStep(turn.record, options),
  });
  const book = async (input: number): Promise<ReservedStep> => {
    const { owner } = turn.record.identity;
    const wanted = { turnId: turn.record.id, fence: turn.fence, input, output: options.maxOutputTokens };
    const { reservation, maxOutputTokens } = await budget.reserve(owner, wanted);
    return { request: { ...request, max_tokens: maxOutputTokens }, reservation };
  };

  const estimate = estimateInputTokens(request);
  let rough: ReservedStep | null = null;
  try {
    rough = await book(estimate);
    if (rough.request.max_tokens === options.maxOutputTokens) return rough;
  } catch (error) {
    if (!isLimitExceeded(error) || !(await hasRoom(turn, services))) throw error;
  }
  const exact = await services.model.countTokens(request, signal);
  if (exact === null || exact >= estimate) return rough ?? book(estimate);
  if (rough !== null) await store.settle(rough.reservation.id, 0);
  return book(exact);
}

function isLimitExceeded(error: unknown): boolean {
  return error instanceof ChatError && error.code === "limit_exceeded";
}

/** Whether asking for the exact count can help: no prompt is so short that less than this would do. */
async function hasRoom(turn: TurnState, services: TurnServices): Promise<boolean> {
  const { user, organization } = await services.budget.remaining(turn.record.identity.owner);
  return Math.min(user, organization) > 16;
}
