import { createHash } from "node:crypto";

/**
 * One spelling for equal JSON values, as in RFC 8785: members sorted by UTF-16 code units, no white space, numbers as
 * ECMAScript prints them. Two inputs hash alike exactly when a tool could not tell them apart.
 *
 * Throws a `TypeError` for what JSON cannot hold; members that are `undefined` are left out, as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError("A JSON number is finite");
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`JSON cannot hold a ${typeof value}`);
  return json;
}

/** Lower-case hex SHA-256 of the UTF-8 bytes of `text`. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
