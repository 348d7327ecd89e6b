/** Small guards that check data from outside member by member, so that what passes can be trusted as its type. */

/** Tells whether a value is a `Type`. */
export type Guard<Type> = (value: unknown) => value is Type;

/** A member that may be missing. */
interface OptionalGuard<Type> {
  optional: Guard<Type>;
}

/** One guard per member: a member added to the type does not compile until it is checked here, too. */
type ShapeGuards<Type> = {
  [Key in keyof Type]-?: Record<never, never> extends Pick<Type, Key>
    ? OptionalGuard<Exclude<Type[Key], undefined>>
    : Guard<Type[Key]>;
};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isString(value: unknown): value is string {
  return typeof value === "string";
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** A finite number, as JSON has them. */
export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** An integer from 0: an offset, a count, milliseconds. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && typeof value === "number" && value >= 0;
}

/** One of the values listed. */
export function isOneOf<const Value extends string | number>(...values: readonly Value[]): Guard<Value> {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value): value is Value => known.has(value);
}

export function isNullOr<Type>(guard: Guard<Type>): Guard<Type | null> {
  return (value): value is Type | null => value === null || guard(value);
}

export function isListOf<Type>(guard: Guard<Type>): Guard<Type[]> {
  return (value): value is Type[] => Array.isArray(value) && value.every(guard);
}

export function optional<Type>(guard: Guard<Type>): OptionalGuard<Type> {
  return { optional: guard };
}

/** An object with these members; others are let through, since newer servers may send more. */
export function hasShape<Type extends object>(guards: ShapeGuards<Type>): Guard<Type> {
  const checks = new Map<string, Guard<unknown> | OptionalGuard<unknown>>(Object.entries(guards));
  return (value): value is Type => {
    if (!isRecord(value)) return false;
    for (const [key, check] of checks) {
      const member = Object.hasOwn(value, key) ? value[key] : undefined;
      if (typeof check === "function" ? !check(member) : member !== undefined && !check.optional(member)) return false;
    }
    return true;
  };
}
