import { createHash } from "node:crypto";

/** The signature given out with a thinking block, so that a changed one is noticed when it comes back. */
export function thinkingSignature(thinking: string): string {
  return createHash("sha256").update("scripted-claude:").update(thinking).digest("base64");
}

/** Whether a thinking block comes back as it was given out. */
export function isOwnSignature(block: { thinking: string; signature: string }): boolean {
  return block.signature === thinkingSignature(block.thinking);
}
