import type { Owner } from "./identity.ts";

/** A tool as it was offered when the conversation began: the prompt cache needs the same bytes every time. */
export interface FrozenTool {
  name: string;
  server: string;
  description: string;
  inputSchema: Record<string, unknown>;
  fingerprint: string;
  streamInput: boolean;
}

/** A conversation of one user. */
export interface ConversationRecord {
  id: string;
  owner: Owner;
  title: string;
  model: string;
  /** First half of every event id; another one after the conversation's log was lost or restored. */
  epoch: string;
  /** Number of the newest event. */
  lastSeq: number;
  tools: readonly FrozenTool[];
  createdAt: string;
  updatedAt: string;
}

/** `<epoch>-<seq>`, the id of an event. */
export function eventId(epoch: string, seq: number): string {
  return `${epoch}-${seq}`;
}

/** The halves of an event id; null when it is not one. */
export function parseEventId(id: string): { epoch: string; seq: number } | null {
  const match = /^([0-9a-z]{1,32})-(\d{1,15})$/.exec(id);
  return match?.[1] === undefined ? null : { epoch: match[1], seq: Number(match[2]) };
}
