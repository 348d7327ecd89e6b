import type { ErrorCode } from "@chat-bot/widget/protocol";

/** What one language says to a person about each error: one friendly sentence or two. */
export interface Messages {
  errors: Record<ErrorCode, string>;
  /** What follows that of `limit_exceeded`, with the space there is between sentences; `time` is of UTC. */
  startsAnew: (time: string) => string;
}
