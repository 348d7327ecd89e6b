import type { Middleware } from "koa";
import type { AdmitState } from "../admit/admit.ts";
import { ChatError } from "../errors.ts";
import type { Locale } from "../store/turn-record.ts";
import { startTurn } from "../turn/start-turn.ts";
import type { TurnRunner } from "../turn/turn-runner.ts";
import type { TurnServices } from "../turn/turn-services.ts";
import type { EventReader } from "./event-reader.ts";

/** What the route needs. */
export interface MessageOptions {
  runner: TurnRunner;
  services: TurnServices;
  reader: EventReader;
}

/** `POST /message`: starts the turn, or finds the one that the same key started, and streams it to its end. */
export function message(options: MessageOptions): Middleware<AdmitState & { locale: Locale; requestId: string }> {
  const { runner, services, reader } = options;
  return async function answerMessage(ctx) {
    const { identity, locale, requestId, body, admission } = ctx.state;
    if (admission === undefined) throw new ChatError("internal");
    const place = reader.open(identity);
    try {
      const turn =
        admission.type === "repeated"
          ? admission.turn
          : await startTurn(
              { ...admission, identity, locale, requestId, text: body.message, page: body.page ?? null },
              admission.lock,
              runner,
              services,
            );
      const conversation = await services.store.findConversation(identity.owner, turn.conversationId);
      if (conversation === null) throw new ChatError("not_found");
      await place.stream(ctx, conversation, { afterSeq: turn.afterSeq, turnId: turn.id });
    } finally {
      place.close();
    }
  };
}
