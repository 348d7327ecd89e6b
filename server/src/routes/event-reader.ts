import type { Context } from "koa";
import type { ConversationRecord } from "../store/conversation-record.ts";
import type { Coordination } from "../store/coordination.ts";
import { hashedKey, type Identity, ownerKey } from "../store/identity.ts";
import type { Store } from "../store/store.ts";
import { eventStream } from "../stream/event-stream.ts";
import { followEvents, type Range } from "../stream/follow-events.ts";
import type { OpenStreams } from "../stream/open-streams.ts";
import { watchReader } from "../stream/watch-reader.ts";

/** A place among the open streams. */
export interface StreamPlace {
  /** Streams a range of a conversation's events; gives the place back at the end. */
  stream(ctx: Context, conversation: ConversationRecord, range: Range, first?: string): Promise<void>;
  /** Gives the place back; doing so twice is once. */
  close(): void;
}

/** Lets readers follow the event log. */
export interface EventReader {
  /**
   * Takes a place before anything is started for it. What is streamed there ends when this identity's token is revoked:
   * whoever comes back is refused, or has a new one. @throws ChatError `too_many_requests`
   */
  open(identity: Identity): StreamPlace;
}

/** A reader of the store's log. */
export function createEventReader(ports: {
  store: Store;
  coordination: Coordination;
  streams: OpenStreams;
  isRevoked(identity: Identity): boolean;
}): EventReader {
  return {
    open(identity) {
      const { owner } = identity;
      const close = ports.streams.open(ownerKey(owner), hashedKey(owner.issuer, owner.organization));
      return {
        close,
        async stream(ctx, conversation, range, first) {
          const revoked = watchReader(() => ports.isRevoked(identity));
          try {
            await eventStream(ctx, async function* (closed) {
              if (first !== undefined) yield first;
              const signal = AbortSignal.any([closed, revoked.signal]);
              for await (const event of followEvents(conversation, range, ports, signal)) {
                // Also in the middle of what was read at once: a slow reader may take long over it.
                if (revoked.signal.aborted) return;
                yield event;
              }
            });
          } finally {
            revoked.stop();
            close();
          }
        },
      };
    },
  };
}
