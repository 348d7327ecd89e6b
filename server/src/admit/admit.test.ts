import type { MessageRequest } from "@chat-bot/widget/protocol";
import type { Middleware } from "koa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveStages } from "../../test/fixtures/serve-stages.ts";
import { aConversation, aNewTurn, anIdentity, anOwner, aTurn } from "../../test/records.ts";
import { canonicalJson, sha256Hex } from "../canonical-json.ts";
import { errorBoundary } from "../routes/error-boundary.ts";
import type { Coordination } from "../store/coordination.ts";
import { type Identity, ownerKey } from "../store/identity.ts";
import { createMemoryCoordination } from "../store/memory-coordination.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import type { Store } from "../store/store.ts";
import type { TurnState } from "../store/turn-record.ts";
import type { Admission } from "./admission.ts";
import { type AdmitState, admit } from "./admit.ts";

const HELLO: MessageRequest = { message: "Hello" };

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

describe("admit", () => {
  let store: Store;
  let coordination: Coordination;
  beforeEach(async () => {
    store = await createSqlStore(openSqlite(":memory:"));
    coordination = createMemoryCoordination();
  });
  afterEach(async () => {
    await coordination.close();
    await store.close();
  });

  /** Sends a message through admission to `next`, which by default tells what it was given. */
  async function send(
    options: {
      body?: MessageRequest;
      key?: string;
      identity?: Identity;
      closed?: "chatbot_disabled" | "draining";
      next?: (admission: Admission) => Promise<void>;
    } = {},
  ): Promise<Answer> {
    const { body = HELLO, key = null, identity = anIdentity(), closed = null, next } = options;
    const before: Middleware<AdmitState> = async (ctx, go) => {
      Object.assign(ctx.state, { identity, body, idempotencyKey: key });
      await go();
    };
    const after: Middleware<AdmitState> = async (ctx) => {
      const { admission } = ctx.state;
      if (admission === undefined) throw new Error("nothing was admitted");
      await next?.(admission);
      ctx.body = { type: admission.type, turn: admission.type === "repeated" ? admission.turn.id : admission.turnId };
    };
    const stage = admit({ store, coordination, lockTtlMs: 300_000, closedBecause: () => closed, now: Date.now });
    const url = await serveStages(errorBoundary({ onUnexpected: () => undefined }), before, stage, after);
    const response = await fetch(url);
    const answered: Record<string, unknown> = JSON.parse(await response.text());
    return { status: response.status, body: answered };
  }

  /** Stores the turn that was admitted, as the stage behind does. */
  async function storeTurn(admission: Admission, body: MessageRequest = HELLO): Promise<void> {
    if (admission.type !== "admitted") throw new Error("it was a repeat");
    const conversation = aConversation({ id: admission.conversationId });
    const turn = aTurn(conversation, { id: admission.turnId, createdAt: new Date().toISOString() });
    const { idempotency } = admission;
    expect(idempotency?.bodySha256).toBe(idempotency === null ? undefined : sha256Hex(canonicalJson(body)));
    await store.createTurn(aNewTurn({ conversation, turn, idempotency }));
  }

  const isFree = async (): Promise<boolean> => {
    const holder = { conversationId: "", turnId: "", idempotencyKey: null };
    const attempt = await coordination.acquireLock(ownerKey(anOwner()), holder, 1);
    if (attempt.status === "acquired") await coordination.releaseLock(attempt.lock);
    return attempt.status === "acquired";
  };

  it("takes the user's lock, and leaves it to the turn that was started", async () => {
    const { status, body } = await send({ next: storeTurn });
    expect([status, body["type"]]).toEqual([200, "admitted"]);
    expect(await isFree()).toBe(false);
  });

  it("gives the lock back when the next stage throws before a turn was stored", async () => {
    const { status } = await send({ next: () => Promise.reject(new Error("broken")) });
    expect(status).toBe(500);
    expect(await isFree()).toBe(true);
  });

  it("gives the lock back also when the store is lost and cannot tell what was stored", async () => {
    const { status } = await send({
      next: async () => {
        await store.close();
        throw new Error("broken");
      },
    });
    expect(status).toBe(500);
    expect(await isFree()).toBe(true);
    store = await createSqlStore(openSqlite(":memory:"));
  });

  it("leaves the lock to the turn when the next stage throws after it was stored", async () => {
    await send({
      next: async (admission) => {
        await storeTurn(admission);
        throw new Error("the reader left");
      },
    });
    expect(await isFree()).toBe(false);
  });

  it.each<["chatbot_disabled" | "draining"]>([["chatbot_disabled"], ["draining"]])(
    "admits nobody: %s",
    async (closed) => {
      expect(await send({ closed })).toMatchObject({ status: 503, body: { error: closed } });
      expect(await isFree()).toBe(true);
    },
  );

  it.each([
    ["does not exist", "conv_none", anOwner()],
    ["belongs to another user", "conv_1", anOwner({ user: "eve" })],
    ["belongs to another organization", "conv_1", anOwner({ organization: "other" })],
    ["belongs to another issuer's user of the same name", "conv_1", anOwner({ issuer: "https://other.example" })],
  ])("refuses a conversation that %s", async (_title, id, owner) => {
    const conversation = aConversation({ id: "conv_1", owner });
    await store.createTurn(aNewTurn({ conversation }));
    const answer = await send({ body: { message: "Hello", conversation_id: id } });
    expect(answer).toMatchObject({ status: 404, body: { error: "not_found" } });
    expect(await isFree()).toBe(true);
  });

  it("refuses a second message while the first is admitted, and names the turn that runs", async () => {
    const first = await send({ next: storeTurn });
    const second = await send();
    expect(second).toMatchObject({ status: 409, body: { error: "concurrent_request", turn_id: first.body["turn"] } });
  });

  it("refuses a message while a turn waits to be taken over, whose owner died with its lock", async () => {
    const created = aNewTurn();
    await store.createTurn(created);
    expect(await send()).toMatchObject({
      status: 409,
      body: { error: "concurrent_request", turn_id: created.turn.id, conversation_id: created.conversation.id },
    });
    expect(await isFree()).toBe(true);
  });

  it.each<[string, TurnState]>([
    ["is over", { status: "done", reason: "end_turn" }],
    ["waits for a person", { status: "awaiting_approval" }],
  ])("admits a message although the lock is left of a turn that %s, whose owner died with it", async (_, state) => {
    await send({ next: storeTurn });
    const running = await store.findRunningTurn(anOwner());
    if (running === null) throw new Error("none runs");
    const { id: turnId, conversationId } = running;
    await store.commit({ conversationId, turnId, fence: 1, events: [], turn: { ...running, state } });
    expect(await isFree()).toBe(false);
    expect(await send({ next: storeTurn })).toMatchObject({ status: 200, body: { type: "admitted" } });
    expect(await isFree()).toBe(false);
  });

  it("admits another user meanwhile", async () => {
    await send({ next: storeTurn });
    const bob = anIdentity({ owner: anOwner({ user: "bob" }) });
    expect((await send({ identity: bob })).status).toBe(200);
  });

  it("admits one of fifty that come at the same time", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send({ next: storeTurn })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
  });

  describe("with an idempotency key", () => {
    it("finds the turn that the same request started", async () => {
      const first = await send({ key: "key", next: storeTurn });
      const second = await send({ key: "key" });
      expect(second).toEqual({ status: 200, body: { type: "repeated", turn: first.body["turn"] } });
    });

    it("takes members in another order for the same request", async () => {
      const body: MessageRequest = { message: "Hello", page: { url: "u", title: "t" } };
      await send({ body, key: "key", next: (admission) => storeTurn(admission, body) });
      const again = await send({ body: { page: { title: "t", url: "u" }, message: "Hello" }, key: "key" });
      expect(again.body["type"]).toBe("repeated");
    });

    it("finds it also when all of it happened after the first look", async () => {
      const [isLooking, mayGoOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const { acquireLock } = coordination;
      coordination.acquireLock = async (...parameters) => {
        isLooking.resolve();
        await mayGoOn.promise;
        return acquireLock.apply(coordination, parameters);
      };
      const late = send({ key: "key" });
      await isLooking.promise;
      coordination.acquireLock = acquireLock;
      const first = await send({ key: "key", next: storeTurn });
      const turn = await store.findRunningTurn(anOwner());
      if (turn === null) throw new Error("none runs");
      const state: TurnState = { status: "done", reason: "end_turn" };
      await store.commit({
        conversationId: turn.conversationId,
        turnId: turn.id,
        fence: 1,
        events: [],
        turn: { ...turn, state },
      });
      mayGoOn.resolve();
      expect(await late).toEqual({ status: 200, body: { type: "repeated", turn: first.body["turn"] } });
      expect(await isFree()).toBe(true);
    });

    it("refuses another body", async () => {
      await send({ key: "key", next: storeTurn });
      const answer = await send({ key: "key", body: { message: "Other" } });
      expect(answer).toMatchObject({ status: 422, body: { error: "idempotency_mismatch" } });
    });

    it("does not find another user's turn", async () => {
      await send({ key: "key", next: storeTurn });
      const bob = anIdentity({ owner: anOwner({ user: "bob" }) });
      expect((await send({ key: "key", identity: bob })).body["type"]).toBe("admitted");
    });

    it("waits for the twin that is being admitted right now, and follows its turn", async () => {
      const entered = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const first = send({
        key: "key",
        next: async (admission) => {
          entered.resolve();
          await gate.promise;
          await storeTurn(admission);
        },
      });
      await entered.promise;
      const second = send({ key: "key" });
      gate.resolve();
      const { body } = await first;
      expect(await second).toEqual({ status: 200, body: { type: "repeated", turn: body["turn"] } });
    });

    it("refuses a twin with another body", async () => {
      const entered = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const first = send({
        key: "key",
        next: async (admission) => {
          entered.resolve();
          await gate.promise;
          await storeTurn(admission);
        },
      });
      await entered.promise;
      const second = send({ key: "key", body: { message: "Other" } });
      gate.resolve();
      await first;
      expect(await second).toMatchObject({ status: 422, body: { error: "idempotency_mismatch" } });
    });

    it("takes the place of a twin that died before its turn was stored", async () => {
      const dead = { conversationId: "conv_dead", turnId: "turn_dead", idempotencyKey: "key" };
      await coordination.acquireLock(ownerKey(anOwner()), dead, 300_000);
      const { status, body } = await send({ key: "key", next: storeTurn });
      expect([status, body["type"]]).toEqual([200, "admitted"]);
      expect(await isFree()).toBe(false);
    });

    it("does not wait for a turn of another key", async () => {
      await send({ key: "one", next: storeTurn });
      expect(await send({ key: "two" })).toMatchObject({ status: 409, body: { error: "concurrent_request" } });
    });
  });
});
