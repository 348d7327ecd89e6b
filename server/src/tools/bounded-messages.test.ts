import { describe, expect, it } from "vitest";
import { withBoundedMessages } from "./bounded-messages.ts";

/** The answer as it is read when the server sends these pieces. */
async function read(pieces: string[], type: string): Promise<string> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const fetch = withBoundedMessages(async () => new Response(body, { headers: { "Content-Type": type } }), 10);
  return (await fetch("https://tools.example")).text();
}

describe("An answer of a tool server", () => {
  it.each([
    ["JSON of ten bytes", "application/json", ["12345", "67890"]],
    ["events of ten bytes, many of them", "text/event-stream", Array.from({ length: 50 }, () => "data: 1\n\n")],
    ["events in one piece", "text/event-stream", ["data: 1\n\n".repeat(50)]],
    ["events that come byte by byte", "text/event-stream", Array.from("data: 1\n\n".repeat(9))],
    ["events whose lines end otherwise", "text/event-stream; charset=utf-8", ["id:1\r\n\r\n".repeat(50)]],
  ])("may have %s", async (_what, type, pieces) => {
    expect(await read(pieces, type)).toBe(pieces.join(""));
  });

  it.each([
    ["JSON of eleven bytes", "application/json", ["12345", "678901"]],
    ["an event of eleven bytes", "text/event-stream", ["data: 1\n\n", "data: 12345\n\n"]],
    ["a long event between short ones", "text/event-stream", ["data: 1\n\ndata: 1234567\n\ndata: 1\n\n"]],
    ["an event of many lines", "text/event-stream", Array.from({ length: 9 }, () => "a:\n")],
    ["an event without an end", "text/event-stream", ["data:", "x".repeat(20)]],
  ])("breaks off in %s", async (_what, type, pieces) => {
    await expect(read(pieces, type)).rejects.toThrow("longer than 10 bytes");
  });

  it("keeps its status and its headers", async () => {
    const answer = new Response("no", { status: 404, headers: { "Mcp-Session-Id": "1" } });
    const bounded = await withBoundedMessages(async () => answer, 10)("https://tools.example");
    expect([bounded.status, bounded.headers.get("mcp-session-id"), await bounded.text()]).toEqual([404, "1", "no"]);
  });

  it("may have no body at all", async () => {
    const bounded = await withBoundedMessages(async () => new Response(null, { status: 202 }))("https://tools.example");
    expect(bounded.status).toBe(202);
  });
});
