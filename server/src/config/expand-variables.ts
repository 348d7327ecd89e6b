import { type Finding, formatPath } from "./describe-issues.ts";
import type { Environment } from "./environment.ts";

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Puts the environment's values in place of `${NAME}` in every string of a JSON value; names of members stay as they
 * are. What is put in is not expanded again. Variables that are not set are added to `missing`.
 */
export function expandVariables(
  value: unknown,
  environment: Environment,
  missing: Finding[],
  path: readonly PropertyKey[] = [],
): unknown {
  if (typeof value === "string") {
    return value.replace(VARIABLE, (whole, name: string) => {
      const found = environment.get(name);
      if (found !== undefined) return found;
      missing.push({ path: formatPath(path), message: `needs the variable ${name}, which is not set` });
      return whole;
    });
  }
  if (Array.isArray(value)) {
    return value.map((entry, index) => expandVariables(entry, environment, missing, [...path, index]));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, expandVariables(entry, environment, missing, [...path, key])]),
  );
}
