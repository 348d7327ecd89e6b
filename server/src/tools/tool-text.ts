import { cutUtf8 } from "./cut-utf8.ts";

const DESCRIPTION_LIMIT_BYTES = 2048;
const TITLE_LIMIT_BYTES = 128;

/** A tool's description as the model and a person may read it: nothing invisible, at most 2 KB. */
export function cleanDescription(text: string): string {
  return cutUtf8(withoutInvisible(text), DESCRIPTION_LIMIT_BYTES).trim();
}

/** A tool's title: one short line. */
export function cleanTitle(text: string): string {
  return cutUtf8(withoutInvisible(text).replaceAll(/\s+/gu, " "), TITLE_LIMIT_BYTES).trim();
}

/**
 * Removes what carries words past a reader's eyes: format characters (zero width, bidirectional, tags), variation
 * selectors, blank fillers, private use, unassigned ones, and control characters except tab and line feed.
 */
export function withoutInvisible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/gu, "")
    .replaceAll(/[^\P{Cc}\t\n]/gu, "");
}
