import { createHash } from "node:crypto";

/** As `integrity` attributes have it. */
export function hashOf(algorithm: "sha256" | "sha384", content: string | Uint8Array): string {
  return `${algorithm}-${createHash(algorithm).update(content).digest("base64")}`;
}
