import { randomBytes } from "node:crypto";

/** An id that nobody can guess: a prefix that tells what it names, and 128 random bits in hex. */
export function newId(prefix: "conv" | "turn" | "msg" | "res" | "toolu"): string {
  return `${prefix}_${randomBytes(16).toString("hex")}`;
}
