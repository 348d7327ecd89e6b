import type { ApprovalResponse } from "@chat-bot/widget/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aNewTurn, anIdentity, anOwner, aPendingCall, aToolCall, finishedState, NOW_MS } from "../../test/records.ts";
import type { Identity } from "../store/identity.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import type { NewTurn, Store } from "../store/store.ts";
import type { ToolCallRecord, ToolCallState } from "../store/tool-call-record.ts";
import type { ToolRule } from "../tools/tool.ts";
import { type Decision, decide } from "./decide.ts";
import { pendingRequest } from "./pending-request.ts";

const LATER = new Date(NOW_MS + 60_000).toISOString();

describe("decide", () => {
  let store: Store;
  let created: NewTurn;
  let rules: Map<string, ToolRule>;
  beforeEach(async () => {
    store = await createSqlStore(openSqlite(":memory:"));
    created = aNewTurn();
    rules = new Map([["members__list", { permissions: [], approval: "always" }]]);
    await store.createTurn(created);
  });
  afterEach(() => store.close());

  async function keep(call: ToolCallRecord): Promise<ToolCallRecord> {
    const { conversation, turn } = created;
    await store.commit({
      conversationId: conversation.id,
      turnId: turn.id,
      fence: 1,
      events: [],
      toolCalls: [{ from: null, call }],
    });
    return call;
  }

  async function answer(
    call: Pick<ToolCallRecord, "toolUseId">,
    approved: boolean,
    changes: Partial<Decision> = {},
    identity: Identity = anIdentity(),
    nowMs: number = NOW_MS,
  ): Promise<ApprovalResponse> {
    const decision = { conversationId: created.conversation.id, toolUseId: call.toolUseId, approved };
    const { turnId, response } = await decide(
      { ...decision, inputSha256: null, reason: null, remember: false, ...changes },
      identity,
      {
        store,
        now: () => nowMs,
        ruleOf: (name) => rules.get(name) ?? null,
      },
    );
    expect(turnId).toBe(created.turn.id);
    return response;
  }

  it.each([
    [true, "approved"],
    [false, "denied"],
  ])("records the first answer (%s)", async (approved, verdict) => {
    const call = await keep(aPendingCall(created.turn, LATER));
    const decidedAt = new Date(NOW_MS).toISOString();
    expect(await answer(call, approved, { reason: "Because." })).toEqual({
      tool_use_id: call.toolUseId,
      decision: verdict,
      decided_at: decidedAt,
    });
    expect(await store.findToolCall(created.conversation.id, call.toolUseId)).toMatchObject({
      state: { status: verdict },
      approval: { decision: { decision: verdict, decidedAt, reason: "Because." } },
    });
  });

  it("gives the same answer again, later, and refuses the opposite one", async () => {
    const call = await keep(aPendingCall(created.turn, LATER));
    const first = await answer(call, true);
    expect(await answer(call, true, {}, anIdentity(), NOW_MS + 120_000)).toEqual(first);
    await expect(answer(call, false)).rejects.toMatchObject({
      code: "already_decided",
      details: { decision: "approved" },
    });
  });

  it("lets one of fifty win; the others get its answer or learn what it was", async () => {
    const call = await keep(aPendingCall(created.turn, LATER));
    const answers = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => answer(call, index % 2 === 0)));
    const kept = answers.flatMap((result) => (result.status === "fulfilled" ? [result.value.decision] : []));
    expect(new Set(kept).size).toBe(1);
    expect(kept).toHaveLength(25);
    for (const result of answers) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "already_decided" });
    }
  });

  it("is refused at the very moment when the time is over", async () => {
    const call = await keep(aPendingCall(created.turn, LATER));
    const late = answer(call, true, {}, anIdentity(), Date.parse(LATER));
    await expect(late).rejects.toMatchObject({ code: "approval_expired", status: 410 });
    await expect(answer(call, true, {}, anIdentity(), Date.parse(LATER) - 1)).resolves.toBeDefined();
  });

  it.each<[string, ToolCallState, string]>([
    ["expired", finishedState("", { outcome: "expired" }), "approval_expired"],
    ["superseded", finishedState("", { outcome: "superseded" }), "approval_superseded"],
    ["cancelled", finishedState("", { outcome: "cancelled" }), "approval_superseded"],
  ])("is refused for a call that is %s", async (_title, state, code) => {
    const call = await keep({ ...aPendingCall(created.turn, LATER), state });
    await expect(answer(call, true)).rejects.toMatchObject({ code, status: 410 });
  });

  it.each<[string, (call: ToolCallRecord) => Promise<unknown>]>([
    ["another user", (call) => answer(call, true, {}, anIdentity({ owner: anOwner({ user: "eve" }) }))],
    ["another organization", (call) => answer(call, true, {}, anIdentity({ owner: anOwner({ organization: "o" }) }))],
    ["another issuer", (call) => answer(call, true, {}, anIdentity({ owner: anOwner({ issuer: "i" }) }))],
    ["another conversation", (call) => answer(call, true, { conversationId: "conv_other" })],
    ["another call", () => answer({ toolUseId: "toolu_other" }, true)],
  ])("finds nothing for %s", async (_title, act) => {
    const call = await keep(aPendingCall(created.turn, LATER));
    await expect(act(call)).rejects.toMatchObject({ code: "not_found", status: 404 });
    expect((await store.findToolCall(created.conversation.id, call.toolUseId))?.state.status).toBe("pending");
  });

  it("finds no call that nobody was asked about", async () => {
    const call = await keep(aToolCall(created.turn));
    await expect(answer(call, true)).rejects.toMatchObject({ code: "not_found" });
  });

  it("is refused when the input is not the one that was shown", async () => {
    const call = await keep(aPendingCall(created.turn, LATER));
    const other = answer(call, true, { inputSha256: "1".repeat(64) });
    await expect(other).rejects.toMatchObject({ code: "input_changed", status: 422 });
    await expect(answer(call, true, { inputSha256: call.inputSha256 })).resolves.toMatchObject({
      decision: "approved",
    });
  });

  it.each([true, false])("is refused without the tool's permission (%s)", async (approved) => {
    rules.set("members__list", { permissions: ["member:read", "member:write"], approval: "always" });
    const call = await keep(aPendingCall(created.turn, LATER));
    const reader = anIdentity({ permissions: ["member:read"] });
    await expect(answer(call, approved, {}, reader)).rejects.toMatchObject({
      code: "forbidden",
      status: 403,
      details: { permission: "member:write" },
    });
    const writer = anIdentity({ permissions: ["member:*"] });
    await expect(answer(call, approved, {}, writer)).resolves.toBeDefined();
  });

  it("is refused for a tool that the rules leave to nobody any more", async () => {
    const call = await keep(aPendingCall(created.turn, LATER));
    rules.clear();
    await expect(answer(call, true)).rejects.toMatchObject({ code: "forbidden", status: 403, details: {} });
    expect((await store.findToolCall(created.conversation.id, call.toolUseId))?.state.status).toBe("pending");
  });

  it("makes the token that it came with the turn's own", async () => {
    const call = await keep(aPendingCall(created.turn, LATER));
    const identity = anIdentity({ permissions: ["chatbot:use", "member:write"], expiresAtMs: NOW_MS + 5 });
    await answer(call, true, {}, identity);
    expect((await store.findTurn(created.turn.id))?.identity).toEqual(identity);
  });
});

describe("pendingRequest", () => {
  it("shows what is stored", () => {
    const call = aPendingCall(aNewTurn().turn, LATER, { input: { id: 3 } });
    expect(pendingRequest(call)).toEqual({
      type: "tool_request",
      tool_use_id: call.toolUseId,
      name: call.name,
      title: call.title,
      description: "Lists them",
      input: { id: 3 },
      input_sha256: call.inputSha256,
      annotations: {},
      expires_at: LATER,
      remember: ["once"],
    });
  });

  it("has nothing to show for a call that nobody was asked about", () => {
    expect(() => pendingRequest(aToolCall(aNewTurn().turn))).toThrow("nobody was asked");
  });
});
