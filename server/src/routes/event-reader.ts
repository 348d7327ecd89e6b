import type { Context } from "koa";
import type { ConversationRecord } from "../store/conversation-record.ts";
import type { Coordination } from "../store/coordination.ts";
import { hashedKey, type Owner, ownerKey } from "../store/identity.ts";
import type { Store } from "../store/store.ts";
import { eventStream } from "../stream/event-stream.ts";
import { followEvents, type Range } from "../stream/follow-events.ts";
import type { OpenStreams } from "../stream/open-streams.ts";

/** A place among the open streams. */
export interface StreamPlace {
  /** Streams a range of a conversation's events; gives the place back at the end. */
  stream(ctx: Context, conversation: ConversationRecord, range: Range, first?: string): Promise<void>;
  /** Gives the place back; doing so twice is once. */
  close(): void;
}

/** Lets readers follow the event log. */
export interface EventReader {
  /** Takes a place before anything is started for it. @throws ChatError `too_many_requests` */
  open(owner: Owner): StreamPlace;
}

/** A reader of the store's log. */
export function createEventReader(ports: {
  store: Store;
  coordination: Coordination;
  streams: OpenStreams;
}): EventReader {
  return {
    open(owner) {
      const close = ports.streams.open(ownerKey(owner), hashedKey(owner.issuer, owner.organization));
      return {
        close,
        async stream(ctx, conversation, range, first) {
          try {
            await eventStream(ctx, async function* (signal) {
              if (first !== undefined) yield first;
              yield* followEvents(conversation, range, ports, signal);
            });
          } finally {
            close();
          }
        },
      };
    },
  };
}
