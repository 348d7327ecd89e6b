import type { ServerEvent } from "@chat-bot/widget/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConversation, aNewTurn, anOwner, aPendingCall, aTurn, NOW_MS } from "../../test/records.ts";
import { seededRandom } from "../../test/seeded-random.ts";
import { newId } from "../new-id.ts";
import { type NewTurn, type Reservation, StaleWriteError, type Store, type UsageScope } from "./store.ts";
import { advanceToolCall } from "./tool-call-record.ts";

const TYPING: ServerEvent = { type: "status_update", state: "ai_typing" };
const DAY = "2026-11-05";
const LATER = new Date(NOW_MS + 60_000).toISOString();
const GLOBAL: UsageScope = { type: "global", id: "" };

/** What a store has to keep when many use it at the same moment. `open` gives the stores of processes with one database. */
export function describeConcurrentStore(name: string, open: () => Promise<readonly Store[]>): void {
  describe(name, () => {
    let stores: readonly Store[] = [];
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(async () => {
      await Promise.all(stores.map((store) => store.close()));
    });

    /** Each process in turn. */
    function at(index: number): Store {
      const store = stores[index % stores.length];
      if (store === undefined) throw new Error("there is no store");
      return store;
    }

    function all<Result>(count: number, work: (store: Store, index: number) => Promise<Result>): Promise<Result[]> {
      return Promise.all(Array.from({ length: count }, (_, index) => work(at(index), index)));
    }

    async function begin(user: string): Promise<NewTurn> {
      const conversation = aConversation({ owner: anOwner({ user }) });
      const created = aNewTurn({ conversation, turn: aTurn(conversation) });
      expect(await at(0).createTurn(created)).toBeNull();
      return created;
    }

    function append(store: Store, { conversation, turn, fence }: NewTurn): Promise<boolean> {
      return store
        .commit({ conversationId: conversation.id, turnId: turn.id, fence, events: [TYPING, TYPING] })
        .then(() => true, refusedAsStale);
    }

    it("never grants more than a limit allows, whoever asks, while others settle", async () => {
      const limit = 1000;
      const random = seededRandom(7);
      const order = Array.from({ length: 200 }, () => random());
      const granted: number[] = [];
      await all(200, async (store, index) => {
        const share = order[index] ?? 0;
        const tokens = 10 + Math.floor(share * 50);
        const scopes: UsageScope[] = [
          { type: "user", id: `user-${index % 7}` },
          { type: "organization", id: `organization-${index % 3}` },
          GLOBAL,
        ];
        // In whatever order they are named.
        if (index % 2 === 0) scopes.reverse();
        const reservation = await store.reserve(DAY, scopes, unstored(index), (balances) => {
          const total = balances.find(({ scope }) => scope.type === "global");
          if (total === undefined || total.used + total.reserved + tokens > limit) return null;
          return aReservation(`turn_${index}`, scopes, tokens);
        });
        if (reservation === null) return;
        const used = share > 0.5 ? Math.floor(tokens / 2) : 0;
        await store.settle(reservation.id, used);
        granted.push(used);
      });
      const [total] = await at(0).balances(DAY, [GLOBAL]);
      expect(total?.reserved).toBe(0);
      expect(total?.used).toBe(granted.reduce((sum, used) => sum + used, 0));
      expect(total?.used).toBeLessThanOrEqual(limit);
      expect(granted.length).toBeGreaterThan(0);
    });

    it("grants to so many as there is room for, and not to one more", async () => {
      const granted = await all(50, (store, index) =>
        store.reserve(DAY, [GLOBAL], unstored(index), ([total]) =>
          (total?.reserved ?? 0) + 10 > 205 ? null : aReservation(`turn_${index}`, [GLOBAL], 10),
        ),
      );
      expect(granted.filter((reservation) => reservation !== null)).toHaveLength(20);
      expect(await at(1).balances(DAY, [GLOBAL])).toEqual([{ scope: GLOBAL, used: 0, reserved: 200 }]);
    });

    it("gives a silent owner's turn to one of twenty, and takes nothing more from the former owner", async () => {
      const created = await begin("ada");
      const written: Promise<boolean[]> = all(20, (store) => append(store, created));
      const claims = await all(20, (store) =>
        store.claimTurn(created.turn.id, "run", NOW_MS + 60_000, NOW_MS + 90_000),
      );
      const winners = claims.filter((claim) => claim !== null);
      expect(winners.map(({ fence }) => fence)).toEqual([2]);
      const before = await countEvents(created);
      expect(await all(20, (store) => append(store, created))).toEqual(Array.from({ length: 20 }, () => false));
      const accepted = (await written).filter(Boolean).length;
      expect(await countEvents(created)).toBe(before);
      expect(before).toBe(2 + 2 * accepted);
    });

    it("takes one of fifty decisions, while the turn's owner writes", async () => {
      const created = await begin("ada");
      const { conversation, turn, fence } = created;
      const call = aPendingCall(turn, LATER);
      const toolCalls = [{ from: null, call }];
      await at(0).commit({ conversationId: conversation.id, turnId: turn.id, fence, events: [], toolCalls });
      const written = all(20, (store) => append(store, created));
      const decided = await all(50, (store, index) =>
        store.decide({
          call: advanceToolCall(call, { status: index % 2 === 0 ? "approved" : "denied" }),
          identity: turn.identity,
          remembered: false,
        }),
      );
      expect(decided.filter(Boolean)).toHaveLength(1);
      const found = await at(1).findToolCall(conversation.id, call.toolUseId);
      expect(found?.state.status).toBe(decided.indexOf(true) % 2 === 0 ? "approved" : "denied");
      expect(await written).not.toContain(false);
    });

    it("numbers the events of many writers without gaps", async () => {
      const created = await begin("ada");
      await all(40, (store) => append(store, created));
      const events = await at(0).readEvents(created.conversation.id, 0, 1000);
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 82 }, (_, index) => index + 1));
    });

    it("leaves nothing of a conversation that is deleted while others write to it", async () => {
      const created = await begin("ada");
      const { conversation, turn, fence } = created;
      const scope: UsageScope = { type: "user", id: "ada" };
      await at(0).reserve(DAY, [scope, GLOBAL], { turnId: turn.id, fence }, () =>
        aReservation(turn.id, [scope, GLOBAL], 100),
      );
      const call = aPendingCall(turn, LATER);
      const work = all(30, async (store, index) => {
        await append(store, created);
        if (index % 3 === 0) await store.claimTurn(turn.id, "end", NOW_MS, NOW_MS + 1);
        if (index % 5 === 0) {
          const approved = advanceToolCall(call, { status: "approved" });
          await store.decide({ call: approved, identity: turn.identity, remembered: true });
        }
      });
      const deleted = await all(5, (store) => store.deleteConversation(conversation.owner, conversation.id));
      await work;
      expect(deleted).toContain(true);
      expect(await at(0).loadTurn(turn.id)).toBeNull();
      expect(await at(0).readEvents(conversation.id, 0, 10)).toEqual([]);
      expect(await at(0).listRememberedApprovals(conversation.id)).toEqual([]);
      expect(await at(0).findRunningTurn(conversation.owner)).toBeNull();
      expect(await at(0).balances(DAY, [GLOBAL])).toEqual([{ scope: GLOBAL, used: 0, reserved: 0 }]);
    });

    it("lets all of many turns come to their end", async () => {
      const ended = await all(40, async (store, index) => {
        const created = await begin(`user-${index}`);
        const { conversation, turn, fence } = created;
        const scopes: UsageScope[] = [GLOBAL, { type: "user", id: `user-${index}` }];
        const reservation = await store.reserve(DAY, scopes, { turnId: turn.id, fence }, () =>
          aReservation(turn.id, scopes, 10),
        );
        if (reservation === null) throw new Error("was not granted");
        await append(store, created);
        await store.commit({
          conversationId: conversation.id,
          turnId: turn.id,
          fence,
          events: [{ type: "done", turn_id: turn.id, reason: "end_turn" }],
          turn: { ...turn, state: { status: "done", reason: "end_turn" } },
          settle: { reservationId: reservation.id, tokens: 7 },
        });
        if (index % 4 === 0) {
          await store.trimEvents(new Date(0).toISOString());
          await store.releaseOrphanedReservations({ createdBefore: new Date(0).toISOString() });
        }
        return store.findRunningTurn(conversation.owner);
      });
      expect(ended).toEqual(Array.from({ length: 40 }, () => null));
      expect(await at(0).balances(DAY, [GLOBAL])).toEqual([{ scope: GLOBAL, used: 280, reserved: 0 }]);
    });

    it("either stores a turn with its reservation or refuses it, while orphaned reservations are released", async () => {
      const outcomes = await all(100, async (store, index) => {
        const conversation = aConversation({ owner: anOwner({ user: `user-${index}` }) });
        const turn = aTurn(conversation);
        const scope: UsageScope = { type: "user", id: `user-${index}` };
        const reservation = await store.reserve(DAY, [scope], { turnId: turn.id, fence: null }, () =>
          aReservation(turn.id, [scope], 10),
        );
        if (reservation === null) throw new Error("was not granted");
        const [isStored] = await Promise.all([
          store
            .createTurn({ ...aNewTurn({ conversation, turn }), reservationId: reservation.id })
            .then(() => true, refusedAsStale),
          // Who takes a request for dead does not know that it is only slow.
          at(index + 1).releaseOrphanedReservations({ scope }),
        ]);
        const isStoredLater = (await store.findTurn(turn.id)) !== null;
        const isReserved = (await store.findReservation(turn.id)) !== null;
        return { isStored, isStoredLater, isReserved };
      });
      for (const { isStored, isStoredLater, isReserved } of outcomes) {
        expect([isStoredLater, isReserved]).toEqual([isStored, isStored]);
      }
    });

    it("shows a reader a conversation and its log as of one moment", async () => {
      const created = await begin("ada");
      const { conversation } = created;
      const written = all(30, (store) => append(store, created));
      const shown = await all(30, async (store) => {
        const stored = await store.loadConversation(conversation.owner, conversation.id);
        const events = await store.readEvents(conversation.id, 0, 1000);
        return { lastSeq: stored?.conversation.lastSeq ?? 0, events: events.length };
      });
      await written;
      for (const { lastSeq, events } of shown) expect(events).toBeGreaterThanOrEqual(lastSeq);
    });

    async function countEvents({ conversation }: NewTurn): Promise<number> {
      return (await at(0).readEvents(conversation.id, 0, 1000)).length;
    }
  });
}

/** A turn that is not stored yet. */
function unstored(index: number): { turnId: string; fence: null } {
  return { turnId: `turn_${index}`, fence: null };
}

function refusedAsStale(error: unknown): boolean {
  if (error instanceof StaleWriteError) return false;
  throw error;
}

function aReservation(turnId: string, scopes: readonly UsageScope[], tokens: number): Reservation {
  return {
    id: newId("res"),
    turnId,
    day: DAY,
    scopes,
    tokens,
    inputTokens: null,
    estimatedInputTokens: Math.floor(tokens / 2),
    streamedBytes: 0,
  };
}
