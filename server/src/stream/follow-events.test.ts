import type { ServerEvent, TurnEndReason } from "@chat-bot/widget/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConversation, aNewTurn, anOwner, aTurn } from "../../test/records.ts";
import type { Coordination } from "../store/coordination.ts";
import { createMemoryCoordination } from "../store/memory-coordination.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import type { NewTurn, Store } from "../store/store.ts";
import { followEvents, type Range } from "./follow-events.ts";

describe("followEvents", () => {
  let store: Store;
  let coordination: Coordination;
  let created: NewTurn;
  beforeEach(async () => {
    store = await createSqlStore(openSqlite(":memory:"));
    coordination = createMemoryCoordination();
    created = aNewTurn();
    await store.createTurn(created);
  });
  afterEach(async () => {
    await coordination.close();
    await store.close();
  });

  async function tell(events: readonly ServerEvent[], turn = created.turn): Promise<void> {
    await store.commit({ conversationId: turn.conversationId, turnId: turn.id, fence: 1, events });
    coordination.announceEvents(turn.conversationId);
  }

  async function end(turn = created.turn, reason: TurnEndReason = "end_turn"): Promise<void> {
    await store.commit({
      conversationId: turn.conversationId,
      turnId: turn.id,
      fence: 1,
      events: [{ type: "done", turn_id: turn.id, reason }],
      turn: { ...turn, state: { status: "done", reason } },
    });
    coordination.announceEvents(turn.conversationId);
  }

  const text = (offset: number, words: string): ServerEvent => ({ type: "text", block: 0, offset, text: words });

  function follow(
    range: Partial<Range> = {},
    signal: AbortSignal = new AbortController().signal,
  ): AsyncGenerator<string> {
    const { conversation, turn } = created;
    return followEvents(conversation, { afterSeq: 0, turnId: turn.id, ...range }, { store, coordination }, signal);
  }

  async function read(range: Partial<Range> = {}): Promise<string[]> {
    const events: string[] = [];
    for await (const event of follow(range)) events.push(event);
    return events;
  }

  const names = (events: readonly string[]): string[] => events.map((event) => /event: (.+)/.exec(event)?.[1] ?? "");

  it("gives what is in the log and ends with the turn's done", async () => {
    await tell([text(0, "a"), text(1, "b")]);
    await end();
    const events = await read();
    expect(names(events)).toEqual(["session_created", "status_update", "text", "text", "done"]);
    expect(events[2]).toBe(`id: 1-3\nevent: text\ndata: ${JSON.stringify(text(0, "a"))}\n\n`);
  });

  it("gives what comes, as soon as it comes", async () => {
    const events = follow();
    await events.next();
    await events.next();
    const third = events.next();
    await tell([text(0, "a")]);
    expect((await third).value).toContain("id: 1-3\n");
    const fourth = events.next();
    await end();
    expect((await fourth).value).toContain("event: done");
    expect((await events.next()).done).toBe(true);
  });

  it("gives the same bytes to a reader that was cut anywhere and resumes", async () => {
    await tell(Array.from({ length: 30 }, (_, index) => text(index, "x")));
    await end();
    const whole = (await read()).join("");
    for (let cut = 0; cut <= 33; cut += 1) {
      const first: string[] = [];
      for await (const event of follow()) {
        if (first.length === cut) break;
        first.push(event);
      }
      expect(first.join("") + (await read({ afterSeq: cut, turnId: null })).join("")).toBe(whole);
    }
  });

  it("gives the same bytes to those who read while it is written and to those who read afterwards", async () => {
    const live = [read(), read(), read({ turnId: null })];
    for (let index = 0; index < 50; index += 1) await tell([text(index, "x")]);
    await end();
    const later = await read();
    for (const events of await Promise.all(live)) expect(events).toEqual(later);
    expect(later).toHaveLength(53);
  });

  it("reads a log that is longer than one batch", async () => {
    await tell(Array.from({ length: 700 }, (_, index) => text(index, "x")));
    await end();
    expect(await read()).toHaveLength(703);
  });

  it("ends with its own turn, although the conversation went on", async () => {
    await end();
    const turn = aTurn(created.conversation, { afterSeq: 3 });
    await store.createTurn(aNewTurn({ conversation: created.conversation, turn, isNewConversation: false }));
    expect(names(await read())).toEqual(["session_created", "status_update", "done"]);
  });

  it("ends, where no turn is named, when nothing is in progress and nothing is newer", async () => {
    await end();
    expect(await read({ turnId: null, afterSeq: 3 })).toEqual([]);
    expect(await read({ turnId: null, afterSeq: 1 })).toHaveLength(2);
  });

  it("goes on through the turn that follows, where no turn is named", async () => {
    const events = follow({ turnId: null, afterSeq: 2 });
    const first = events.next();
    const turn = aTurn(created.conversation, { afterSeq: 3 });
    await end(created.turn, "superseded");
    const next = aNewTurn({
      conversation: created.conversation,
      turn,
      isNewConversation: false,
      events: [text(0, "a")],
    });
    await store.createTurn(next);
    expect((await first).value).toContain("event: done");
    expect((await events.next()).value).toContain("event: text");
    await end(turn);
    expect((await events.next()).value).toContain("event: done");
    expect((await events.next()).done).toBe(true);
  });

  it("stays open while a person decides", async () => {
    const { turn, conversation } = created;
    await store.commit({
      conversationId: conversation.id,
      turnId: turn.id,
      fence: 1,
      events: [{ type: "status_update", state: "awaiting_approval" }],
      turn: { ...turn, state: { status: "awaiting_approval" } },
    });
    const events = follow({ turnId: null, afterSeq: 2 });
    await events.next();
    const next = events.next();
    await end();
    expect((await next).value).toContain("event: done");
  });

  it("ends when its reader leaves, also while nothing happens", async () => {
    const controller = new AbortController();
    const events = follow({ afterSeq: 2 }, controller.signal);
    const next = events.next();
    controller.abort();
    expect((await next).done).toBe(true);
  });

  it("ends at once for a reader that has left already", async () => {
    expect((await follow({}, AbortSignal.abort()).next()).done).toBe(true);
  });

  it("ends when the conversation is deleted", async () => {
    const events = follow({ afterSeq: 2 });
    const next = events.next();
    await store.deleteConversation(anOwner(), created.conversation.id);
    coordination.announceEvents(created.conversation.id);
    expect((await next).done).toBe(true);
  });

  it("gives nothing of another conversation", async () => {
    const conversation = aConversation();
    await store.createTurn(aNewTurn({ conversation, turn: aTurn(conversation), events: [text(0, "secret")] }));
    await end();
    expect((await read()).join("")).not.toContain("secret");
  });
});
