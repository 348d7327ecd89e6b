import { withoutInvisible } from "./tool-text.ts";

const SIZE_LIMIT_BYTES = 64 * 1024;
const DEPTH_LIMIT = 16;
const PROPERTY_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Keywords whose value maps names to schemas, is a list of schemas, or is one schema (`items` may be two of them). */
const MAPS = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
const LISTS = new Set(["allOf", "anyOf", "oneOf", "prefixItems", "items"]);
const SINGLES = new Set(
  "items additionalItems additionalProperties unevaluatedItems unevaluatedProperties contains propertyNames not if then else".split(
    " ",
  ),
);
const WORDS = new Set(["title", "description", "$comment"]);
const REFERENCES = ["$ref", "$dynamicRef", "$recursiveRef"];

/**
 * Why a tool with this input schema cannot be offered, or null when it can. One tool the Messages API refuses is a
 * refused request for everybody, so such a tool is left out; a schema that reaches outside itself is never followed.
 */
export function schemaProblem(schema: Record<string, unknown>): string | null {
  if (depthOf(schema, DEPTH_LIMIT + 1) > DEPTH_LIMIT) return `the input schema is nested deeper than ${DEPTH_LIMIT}`;
  if (Buffer.byteLength(JSON.stringify(schema)) > SIZE_LIMIT_BYTES) return "the input schema is larger than 64 KB";
  if (schema["type"] !== "object") return "the input schema is not of type object";
  for (const keyword of ["oneOf", "anyOf", "allOf"]) {
    if (Object.hasOwn(schema, keyword)) return `the input schema has ${keyword} at the top`;
  }
  return problemIn(schema);
}

/**
 * The schema with the words in it as the model and a person may read them, nothing invisible. What inputs are held
 * against, such as `enum` and `pattern`, stays as it is.
 */
export function cleanSchema(schema: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, cleanMember(keyword, value)]));
}

function cleanMember(keyword: string, value: unknown): unknown {
  if (WORDS.has(keyword) && typeof value === "string") return withoutInvisible(value);
  if (MAPS.has(keyword) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cleanAny(member)]));
  }
  if (LISTS.has(keyword) && Array.isArray(value)) return value.map(cleanAny);
  return SINGLES.has(keyword) ? cleanAny(value) : value;
}

function cleanAny(schema: unknown): unknown {
  return isObject(schema) ? cleanSchema(schema) : schema;
}

function problemIn(schema: unknown): string | null {
  if (!isObject(schema))
    return typeof schema === "boolean" ? null : "the input schema holds something that is not a schema";
  for (const reference of REFERENCES) {
    const target = schema[reference];
    if (typeof target === "string" && !target.startsWith("#")) return "the input schema refers to another document";
  }
  if (isObject(schema["properties"])) {
    const name = Object.keys(schema["properties"]).find((key) => !PROPERTY_NAME.test(key));
    if (name !== undefined) return `the property name ${JSON.stringify(name.slice(0, 64))} is not allowed`;
  }
  return firstProblem(subschemas(schema));
}

function firstProblem(schemas: Iterable<unknown>): string | null {
  for (const schema of schemas) {
    const problem = problemIn(schema);
    if (problem !== null) return problem;
  }
  return null;
}

function* subschemas(schema: Record<string, unknown>): Iterable<unknown> {
  for (const [keyword, value] of Object.entries(schema)) {
    if (MAPS.has(keyword) && isObject(value)) yield* Object.values(value);
    else if (LISTS.has(keyword) && Array.isArray(value)) yield* value;
    else if (SINGLES.has(keyword)) yield value;
  }
}

/** Stops counting at `limit`, so that a hostile schema cannot exhaust the stack. */
function depthOf(value: unknown, limit: number): number {
  if (limit === 0 || typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map((member) => depthOf(member, limit - 1)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
