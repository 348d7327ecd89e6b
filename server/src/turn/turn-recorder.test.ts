import type { ServerEvent, TextEvent } from "@chat-bot/widget/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aConversation, aNewTurn, aToolCall } from "../../test/records.ts";
import { aTurnAtWork } from "../../test/turns.ts";
import type { Coordination } from "../store/coordination.ts";
import { createMemoryCoordination } from "../store/memory-coordination.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import { StaleWriteError, type Store } from "../store/store.ts";
import type { Turn } from "./turn.ts";
import { TurnRecorder } from "./turn-recorder.ts";

const TYPING: ServerEvent = { type: "status_update", state: "ai_typing" };

describe("TurnRecorder", () => {
  let store: Store;
  let coordination: Coordination;
  let turn: Turn;
  let failures: unknown[];
  let announced: number;
  beforeEach(async () => {
    store = await createSqlStore(openSqlite(":memory:"));
    coordination = createMemoryCoordination();
    const conversation = aConversation();
    turn = aTurnAtWork([], { conversation });
    const created = aNewTurn({ conversation, turn: turn.record, events: [] });
    await store.createTurn(created);
    failures = [];
    announced = 0;
    coordination.onEvents(conversation.id, () => {
      announced += 1;
    });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await coordination.close();
    await store.close();
  });

  function recorder(fence = 1): TurnRecorder {
    return new TurnRecorder(turn, fence, { store, coordination, onFailure: (error) => failures.push(error) });
  }

  const text = (block: number, offset: number, words: string): { type: "delta"; event: TextEvent } => ({
    type: "delta",
    event: { type: "text", block, offset, text: words },
  });

  async function logged(): Promise<ServerEvent[]> {
    const events = await store.readEvents(turn.conversation.id, 0, 1000);
    return events.map(({ data }): ServerEvent => JSON.parse(data));
  }

  it("joins deltas that continue each other", async () => {
    const writer = recorder();
    await writer.record(text(0, 0, "a"));
    await writer.record(text(0, 1, "b"));
    await writer.record(text(1, 0, "c"));
    expect(await logged()).toEqual([]);
    await writer.flush();
    expect(await logged()).toEqual([text(0, 0, "ab").event, text(1, 0, "c").event]);
    expect(announced).toBe(1);
  });

  it("joins chunks of one call, channel and path only, and never those that tell progress", async () => {
    const writer = recorder();
    const chunk = (more: object, offset = 0): ServerEvent => ({
      type: "tool_chunk",
      tool_use_id: "a",
      channel: "file",
      offset,
      chunk: "x",
      ...more,
    });
    const events = [
      chunk({ path: "1" }),
      chunk({ path: "1" }, 1),
      chunk({ path: "2" }),
      chunk({ tool_use_id: "b", path: "2" }),
      chunk({ channel: "output" }),
      chunk({ channel: "progress", progress: 1 }),
      chunk({ channel: "progress", progress: 2 }, 1),
    ];
    for (const event of events) if (event.type === "tool_chunk") await writer.record({ type: "delta", event });
    await writer.flush();
    const [first, , ...others] = events;
    expect(await logged()).toEqual([{ ...first, chunk: "xx" }, ...others]);
  });

  it("commits deltas by itself after a moment", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await recorder().record(text(0, 0, "a"));
    const written = new Promise<void>((resolve) => {
      coordination.onEvents(turn.conversation.id, resolve);
    });
    vi.advanceTimersByTime(25);
    await written;
    expect(await logged()).toHaveLength(1);
  });

  it("lets no more than 32 deltas wait", async () => {
    const writer = recorder();
    for (let index = 0; index < 32; index += 1) await writer.record(text(0, index, "x"));
    expect(await logged()).toEqual([text(0, 0, "x".repeat(32)).event]);
  });

  it("makes no event much longer than 16 KB", async () => {
    const writer = recorder();
    const words = "x".repeat(10 * 1024);
    for (let index = 0; index < 4; index += 1) await writer.record(text(0, index * words.length, words));
    await writer.flush();
    expect((await logged()).map((event) => (event.type === "text" ? event.offset : -1))).toEqual([0, 2 * words.length]);
  });

  it("takes waiting deltas along with whatever is committed next, in order", async () => {
    const writer = recorder();
    await writer.record(text(0, 0, "a"));
    await writer.record({ type: "commit", events: [TYPING] });
    expect(await logged()).toEqual([text(0, 0, "a").event, TYPING]);
  });

  it("keeps the order of what is recorded at the same time", async () => {
    const writer = recorder();
    const events = Array.from(
      { length: 20 },
      (_, index): ServerEvent => ({ type: "status_update", state: "busy", retry_in_ms: index }),
    );
    await Promise.all(events.map((event) => writer.record({ type: "commit", events: [event] })));
    expect(await logged()).toEqual(events);
  });

  it("makes what was committed the state in memory", async () => {
    const writer = recorder();
    const call = aToolCall(turn.record);
    await writer.record({
      type: "commit",
      events: [],
      toolCalls: [{ from: null, call }],
      turn: { ...turn.record, steps: 1 },
    });
    const finished = { ...call, state: { status: "pending" } as const };
    await writer.record({ type: "commit", events: [], toolCalls: [{ from: "proposed", call: finished }] });
    expect(turn.record.steps).toBe(1);
    expect(turn.toolCalls).toEqual([finished]);
    expect(await store.loadTurn(turn.record.id)).toMatchObject({ turn: { steps: 1 }, toolCalls: [finished] });
    expect(announced).toBe(0);
  });

  it("refuses a former owner, changes nothing in memory, and writes nothing after", async () => {
    const writer = recorder(0);
    const change = { type: "commit", events: [TYPING], turn: { ...turn.record, steps: 1 } } as const;
    await expect(writer.record(change)).rejects.toThrow(StaleWriteError);
    await expect(writer.record({ type: "commit", events: [] })).rejects.toThrow(StaleWriteError);
    expect(turn.record.steps).toBe(0);
    expect(await logged()).toEqual([]);
  });

  it("reports a write in the background that fails", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const writer = recorder(0);
    await writer.record(text(0, 0, "a"));
    vi.advanceTimersByTime(25);
    await expect(writer.flush()).rejects.toThrow(StaleWriteError);
    expect(failures).toHaveLength(1);
  });

  it("writes nothing when there is nothing to write", async () => {
    const writer = recorder(0);
    await expect(writer.flush()).resolves.toBeUndefined();
  });
});
