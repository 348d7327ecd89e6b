import type { ServerEvent } from "@chat-bot/widget/protocol";
import { expect } from "vitest";
import type { StreamedEvent } from "./parse-event-stream.ts";

/** What is always true of a turn's stream, whatever happened in it. */
export function checkStream(events: readonly StreamedEvent[]): void {
  const seqs = events.map((event) => Number(event.id.split("-")[1]));
  expect(seqs, "ids grow by one").toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
  expect(new Set(events.map((event) => event.id.split("-")[0])).size, "one epoch").toBe(1);
  for (const { name, data } of events) expect(data.type, "the type repeats the event's name").toBe(name);
  expect(events.filter(({ data }) => data.type === "done").length, "one done").toBe(1);
  expect(events.at(-1)?.data.type, "done is the last event").toBe("done");
  checkOffsets(events.map(({ data }) => data));
  checkToolCalls(events.map(({ data }) => data));
}

function checkOffsets(events: readonly ServerEvent[]): void {
  const next = new Map<string, number>();
  for (const event of events) {
    if (event.type !== "text" && event.type !== "tool_chunk") continue;
    const [key, text] =
      event.type === "text"
        ? [`text ${event.block}`, event.text]
        : [`${event.tool_use_id} ${event.channel} ${event.path ?? ""}`, event.chunk];
    expect(event.offset, `offsets of ${key} are contiguous`).toBe(next.get(key) ?? 0);
    next.set(key, event.offset + Buffer.byteLength(text));
  }
}

function checkToolCalls(events: readonly ServerEvent[]): void {
  const called = new Set<string>();
  const ended = new Set<string>();
  for (const event of events) {
    if (event.type === "tool_use") called.add(event.tool_use_id);
    if (event.type === "tool_request" || event.type === "tool_chunk" || event.type === "tool_result") {
      expect(called.has(event.tool_use_id), "tool_use comes first").toBe(true);
    }
    if (event.type === "tool_result") {
      expect(ended.has(event.tool_use_id), "one result for each call").toBe(false);
      ended.add(event.tool_use_id);
    }
  }
  expect([...ended].toSorted(), "every call has a result").toEqual([...called].toSorted());
}

/** The assistant's words in a turn. */
export function textOf(events: readonly StreamedEvent[]): string {
  return events.map(({ data }) => (data.type === "text" ? data.text : "")).join("");
}

/** The events of one type. */
export function eventsOf<Type extends ServerEvent["type"]>(
  events: readonly StreamedEvent[],
  type: Type,
): Extract<ServerEvent, { type: Type }>[] {
  return events.flatMap(({ data }) => (isOf(data, type) ? [data] : []));
}

function isOf<Type extends ServerEvent["type"]>(
  event: ServerEvent,
  type: Type,
): event is Extract<ServerEvent, { type: Type }> {
  return event.type === type;
}
