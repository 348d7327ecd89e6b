/**
 * Whether somebody who holds these permissions holds the needed one. `resource:*` stands for every action on the
 * resource and `*` for everything, in `held` only: in `needed` a star is a letter like any other.
 */
export function holdsPermission(held: readonly string[], needed: string): boolean {
  return held.some((permission) => permission === needed || permission === "*" || covers(permission, needed));
}

/** A permission as a token or a rule may name it: `resource:action`. Wildcards do not match. */
export const PERMISSION_PATTERN: RegExp = /^[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)+$/;

function covers(permission: string, needed: string): boolean {
  return permission.endsWith(":*") && permission.length > 2 && needed.startsWith(permission.slice(0, -1));
}
