import { describe, expect, it } from "vitest";
import { decodeCursor, encodeCursor } from "./cursor.ts";

const CURSOR = { updatedAt: "2026-11-05T12:00:00.000Z", id: "conv_1" };

describe("a cursor", () => {
  it("comes back as it was, and can stand in a URL", () => {
    const text = encodeCursor(CURSOR);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(text)).toEqual(CURSOR);
  });

  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  it.each([
    ["nothing", ""],
    ["words", "hello"],
    ["no JSON", Buffer.from("{").toString("base64url")],
    ["no list", encode(CURSOR)],
    ["too little", encode([CURSOR.updatedAt])],
    ["too much", encode([CURSOR.updatedAt, CURSOR.id, 1])],
    ["no time", encode(["soon", CURSOR.id])],
    ["a number for a time", encode([1, CURSOR.id])],
    ["a number for an id", encode([CURSOR.updatedAt, 1])],
    ["null", encode(null)],
  ])("that is %s is refused", (_title, text) => {
    expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: "invalid_payload" }));
  });
});
