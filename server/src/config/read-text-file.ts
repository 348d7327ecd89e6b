import { readFileSync } from "node:fs";

/** A file's text; null when it cannot be read. */
export function readTextFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
