import type { ServerEvent, TurnEndReason } from "@chat-bot/widget/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  aConversation,
  aNewTurn,
  anAnswer,
  anIdentity,
  anOwner,
  aPendingCall,
  aToolCall,
  aTurn,
  aUserMessage,
  finishedState,
  NOW_MS,
} from "../../test/records.ts";
import { newId } from "../new-id.ts";
import type { ConversationRecord } from "./conversation-record.ts";
import type { Owner } from "./identity.ts";
import {
  type Commit,
  type DecisionRecord,
  KEY_LIFETIME_MS,
  type NewTurn,
  type Reservation,
  StaleWriteError,
  type Store,
  type UsageScope,
} from "./store.ts";
import { advanceToolCall, type ToolCallRecord } from "./tool-call-record.ts";

const TYPING: ServerEvent = { type: "status_update", state: "ai_typing" };
const DAY = "2026-11-05";
const USER: UsageScope = { type: "user", id: "u" };
const ORGANIZATION: UsageScope = { type: "organization", id: "o" };
const GLOBAL: UsageScope = { type: "global", id: "" };
const SCOPES = [GLOBAL, ORGANIZATION, USER];
const NEW_TURN = { turnId: "turn_new", fence: null };
const LATER = new Date(NOW_MS + 60_000).toISOString();
const EARLIER = new Date(NOW_MS - 1).toISOString();

function approve(
  call: ToolCallRecord,
  { identity = anIdentity(), remembered = false }: Partial<Omit<DecisionRecord, "call">> = {},
): DecisionRecord {
  const { approval } = call;
  const decision = { decision: "approved", decidedAt: EARLIER, reason: null } as const;
  return {
    call: {
      ...advanceToolCall(call, { status: "approved" }),
      approval: approval === null ? null : { ...approval, decision },
    },
    identity,
    remembered,
  };
}

/** What every store has to keep. `open` gives an empty one. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store.close();
    });

    async function begin(changes: Partial<NewTurn> = {}): Promise<NewTurn> {
      const created = aNewTurn(changes);
      await store.createTurn(created);
      return created;
    }

    function commit(created: NewTurn, changes: Partial<Commit> = {}): Promise<void> {
      const { conversation, turn, fence } = created;
      return store.commit({ conversationId: conversation.id, turnId: turn.id, fence, events: [], ...changes });
    }

    async function events(conversation: ConversationRecord): Promise<string[]> {
      const found = await store.readEvents(conversation.id, 0, 1000);
      return found.map((event) => `${event.seq} ${event.type}`);
    }

    async function book(turnId: string, tokens: number): Promise<Reservation> {
      const reservation = await store.reserve(DAY, SCOPES, NEW_TURN, () => aReservation(turnId, tokens));
      if (reservation === null) throw new Error("was not granted");
      return reservation;
    }

    async function end(created: NewTurn, reason: TurnEndReason): Promise<void> {
      const { turn } = created;
      await commit(created, {
        events: [{ type: "done", turn_id: turn.id, reason }],
        turn: { ...turn, state: { status: "done", reason } },
      });
    }

    async function park(created: NewTurn, calls: readonly ToolCallRecord[]): Promise<void> {
      await commit(created, {
        toolCalls: calls.map((call) => ({ from: null, call })),
        turn: { ...created.turn, state: { status: "awaiting_approval" } },
      });
    }

    describe("a new turn", () => {
      it("is stored with its conversation, its message and its events", async () => {
        const created = await begin();
        const loaded = await store.loadTurn(created.turn.id);
        expect(loaded).toEqual({
          turn: created.turn,
          conversation: { ...created.conversation, lastSeq: 2 },
          messages: [created.message],
          toolCalls: [],
          remembered: [],
        });
        expect(await events(created.conversation)).toEqual(["1 session_created", "2 status_update"]);
      });

      it("gives every reader the exact bytes of its events", async () => {
        const created = await begin();
        const [first] = await store.readEvents(created.conversation.id, 0, 1);
        expect(first?.data).toBe(JSON.stringify(created.events[0]));
        expect(first?.turnId).toBe(created.turn.id);
      });

      it("writes nothing when one part of it cannot be written", async () => {
        const first = await begin();
        await park(first, []);
        const conversation = aConversation();
        const turn = aTurn(conversation);
        const message = aUserMessage(turn, { id: first.message.id });
        await expect(store.createTurn(aNewTurn({ conversation, turn, message }))).rejects.toThrow();
        expect(await store.findConversation(conversation.owner, conversation.id)).toBeNull();
        expect(await store.findTurn(turn.id)).toBeNull();
        expect(await events(conversation)).toEqual([]);
      });

      it("is not stored when what was booked for it was settled meanwhile", async () => {
        const { id } = await book("turn_new", 100);
        expect(await store.createTurn(aNewTurn({ reservationId: id }))).toBeNull();
        await store.settle(id, 0);
        const late = aNewTurn({ conversation: aConversation({ owner: anOwner({ user: "bob" }) }), reservationId: id });
        await expect(store.createTurn(late)).rejects.toThrow(StaleWriteError);
        expect(await store.findTurn(late.turn.id)).toBeNull();
      });

      it("continues the numbers of its conversation, keeps the page and updates the tools", async () => {
        const first = await begin();
        await end(first, "end_turn");
        const tool = {
          name: "members__list",
          server: "members",
          description: "Lists",
          inputSchema: { type: "object" },
          fingerprint: "f",
          streamInput: false,
        };
        const conversation = { ...first.conversation, tools: [tool] };
        const turn = aTurn(conversation, { afterSeq: 3, createdAt: LATER });
        const message = aUserMessage(turn, { page: { url: "https://host.example/" } });
        const second = await begin({ conversation, turn, message, isNewConversation: false, events: [TYPING] });
        const loaded = await store.loadTurn(second.turn.id);
        expect(loaded?.conversation).toMatchObject({ lastSeq: 4, tools: [tool], updatedAt: LATER });
        expect(loaded?.messages.map((found) => found.page)).toEqual([null, { url: "https://host.example/" }]);
        expect((await events(conversation)).at(-1)).toBe("4 status_update");
      });

      it("is refused in a conversation that was deleted meanwhile", async () => {
        const first = await begin();
        await store.deleteConversation(first.conversation.owner, first.conversation.id);
        const turn = aTurn(first.conversation);
        const second = aNewTurn({ conversation: first.conversation, turn, isNewConversation: false });
        await expect(store.createTurn(second)).rejects.toThrow(StaleWriteError);
        expect(await store.findTurn(turn.id)).toBeNull();
      });
    });

    describe("a user", () => {
      const conversation = (user: string): ConversationRecord => aConversation({ owner: anOwner({ user }) });

      it("has one turn that runs: a second one is not stored", async () => {
        const first = await begin({ conversation: conversation("eve") });
        const second = aNewTurn({ conversation: conversation("eve") });
        expect(await store.createTurn(second)).toEqual(first.turn);
        expect(await store.findTurn(second.turn.id)).toBeNull();
        expect(await store.findConversation(second.conversation.owner, second.conversation.id)).toBeNull();
        expect(await store.createTurn(aNewTurn({ conversation: conversation("bob") }))).toBeNull();
      });

      it("has one turn that runs, also when fifty start at the same moment", async () => {
        const turns = Array.from({ length: 50 }, () => aNewTurn({ conversation: conversation("eve") }));
        const answers = await Promise.all(turns.map((turn) => store.createTurn(turn)));
        expect(answers.filter((running) => running === null)).toHaveLength(1);
      });

      it.each(["parked", "over", "deleted"])("may start another turn when the first is %s", async (how) => {
        const first = await begin({ conversation: conversation("eve") });
        if (how === "parked") await park(first, []);
        if (how === "over") await end(first, "end_turn");
        if (how === "deleted") await store.deleteConversation(first.conversation.owner, first.conversation.id);
        expect(await store.createTurn(aNewTurn({ conversation: conversation("eve") }))).toBeNull();
      });

      it("goes on with a parked turn only when no other runs; ending it need not wait", async () => {
        const parked = await begin({ conversation: conversation("eve") });
        await park(parked, []);
        const running = await begin({ conversation: conversation("eve") });
        expect(await store.claimTurn(parked.turn.id, "run", NOW_MS, NOW_MS + 90_000)).toBeNull();
        expect(await store.claimTurn(parked.turn.id, "end", NOW_MS, NOW_MS + 90_000)).toMatchObject({ fence: 2 });
        await end({ ...parked, fence: 2 }, "cancelled");
        expect(await store.findRunningTurn(running.conversation.owner)).toEqual(running.turn);
        expect(await store.claimTurn(running.turn.id, "run", NOW_MS + 60_000, NOW_MS + 90_000)).toMatchObject({
          fence: 2,
        });
      });
    });

    describe("a commit", () => {
      it("numbers events without gaps, also when commits are made at the same time", async () => {
        const created = await begin();
        await Promise.all(Array.from({ length: 20 }, () => commit(created, { events: [TYPING, TYPING] })));
        const found = await store.readEvents(created.conversation.id, 0, 1000);
        expect(found.map((event) => event.seq)).toEqual(Array.from({ length: 42 }, (_, index) => index + 1));
      });

      it("writes messages, calls, the turn, progress and the settlement together", async () => {
        const created = await begin();
        const reservation = await book(created.turn.id, 100);
        const answer = anAnswer(created.turn);
        const call = aToolCall(created.turn);
        const turn = { ...created.turn, steps: 1, nextBlock: 2 };
        await commit(created, {
          events: [TYPING],
          messages: [answer],
          toolCalls: [{ from: null, call }],
          turn,
          settle: { reservationId: reservation.id, tokens: 40 },
        });
        const loaded = await store.loadTurn(turn.id);
        expect(loaded).toMatchObject({ turn, messages: [created.message, answer], toolCalls: [call] });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 40, reserved: 0 }]);
      });

      it("keeps the progress of a reservation", async () => {
        const created = await begin();
        const reservation = await book(created.turn.id, 100);
        await commit(created, { progress: { id: reservation.id, inputTokens: 12, streamedBytes: 34 } });
        expect(await store.findReservation(created.turn.id)).toEqual({
          ...reservation,
          inputTokens: 12,
          streamedBytes: 34,
        });
      });

      it.each<[string, (created: NewTurn, call: ToolCallRecord) => Partial<Commit>]>([
        ["a call moved on meanwhile", (_, call) => ({ toolCalls: [{ from: "pending", call }] })],
        ["a call is new for the second time", (_, call) => ({ toolCalls: [{ from: null, call }] })],
        ["a message is stored already", (created) => ({ messages: [created.message] })],
        ["its writer is no longer the owner", () => ({ fence: 0 })],
        ["its writer is an owner that never was", () => ({ fence: 9 })],
      ])("writes nothing at all when %s", async (_title, changes) => {
        const created = await begin();
        const reservation = await book(created.turn.id, 100);
        const call = aToolCall(created.turn);
        await commit(created, { toolCalls: [{ from: null, call }] });
        const before = await store.loadTurn(created.turn.id);
        const failing = commit(created, {
          events: [TYPING],
          messages: [anAnswer(created.turn)],
          turn: { ...created.turn, steps: 7 },
          settle: { reservationId: reservation.id, tokens: 1 },
          ...changes(created, call),
        });
        await expect(failing).rejects.toThrow();
        expect(await store.loadTurn(created.turn.id)).toEqual(before);
        expect(await events(created.conversation)).toHaveLength(2);
        expect(await store.findReservation(created.turn.id)).toEqual(reservation);
      });

      it.each<[string, (created: NewTurn, call: ToolCallRecord) => Partial<Commit>]>([
        ["of a former owner", () => ({ fence: 0 })],
        ["of a call that moved on", (_, call) => ({ toolCalls: [{ from: "dispatched", call }] })],
        ["of a turn that does not exist", () => ({ turnId: "turn_none" })],
      ])("%s is refused as stale", async (_title, changes) => {
        const created = await begin();
        const call = aToolCall(created.turn);
        await commit(created, { toolCalls: [{ from: null, call }] });
        await expect(commit(created, changes(created, call))).rejects.toThrow(StaleWriteError);
      });

      it("is refused as stale after the conversation was deleted", async () => {
        const created = await begin();
        await store.deleteConversation(created.conversation.owner, created.conversation.id);
        await expect(commit(created, { events: [TYPING] })).rejects.toThrow(StaleWriteError);
      });

      it("does not take back the identity that a decision brought while it was being prepared", async () => {
        const created = await begin();
        const call = aPendingCall(created.turn, LATER);
        await commit(created, { toolCalls: [{ from: null, call }] });
        const identity = anIdentity({ permissions: ["chatbot:use", "member:write"] });
        await store.decide(approve(call, { identity }));
        await commit(created, { turn: { ...created.turn, state: { status: "awaiting_approval" } } });
        const turn = await store.findTurn(created.turn.id);
        expect(turn).toEqual({ ...created.turn, identity, state: { status: "awaiting_approval" } });
      });
    });

    describe("an owner's claim", () => {
      it("is refused while another owner's lease runs", async () => {
        const { turn } = await begin();
        expect(await store.claimTurn(turn.id, "run", NOW_MS + 59_999, NOW_MS + 100_000)).toBeNull();
      });

      it("takes a turn whose lease is over, with the next fence, and counts the recovery", async () => {
        const created = await begin();
        expect(await store.claimTurn(created.turn.id, "run", NOW_MS + 60_000, NOW_MS + 90_000)).toEqual({
          fence: 2,
          wasRunning: true,
          cancelRequested: false,
        });
        expect(await store.findTurn(created.turn.id)).toMatchObject({ recoveries: 1 });
        await expect(commit(created, { events: [TYPING] })).rejects.toThrow(StaleWriteError);
        await commit({ ...created, fence: 2 }, { events: [TYPING] });
      });

      it("takes a parked turn, whatever its lease says, without counting a recovery", async () => {
        const created = await begin();
        await park(created, []);
        expect(await store.claimTurn(created.turn.id, "run", NOW_MS, NOW_MS + 90_000)).toEqual({
          fence: 2,
          wasRunning: false,
          cancelRequested: false,
        });
        expect(await store.findTurn(created.turn.id)).toMatchObject({ recoveries: 0, state: { status: "running" } });
      });

      it.each<TurnEndReason>(["end_turn", "cancelled", "error"])(
        "is refused when the turn is done (%s)",
        async (why) => {
          const created = await begin();
          await end(created, why);
          expect(await store.claimTurn(created.turn.id, "run", NOW_MS + 999_999, NOW_MS + 9_999_999)).toBeNull();
        },
      );

      it("is refused for a turn that does not exist", async () => {
        expect(await store.claimTurn("turn_none", "run", NOW_MS, NOW_MS + 1)).toBeNull();
      });

      it("has one winner among many", async () => {
        const { turn } = await begin();
        const claims = await Promise.all(
          Array.from({ length: 20 }, () => store.claimTurn(turn.id, "run", NOW_MS + 60_000, NOW_MS + 90_000)),
        );
        expect(claims.filter((claim) => claim !== null)).toEqual([
          { fence: 2, wasRunning: true, cancelRequested: false },
        ]);
      });
    });

    describe("a lease", () => {
      it("is renewed by its owner only", async () => {
        const { turn } = await begin();
        expect(await store.renewLease(turn.id, 1, NOW_MS + 120_000)).toEqual({ cancelRequested: false });
        expect(await store.claimTurn(turn.id, "run", NOW_MS + 119_999, NOW_MS + 200_000)).toBeNull();
        expect(await store.claimTurn(turn.id, "run", NOW_MS + 120_000, NOW_MS + 200_000)).not.toBeNull();
        expect(await store.renewLease(turn.id, 1, NOW_MS + 300_000)).toBeNull();
        expect(await store.renewLease("turn_none", 1, NOW_MS + 300_000)).toBeNull();
      });
    });

    describe("a decision", () => {
      it("has one winner among fifty", async () => {
        const created = await begin();
        const call = aPendingCall(created.turn, LATER);
        await park(created, [call]);
        const wins = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            store.decide({
              call: advanceToolCall(call, { status: index % 2 === 0 ? "approved" : "denied" }),
              identity: created.turn.identity,
              remembered: false,
            }),
          ),
        );
        expect(wins.filter(Boolean)).toHaveLength(1);
        const decided = await store.findToolCall(created.conversation.id, call.toolUseId);
        expect(decided?.state.status).toBe(wins.indexOf(true) % 2 === 0 ? "approved" : "denied");
      });

      it("changes the turn's identity and nothing else of it", async () => {
        const created = await begin();
        const call = aPendingCall(created.turn, LATER);
        await park(created, [call]);
        const identity = anIdentity({ permissions: ["chatbot:use", "member:write"], expiresAtMs: NOW_MS + 1 });
        expect(await store.decide(approve(call, { identity }))).toBe(true);
        expect(await store.findTurn(created.turn.id)).toEqual({
          ...created.turn,
          identity,
          state: { status: "awaiting_approval" },
        });
      });

      it.each<[string, ToolCallRecord["state"]]>([
        ["not pending yet", { status: "proposed" }],
        ["running", { status: "dispatched", attempt: 1, dispatchedAt: EARLIER }],
        ["finished", finishedState()],
      ])("is not recorded for a call that is %s", async (_title, state) => {
        const created = await begin();
        const call = aToolCall(created.turn, { state });
        await commit(created, { toolCalls: [{ from: null, call }] });
        const decided: ToolCallRecord = { ...call, state: { status: "approved" } };
        const { identity } = created.turn;
        expect(await store.decide({ call: decided, identity, remembered: true })).toBe(false);
        expect(await store.findToolCall(created.conversation.id, call.toolUseId)).toEqual(call);
        expect(await store.listRememberedApprovals(created.conversation.id)).toEqual([]);
      });

      it("is remembered for its conversation alone when it is said to be, until it is taken back", async () => {
        const created = await begin();
        const calls = ["b__pay", "a__pay"].map((tool) =>
          aPendingCall(created.turn, LATER, { name: tool, title: "Pay" }),
        );
        const once = aPendingCall(created.turn, LATER, { name: "c__pay" });
        await park(created, [...calls, once]);
        for (const call of calls) await store.decide(approve(call, { remembered: true }));
        await store.decide(approve(once));
        const remembered = { title: "Pay", fingerprint: "f".repeat(64), decidedAt: EARLIER };
        const { id } = created.conversation;
        const all = [
          { name: "a__pay", ...remembered },
          { name: "b__pay", ...remembered },
        ];
        expect(await store.listRememberedApprovals(id)).toEqual(all);
        expect((await store.loadTurn(created.turn.id))?.remembered).toEqual(all);
        expect(await store.listRememberedApprovals("conv_other")).toEqual([]);
        expect(await store.forgetApproval("conv_other", "a__pay")).toBe(false);
        expect(await store.forgetApproval(id, "a__pay")).toBe(true);
        expect(await store.forgetApproval(id, "a__pay")).toBe(false);
        expect(await store.listRememberedApprovals(id)).toEqual(all.slice(1));
        await store.deleteConversation(anOwner(), id);
        expect(await store.listRememberedApprovals(id)).toEqual([]);
      });
    });

    describe("a request to cancel", () => {
      it("is told to the owner with the next renewal, and to whoever takes the turn over", async () => {
        const { turn } = await begin();
        expect(await store.renewLease(turn.id, 1, NOW_MS + 60_000)).toEqual({ cancelRequested: false });
        await store.requestCancel(turn.id);
        expect(await store.renewLease(turn.id, 1, NOW_MS + 60_000)).toEqual({ cancelRequested: true });
        expect(await store.claimTurn(turn.id, "run", NOW_MS + 60_000, NOW_MS + 90_000)).toEqual({
          fence: 2,
          wasRunning: true,
          cancelRequested: true,
        });
      });

      it("keeps the turn from being parked, where nobody would hear of it", async () => {
        const created = await begin();
        await store.requestCancel(created.turn.id);
        await expect(park(created, [])).rejects.toThrow(StaleWriteError);
        expect(await store.findTurn(created.turn.id)).toEqual(created.turn);
        await end(created, "cancelled");
      });
    });

    describe("turns to continue", () => {
      it.each<[string, ToolCallRecord["state"]["status"], string, boolean]>([
        ["an approved call", "approved", LATER, true],
        ["a denied call", "denied", LATER, true],
        ["a call whose time to decide is over", "pending", EARLIER, true],
        ["a call whose time is over this very moment", "pending", new Date(NOW_MS).toISOString(), true],
        ["a call that is still open", "pending", LATER, false],
      ])("parked with %s: %s, expiring %s", async (_title, status, expiresAt, isDue) => {
        const created = await begin();
        const call = aPendingCall(created.turn, expiresAt);
        const state = status === "approved" || status === "denied" ? { status } : call.state;
        await park(created, [{ ...call, state }, aPendingCall(created.turn, LATER)]);
        expect(await store.findTurnsToContinue(NOW_MS)).toEqual(isDue ? [created.turn.id] : []);
      });

      it("are those whose owner is silent", async () => {
        const { turn } = await begin();
        expect(await store.findTurnsToContinue(NOW_MS + 59_999)).toEqual([]);
        expect(await store.findTurnsToContinue(NOW_MS + 60_000)).toEqual([turn.id]);
      });

      it("are none that are done", async () => {
        const created = await begin();
        await commit(created, { toolCalls: [{ from: null, call: aPendingCall(created.turn, EARLIER) }] });
        await end(created, "cancelled");
        expect(await store.findTurnsToContinue(NOW_MS + 999_999)).toEqual([]);
      });
    });

    it("finds the calls that parked turns wait for", async () => {
      const parked = await begin();
      const waiting = [aPendingCall(parked.turn, LATER), aPendingCall(parked.turn, EARLIER)];
      await park(parked, [...waiting, { ...aPendingCall(parked.turn, LATER), state: { status: "denied" } }]);
      const running = await begin();
      await commit(running, { toolCalls: [{ from: null, call: aPendingCall(running.turn, LATER) }] });
      const ids = (await store.findPendingCalls()).map(({ toolUseId }) => toolUseId);
      expect(ids.toSorted()).toEqual(waiting.map(({ toolUseId }) => toolUseId).toSorted());
    });

    describe("look-ups", () => {
      it.each<[string, Partial<Owner>]>([
        ["another user", { user: "eve" }],
        ["another organization", { organization: "other" }],
        ["another issuer", { issuer: "https://other.example" }],
      ])("of %s find nothing", async (_title, changes) => {
        const created = await begin({ idempotency: { key: "key", bodySha256: "hash" } });
        const stranger = anOwner(changes);
        const { id } = created.conversation;
        expect(await store.findConversation(stranger, id)).toBeNull();
        expect(await store.loadConversation(stranger, id)).toBeNull();
        expect(await store.findTurnByKey(stranger, "key", EARLIER)).toBeNull();
        expect(await store.findRunningTurn(stranger)).toBeNull();
        expect(await store.listConversations(stranger, { limit: 10, before: null })).toEqual([]);
        expect(await store.deleteConversation(stranger, id)).toBe(false);
        expect(await store.findConversation(created.conversation.owner, id)).not.toBeNull();
      });

      it("find a turn by the key of its request, while the key is young enough", async () => {
        const created = await begin({ idempotency: { key: "key", bodySha256: "hash" } });
        const owner = anOwner();
        expect(await store.findTurnByKey(owner, "key", EARLIER)).toEqual({ turn: created.turn, bodySha256: "hash" });
        expect(await store.findTurnByKey(owner, "other", EARLIER)).toBeNull();
        expect(await store.findTurnByKey(owner, "key", created.turn.createdAt)).toBeNull();
      });

      it("know a key also when its conversation is gone, until the key is trimmed", async () => {
        const created = await begin({ idempotency: { key: "key", bodySha256: "hash" } });
        await store.deleteConversation(anOwner(), created.conversation.id);
        const gone = { turn: null, bodySha256: "" };
        expect(await store.findTurnByKey(anOwner(), "key", EARLIER)).toEqual(gone);
        await store.trimKeys(created.turn.createdAt);
        expect(await store.findTurnByKey(anOwner(), "key", EARLIER)).toEqual(gone);
        await store.trimKeys(LATER);
        expect(await store.findTurnByKey(anOwner(), "key", EARLIER)).toBeNull();
      });

      it("find the newest turn of a key that was used again after its time", async () => {
        const first = await begin({ idempotency: { key: "key", bodySha256: "hash" } });
        await end(first, "end_turn");
        const { conversation } = first;
        const createdAt = new Date(Date.parse(first.turn.createdAt) + KEY_LIFETIME_MS).toISOString();
        const idempotency = { key: "key", bodySha256: "other" };
        const second = aNewTurn({
          conversation,
          turn: aTurn(conversation, { createdAt }),
          isNewConversation: false,
          idempotency,
        });
        expect(await store.createTurn(second)).toBeNull();
        expect(await store.findTurnByKey(anOwner(), "key", EARLIER)).toEqual({
          turn: second.turn,
          bodySha256: "other",
        });
      });

      it("store no second turn of the same request", async () => {
        const idempotency = { key: "key", bodySha256: "hash" };
        const first = await begin({ idempotency });
        await end(first, "end_turn");
        const late = aNewTurn({ idempotency });
        await expect(store.createTurn(late)).rejects.toThrow(StaleWriteError);
        expect(await store.findTurn(late.turn.id)).toBeNull();
        expect(await store.findRunningTurn(anOwner())).toBeNull();
        expect((await store.findTurnByKey(anOwner(), "key", EARLIER))?.turn?.id).toBe(first.turn.id);
      });

      it("find the user's running turn, not a parked or finished one", async () => {
        const created = await begin();
        expect(await store.findRunningTurn(anOwner())).toEqual(created.turn);
        await park(created, []);
        expect(await store.findRunningTurn(anOwner())).toBeNull();
        expect(await store.findActiveTurn(created.conversation.id)).toMatchObject({ id: created.turn.id });
        await end(created, "superseded");
        expect(await store.findActiveTurn(created.conversation.id)).toBeNull();
      });

      it("find a call in its own conversation only", async () => {
        const created = await begin();
        const call = aToolCall(created.turn);
        await commit(created, { toolCalls: [{ from: null, call }] });
        expect(await store.findToolCall(created.conversation.id, call.toolUseId)).toEqual(call);
        expect(await store.findToolCall("conv_other", call.toolUseId)).toBeNull();
      });

      it("find nothing that does not exist", async () => {
        expect(await store.loadTurn("turn_none")).toBeNull();
        expect(await store.findTurn("turn_none")).toBeNull();
        expect(await store.loadHistory("conv_none")).toEqual({ messages: [], toolCalls: [] });
        expect(await store.findReservation("turn_none")).toBeNull();
        expect(await store.oldestSeq("conv_none")).toBeNull();
      });
    });

    describe("a history", () => {
      it("leaves out refused turns, which its reader still sees", async () => {
        const refused = await begin();
        await end(refused, "refusal");
        const turn = aTurn(refused.conversation, { createdAt: LATER });
        const second = await begin({ conversation: refused.conversation, turn, isNewConversation: false });
        const history = await store.loadHistory(refused.conversation.id);
        expect(history.messages).toEqual([second.message]);
        const stored = await store.loadConversation(anOwner(), refused.conversation.id);
        expect(stored?.messages).toEqual([refused.message, second.message]);
        expect(stored?.activeTurn).toEqual(turn);
      });

      it.each<TurnEndReason>(["cancelled", "error", "max_tokens", "max_steps", "superseded", "limit_exceeded"])(
        "keeps what was said in a turn that ended with %s",
        async (reason) => {
          const created = await begin();
          await end(created, reason);
          expect((await store.loadHistory(created.conversation.id)).messages).toEqual([created.message]);
        },
      );

      it("has its calls in the order in which they were asked for", async () => {
        const created = await begin();
        const calls = [
          aToolCall(created.turn, { step: 2, ordinal: 1 }),
          aToolCall(created.turn, { step: 1, ordinal: 0 }),
          aToolCall(created.turn, { step: 2, ordinal: 0 }),
          aToolCall(created.turn, { step: 10, ordinal: 0 }),
        ];
        await commit(created, { toolCalls: calls.map((call) => ({ from: null, call })) });
        const { toolCalls } = await store.loadHistory(created.conversation.id);
        expect(toolCalls).toEqual([calls[1], calls[2], calls[0], calls[3]]);
      });
    });

    describe("a list", () => {
      it("is newest first and goes on behind its cursor without losing or repeating any", async () => {
        const times = [3, 1, 2, 2, 2, 5, 4].map((minutes) => new Date(NOW_MS + minutes * 60_000).toISOString());
        const conversations = times.map((updatedAt, index) => aConversation({ updatedAt, id: `conv_${index}` }));
        for (const conversation of conversations) await park(await begin({ conversation }), []);
        const seen: string[] = [];
        let before: { updatedAt: string; id: string } | null = null;
        for (let page = 0; page < 4; page += 1) {
          const found: readonly { id: string; title: string; updatedAt: string }[] = await store.listConversations(
            anOwner(),
            { limit: 2, before },
          );
          seen.push(...found.map(({ id }) => id));
          before = found.at(-1) ?? before;
        }
        expect(seen).toEqual(["conv_5", "conv_6", "conv_0", "conv_4", "conv_3", "conv_2", "conv_1"]);
      });
    });

    describe("conversations that nobody uses", () => {
      const old = new Date(NOW_MS - 2000).toISOString();
      const limit = new Date(NOW_MS - 1000).toISOString();

      async function endedAt(updatedAt: string): Promise<NewTurn> {
        const created = aNewTurn({ conversation: aConversation({ updatedAt }) });
        await store.createTurn(created);
        await end(created, "end_turn");
        return created;
      }

      it("are erased, the oldest first, so many at once", async () => {
        const created = [await endedAt(old), await endedAt(old), await endedAt(old)];
        const future = new Date(Date.now() + 60_000).toISOString();
        expect(await store.eraseIdleConversations(future, 2)).toBe(2);
        expect(await store.eraseIdleConversations(future, 2)).toBe(1);
        expect(await store.eraseIdleConversations(future, 2)).toBe(0);
        for (const { turn } of created) expect(await store.loadTurn(turn.id)).toBeNull();
      });

      it("stay while somebody uses them, or a turn of theirs is not over", async () => {
        const used = await endedAt(old);
        const running = aNewTurn({ conversation: aConversation({ updatedAt: old }) });
        await store.createTurn(running);
        const owner = anOwner({ user: "eve" });
        const conversation = aConversation({ owner, updatedAt: old });
        const parked = aNewTurn({ conversation, turn: aTurn(conversation) });
        await store.createTurn(parked);
        await park(parked, [aPendingCall(parked.turn, LATER)]);
        expect(await store.eraseIdleConversations(limit, 10)).toBe(0);
        for (const { turn } of [used, running, parked]) expect(await store.loadTurn(turn.id)).not.toBeNull();
      });
    });

    describe("the audit trail", () => {
      it("has no checkpoint while nothing has happened, and another one whenever something has", async () => {
        expect(await store.writeCheckpoint()).toBeNull();
        await begin();
        const first = await store.writeCheckpoint();
        expect(first).toMatch(/^1:[0-9a-f]{64}$/);
        expect(await store.writeCheckpoint()).toBe(first);
        await store.recordLimitReached(anOwner(), null, "user");
        expect(await store.writeCheckpoint()).toMatch(/^2:[0-9a-f]{64}$/);
      });
    });

    describe("deleting", () => {
      it("removes the conversation with everything in it, and leaves others alone", async () => {
        const doomed = await begin({ idempotency: { key: "key", bodySha256: "hash" } });
        const call = aPendingCall(doomed.turn, LATER);
        await park(doomed, [call]);
        const kept = await begin();
        expect(await store.deleteConversation(anOwner(), doomed.conversation.id)).toBe(true);
        expect(await store.findConversation(anOwner(), doomed.conversation.id)).toBeNull();
        expect(await store.loadTurn(doomed.turn.id)).toBeNull();
        expect(await store.findToolCall(doomed.conversation.id, call.toolUseId)).toBeNull();
        expect(await store.readEvents(doomed.conversation.id, 0, 10)).toEqual([]);
        expect(await store.loadHistory(doomed.conversation.id)).toEqual({ messages: [], toolCalls: [] });
        expect(await store.loadTurn(kept.turn.id)).not.toBeNull();
        expect(await store.deleteConversation(anOwner(), doomed.conversation.id)).toBe(false);
      });

      it("leaves what is booked to the turn's owner", async () => {
        const created = await begin();
        await store.renewLease(created.turn.id, created.fence, Date.now() + 60_000);
        const reservation = await book(created.turn.id, 100);
        await store.deleteConversation(anOwner(), created.conversation.id);
        expect(await store.findReservation(created.turn.id)).toEqual(reservation);
        await store.settle(reservation.id, 60);
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 60, reserved: 0 }]);
      });

      it("settles what a dead owner had booked", async () => {
        const created = await begin();
        const { id } = await book(created.turn.id, 100);
        await commit(created, { progress: { id, inputTokens: 12, streamedBytes: 34 } });
        await store.renewLease(created.turn.id, created.fence, Date.now() - 1);
        await store.deleteConversation(anOwner(), created.conversation.id);
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 21, reserved: 0 }]);
      });
    });

    describe("the log", () => {
      it("is read in order, from any event on, in pieces of any size", async () => {
        const created = await begin();
        await commit(created, { events: Array.from({ length: 10 }, () => TYPING) });
        const read = async (after: number, limit: number): Promise<number[]> =>
          (await store.readEvents(created.conversation.id, after, limit)).map(({ seq }) => seq);
        expect(await read(0, 3)).toEqual([1, 2, 3]);
        expect(await read(3, 100)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
        expect(await read(12, 100)).toEqual([]);
      });

      it("loses its old events, but none of a turn that is not done", async () => {
        const finished = await begin();
        await end(finished, "end_turn");
        const active = await begin();
        expect(await store.oldestSeq(finished.conversation.id)).toBe(1);
        await store.trimEvents(new Date(Date.now() + 60_000).toISOString());
        expect(await store.oldestSeq(finished.conversation.id)).toBeNull();
        expect(await events(active.conversation)).toHaveLength(2);
        expect(await store.findConversation(anOwner(), finished.conversation.id)).toMatchObject({ lastSeq: 3 });
      });

      it("keeps what is young", async () => {
        const finished = await begin();
        await end(finished, "end_turn");
        await store.trimEvents(new Date(Date.now() - 60_000).toISOString());
        expect(await events(finished.conversation)).toHaveLength(3);
      });
    });

    describe("reservations", () => {
      it("are zero where nothing is on record", async () => {
        expect(await store.balances(DAY, SCOPES)).toEqual(SCOPES.map((scope) => ({ scope, used: 0, reserved: 0 })));
      });

      it("are booked on all scopes and counted on all when they are settled", async () => {
        const reservation = await book("turn_1", 100);
        expect(await store.balances(DAY, SCOPES)).toEqual(SCOPES.map((scope) => ({ scope, used: 0, reserved: 100 })));
        expect(await store.findReservation("turn_1")).toEqual(reservation);
        await store.settle(reservation.id, 70);
        expect(await store.balances(DAY, SCOPES)).toEqual(SCOPES.map((scope) => ({ scope, used: 70, reserved: 0 })));
        expect(await store.findReservation("turn_1")).toBeNull();
      });

      it("count once when they are settled twice, also at the same time", async () => {
        const reservation = await book("turn_1", 100);
        await Promise.all(Array.from({ length: 10 }, () => store.settle(reservation.id, 70)));
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 70, reserved: 0 }]);
      });

      it("of turns that are not on record are settled in the end, with what the provider had counted", async () => {
        await book("turn_never_stored", 100);
        const deleted = await begin();
        const { id } = await book(deleted.turn.id, 100);
        await commit(deleted, { progress: { id, inputTokens: 12, streamedBytes: 34 } });
        await store.renewLease(deleted.turn.id, deleted.fence, Date.now() + 60_000);
        await store.deleteConversation(anOwner(), deleted.conversation.id);
        const kept = await begin();
        await book(kept.turn.id, 100);
        await store.releaseOrphanedReservations({ createdBefore: new Date(Date.now() - 60_000).toISOString() });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 300 }]);
        await store.releaseOrphanedReservations({ createdBefore: new Date(Date.now() + 60_000).toISOString() });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 21, reserved: 100 }]);
      });

      it("of a user's turns that are not on record are settled at once, and nobody else's", async () => {
        await book("turn_never_stored", 100);
        const kept = await begin();
        await book(kept.turn.id, 100);
        await store.releaseOrphanedReservations({ scope: { type: "user", id: "another" } });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 200 }]);
        await store.releaseOrphanedReservations({ scope: USER });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 100 }]);
      });

      it("add up", async () => {
        for (const tokens of [10, 20, 30]) {
          const reservation = await book(`turn_${tokens}`, tokens);
          await store.settle(reservation.id, tokens);
        }
        await book("turn_4", 40);
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 60, reserved: 40 }]);
      });

      it("leave nothing behind when they are settled with nothing used", async () => {
        const reservation = await book("turn_1", 100);
        await store.settle(reservation.id, 0);
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
      });

      it("are counted on the day they were made for", async () => {
        const reservation = await book("turn_1", 100);
        expect(await store.balances("2026-11-06", [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
        await store.settle(reservation.id, 70);
        expect(await store.balances("2026-11-06", [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
      });

      it("are made by the turn's owner only", async () => {
        const { turn, fence } = await begin();
        const reservation = aReservation(turn.id, 100);
        const stale = store.reserve(DAY, SCOPES, { turnId: turn.id, fence: fence - 1 }, () => reservation);
        await expect(stale).rejects.toThrow(StaleWriteError);
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
        await store.reserve(DAY, SCOPES, { turnId: turn.id, fence }, () => reservation);
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 100 }]);
      });

      it("of a turn that is over are settled as those without a turn", async () => {
        const over = await begin();
        await book(over.turn.id, 100);
        await store.releaseOrphanedReservations({ scope: USER });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 100 }]);
        await end(over, "error");
        await store.releaseOrphanedReservations({ scope: USER });
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
      });

      it("write nothing when they are not granted", async () => {
        const refused = await store.reserve(DAY, SCOPES, NEW_TURN, (balances) => {
          expect(balances).toEqual(SCOPES.map((scope) => ({ scope, used: 0, reserved: 0 })));
          return null;
        });
        expect(refused).toBeNull();
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
      });

      it("write nothing when granting fails", async () => {
        const failing = store.reserve(DAY, SCOPES, NEW_TURN, () => {
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow("no");
        expect(await store.balances(DAY, [USER])).toEqual([{ scope: USER, used: 0, reserved: 0 }]);
      });

      it("are decided one after the other: each sees those before it", async () => {
        const seen: number[] = [];
        await Promise.all(
          Array.from({ length: 30 }, (_, index) =>
            store.reserve(DAY, SCOPES, NEW_TURN, ([first]) => {
              seen.push(first?.reserved ?? -1);
              return aReservation(`turn_${index}`, 10);
            }),
          ),
        );
        expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index * 10));
      });
    });

    it("answers a ping", async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}

function aReservation(turnId: string, tokens: number): Reservation {
  return {
    id: newId("res"),
    turnId,
    day: DAY,
    scopes: SCOPES,
    tokens,
    inputTokens: null,
    estimatedInputTokens: Math.floor(tokens / 2),
    streamedBytes: 0,
  };
}
