import type { CancelRequest } from "@chat-bot/widget/protocol";
import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";
import type { Identity } from "../store/identity.ts";
import type { Store } from "../store/store.ts";
import type { TurnRunner } from "../turn/turn-runner.ts";

/** `POST /cancel`: stops the conversation's turn, wherever it runs. With nothing to stop there is nothing to do. */
export function cancel(options: {
  store: Store;
  runner: TurnRunner;
}): Middleware<{ identity: Identity; body: CancelRequest }> {
  const { store, runner } = options;
  return async function cancelTurn(ctx) {
    const { identity, body } = ctx.state;
    const conversation = await store.findConversation(identity.owner, body.conversation_id);
    if (conversation === null) throw new ChatError("not_found");
    const turn = await store.findActiveTurn(conversation.id);
    if (turn !== null) await runner.cancel(turn);
    ctx.status = 202;
    ctx.body = {};
  };
}
