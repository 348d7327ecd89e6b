import { randomBytes } from "node:crypto";

/** What sets the events of one conversation's log apart from those of any other. */
export function newEpoch(): string {
  return randomBytes(8).toString("hex");
}

/** An id that nobody can guess: a prefix that tells what it names, and 128 random bits in hex. */
export function newId(prefix: "conv" | "turn" | "msg" | "res" | "toolu"): string {
  return `${prefix}_${randomBytes(16).toString("hex")}`;
}
