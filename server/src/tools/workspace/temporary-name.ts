import { randomUUID } from "node:crypto";

const PREFIX = ".chat-bot-";
const NAME = /^\.chat-bot-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** So old is a file that a crash has left behind: no writing takes so long without a sign of life. */
export const LEFT_BEHIND_AFTER_MS: number = 60 * 60_000;

/** A name that nothing else has, for a file that is not complete. */
export function temporaryName(): string {
  return `${PREFIX}${randomUUID()}.tmp`;
}

/** Whether a file with this name is one that is being written, or was when a process died. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a name may be taken for one of ours: no path may hold such a name. */
export function isReservedForTemporary(name: string): boolean {
  return name.toLowerCase().startsWith(PREFIX);
}
