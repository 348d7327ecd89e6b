import type { ApprovalRequest } from "@chat-bot/widget/protocol";
import type { Middleware } from "koa";
import { decide } from "../approval/decide.ts";
import { ChatError } from "../errors.ts";
import type { Identity } from "../store/identity.ts";
import type { TurnRunner } from "../turn/turn-runner.ts";
import type { TurnServices } from "../turn/turn-services.ts";

/** What the route needs. */
export interface ApprovalOptions {
  runner: TurnRunner;
  services: TurnServices;
  /** There is a key for the model. */
  isEnabled: boolean;
  /** Hears of each decision that was recorded. */
  onDecided(decision: "approved" | "denied"): void;
}

/** `POST /approval`: records the decision; the turn goes on by itself, and tells so on the event stream. */
export function approval(options: ApprovalOptions): Middleware<{ identity: Identity; body: ApprovalRequest }> {
  const { runner, services } = options;
  return async function answerApproval(ctx) {
    const { identity, body } = ctx.state;
    // The turn goes on with the decision, and without a model it could not.
    if (!options.isEnabled) throw new ChatError("chatbot_disabled");
    const decision = {
      conversationId: body.conversation_id,
      toolUseId: body.tool_use_id,
      approved: body.approved,
      inputSha256: body.input_sha256 ?? null,
      reason: body.reason ?? null,
      remember: body.remember === "conversation",
    };
    const { store, now } = services;
    const { turnId, response } = await decide(decision, identity, {
      store,
      now,
      ruleOf: (tool) => services.ruleOf(tool, identity),
    });
    options.onDecided(response.decision);
    runner.decided(turnId);
    ctx.body = response;
  };
}
