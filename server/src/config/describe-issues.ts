import type { z } from "zod";

/** One thing that is wrong, and where: `tools.members__remove.approval`. The value itself is never shown. */
export interface Finding {
  path: string;
  message: string;
}

/** What a schema found, in words. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], parent: readonly PropertyKey[] = []): Finding[] {
  return issues.flatMap((issue) => {
    const path = [...parent, ...issue.path];
    // Of several shapes the one that fits best is the one that was meant.
    const closest =
      issue.code === "invalid_union" ? issue.errors.toSorted((a, b) => a.length - b.length)[0] : undefined;
    return closest === undefined ? [{ path: formatPath(path), message: issue.message }] : describeIssues(closest, path);
  });
}

/** `issuers[1].limits.user`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`))
    .join("");
}
