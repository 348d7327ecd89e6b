import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Asked,
  BoundRig,
  resultOf,
  type SafeClaims,
  type SafeConfig,
  type SafeTool,
  type SafeUser,
  TOOLS,
} from "./bound-rig.ts";
import { endOf, eventsOf } from "./event-frames.ts";
import { noteFigures } from "./fault-figures.ts";
import { until } from "./until.ts";

/** One call that a person is asked about. */
interface Question {
  ref: string;
  user: SafeUser;
  turn: Asked;
  call: { conversationId: string; toolUseId: string };
}

/** What may become of a tool's definition; each change befalls a tool of its own. */
const CHANGES: Record<string, (tool: SafeTool) => SafeTool[]> = {
  close: (tool) => [{ ...tool, description: "Does something else." }],
  lock: ({ inputSchema, ...tool }) => [
    { ...tool, inputSchema: { ...inputSchema, properties: { ...inputSchema.properties, all: { type: "boolean" } } } },
  ],
  move: (tool) => [{ ...tool, annotations: { readOnlyHint: true } }],
  show: (tool) => [{ ...tool, name: "show_it" }],
  sell: () => [],
};
const CHANGED = TOOLS.flatMap((tool) => CHANGES[tool.name]?.(tool) ?? [tool]);

describe("an approval", () => {
  let rig: BoundRig;
  let nothingRan = 0;
  let ranOnce = 0;
  beforeAll(async () => {
    rig = await BoundRig.start();
  });
  afterAll(async () => {
    noteFigures("G4", { "attempts after which nothing ran": nothingRan, "unchanged calls that ran once": ranOnce });
    await rig[Symbol.asyncDispose]();
  });

  async function asked(options: { tool?: string; user?: SafeUser; id?: string } = {}): Promise<Question> {
    const { tool = "open", user = await rig.signIn(), id } = options;
    const ref = randomUUID();
    const call = { name: `safe__${tool}`, input: { ref, amount: 1 }, ...(id === undefined ? {} : { id }) };
    const turn = await user.ask([{ tool_use: [call] }, { text: "So." }]);
    return { ref, user, turn, call: callOf(turn, 0) };
  }

  /** Nothing ran, and both the user and the model know it. */
  async function ranNothing({ ref, user, turn, call }: Question, ...outcomes: string[]): Promise<void> {
    const frames = await user.finished(turn.conversationId);
    expect(rig.ranWith(ref)).toEqual([]);
    expect(outcomes).toContain(resultOf(frames, call.toolUseId)?.outcome);
    expect(rig.toldModel(call.toolUseId)?.isError).toBe(true);
    nothingRan += 1;
  }

  /** Nothing has run so far: the call still waits. It runs exactly once as soon as the right person approves it. */
  async function waitsAndRunsOnce({ ref, user, turn, call }: Question): Promise<void> {
    expect(rig.ranWith(ref)).toEqual([]);
    const { pending_approvals: pending } = await user.conversation(turn.conversationId);
    expect(pending.map(({ tool_use_id: id }) => id)).toEqual([call.toolUseId]);
    const shown = turn.requests[0]?.input_sha256 ?? "";
    expect(await user.decide(call, true, { input_sha256: shown })).toBe("200 approved");
    const frames = await user.finished(turn.conversationId);
    expect(endOf(frames)).toBe("end_turn");
    expect(rig.ranWith(ref)).toEqual([{ ref, amount: 1 }]);
    expect(resultOf(frames, call.toolUseId)?.outcome).toBe("ok");
    expect(rig.toldModel(call.toolUseId)).toEqual({ isError: false, text: "opened" });
    ranOnce += 1;
  }

  async function restart(config: SafeConfig = {}, tools: readonly SafeTool[] = TOOLS): Promise<void> {
    await rig.killServer();
    rig.defineTools(tools);
    await rig.startServer(config);
  }

  describe("of a tool", () => {
    it("that has changed while the server was away runs nothing, and one that has not runs once", async () => {
      const changed = await Promise.all(Object.keys(CHANGES).map((tool) => asked({ tool })));
      const same = await asked();
      await restart({}, CHANGED);
      for (const question of changed) {
        // The server may have noticed before, and withdrawn the question.
        expect(["200 approved", "410 approval_superseded"]).toContain(await question.user.decide(question.call, true));
        await ranNothing(question, "error", "cancelled");
      }
      await waitsAndRunsOnce(same);
      await restart();
    });

    it("that changes while the server looks on runs nothing, and one that does not runs once", async () => {
      const changed = await Promise.all(Object.keys(CHANGES).map((tool) => asked({ tool })));
      const same = await asked();
      await rig.knows(rig.defineTools(CHANGED), same.user);
      for (const question of changed) {
        await question.user.decide(question.call, true);
        await ranNothing(question, "error", "cancelled");
      }
      await waitsAndRunsOnce(same);

      // In this conversation the tool stays away; the next one has it as it is now.
      const [first] = changed;
      if (first === undefined) throw new Error("nothing was asked");
      const ref = randomUUID();
      const { conversationId } = first.turn;
      const again = await first.user.ask([{ tool_use: [{ name: "safe__close", input: { ref } }] }], { conversationId });
      expect(again.requests).toEqual([]);
      expect(eventsOf(again.frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["error"]);
      expect(rig.ranWith(ref)).toEqual([]);
      await waitsAndRunsOnce(await asked({ tool: "close", user: first.user }));
      await rig.knows(rig.defineTools(TOOLS), first.user);
    });

    it("that is gone for a while runs nothing; when it is back, it is asked about anew", async () => {
      const question = await asked({ tool: "sell" });
      await rig.knows(rig.defineTools(TOOLS.filter(({ name }) => name !== "sell")), question.user);
      // Withdrawn by itself: nobody has answered.
      await ranNothing(question, "cancelled");
      await rig.knows(rig.defineTools(TOOLS), question.user);
      expect(await question.user.decide(question.call, true)).toBe("410 approval_superseded");
      expect(rig.ranWith(question.ref)).toEqual([]);
      await waitsAndRunsOnce(await asked({ tool: "sell", user: question.user }));
    });

    it("whose server gave way to another one under its name runs nothing there", async () => {
      const question = await asked({ tool: "close" });
      await restart({ isReplaced: true }, CHANGED);
      await question.user.decide(question.call, true);
      await ranNothing(question, "error", "cancelled");
      await restart();
    });

    it("that changes without a word of its server runs nothing", async () => {
      const question = await asked({ tool: "close" });
      rig.defineTools(CHANGED, false);
      await question.user.decide(question.call, true);
      const outcome = await question.user.outcomeOf(question.call);
      await rig.knows(rig.defineTools(TOOLS), question.user);
      expect(rig.ranWith(question.ref)).toEqual([]);
      expect(["error", "cancelled"]).toContain(outcome);
      nothingRan += 1;
    });
  });

  describe("of an input", () => {
    it("that was changed where it is stored runs nothing", async () => {
      const question = await asked();
      const { toolUseId } = question.call;
      rig.tamper(
        "update tool_calls set record = json_set(record, '$.input.amount', 9) where tool_use_id = ?",
        toolUseId,
      );
      await question.user.decide(question.call, true, { input_sha256: question.turn.requests[0]?.input_sha256 ?? "" });
      await ranNothing(question, "error");
    });

    it("that was changed together with its hash is refused where the hash that was shown is named", async () => {
      const question = await asked();
      const set = "json_set(record, '$.input.amount', 9, '$.inputSha256', ?)";
      rig.tamper(
        `update tool_calls set record = ${set} where tool_use_id = ?`,
        "0".repeat(64),
        question.call.toolUseId,
      );
      const shown = question.turn.requests[0]?.input_sha256 ?? "";
      expect(await question.user.decide(question.call, true, { input_sha256: shown })).toBe("422 input_changed");
      expect(rig.ranWith(question.ref)).toEqual([]);
      nothingRan += 1;
    });
  });

  describe("by somebody", () => {
    it("whose token lacks the tool's permission is refused", async () => {
      const question = await asked();
      const weak = await rig.signIn({ ...question.user.same, permissions: ["chatbot:use", "safe:close"] });
      expect(await weak.decide(question.call, true)).toBe("403 forbidden");
      nothingRan += 1;
      await waitsAndRunsOnce(question);
    });

    it("whose role has lost the permission, or whose tool needs another one by now, is refused", async () => {
      const keeper = await asked({ user: await rig.signIn({ roles: ["keeper"] }) });
      const member = await asked({ tool: "close" });
      await restart({ keeper: ["chatbot:use"], closeNeeds: ["safe:close", "safe:master"] });
      for (const { user, call } of [keeper, member]) expect(await user.decide(call, true)).toBe("403 forbidden");
      nothingRan += 2;
      await restart();
      for (const question of [keeper, member]) await waitsAndRunsOnce(question);
    });

    it.each<[string, (owner: SafeUser["same"]) => SafeClaims]>([
      ["else of the same organization", ({ organization }) => ({ organization })],
      ["of the same name in another organization", ({ user }) => ({ user })],
      ["of the same name and organization of another issuer", (same) => ({ ...same, otherIssuer: true })],
    ])("%s finds nothing", async (_, claimsOf) => {
      const question = await asked();
      const stranger = await rig.signIn(claimsOf(question.user.same));
      for (const approved of [true, false]) {
        expect(await stranger.decide(question.call, approved)).toBe("404 not_found");
      }
      nothingRan += 1;
      await waitsAndRunsOnce(question);
    });
  });

  describe("that has to wait for another turn of the user", () => {
    /** A call that is approved, and the turn that keeps it from running. */
    async function approvedAndWaiting(
      claims: SafeClaims,
    ): Promise<Question & { other: Question["call"]; busy: Asked }> {
      const user = await rig.signIn(claims);
      const ref = randomUUID();
      const turn = await user.ask([
        {
          tool_use: [
            { name: "safe__open", input: { ref, amount: 1 } },
            { name: "safe__close", input: { ref: `${ref} close` } },
          ],
        },
        { text: "So." },
      ]);
      const busyRef = `${ref} busy`;
      const busy = await user.ask([{ tool_use: [{ name: "safe__wait", input: { ref: busyRef } }] }], {
        isEnough: ({ data }) => data.type === "status_update" && data.state === "tool_running",
      });
      await until(() => rig.ranWith(busyRef).length > 0);
      const call = callOf(turn, 0);
      expect(await user.decide(call, true)).toBe("200 approved");
      expect(rig.ranWith(ref)).toEqual([]);
      return { user, ref, turn, call, other: callOf(turn, 1), busy };
    }

    async function stopWaiting({ user, busy }: { user: SafeUser; busy: Asked }): Promise<void> {
      const { status } = await user.request("POST", "/cancel", { conversation_id: busy.conversationId });
      expect(status).toBe(202);
    }

    it("runs once afterwards", async () => {
      const question = await approvedAndWaiting({});
      await stopWaiting(question);
      await until(() => rig.ranWith(question.ref).length > 0);
      expect(await question.user.decide(question.other, false)).toBe("200 denied");
      const frames = await question.user.finished(question.turn.conversationId);
      expect(resultOf(frames, question.call.toolUseId)?.outcome).toBe("ok");
      expect(rig.ranWith(question.ref)).toHaveLength(1);
      ranOnce += 1;
    });

    it("runs nothing when a newer token has lost the permission", async () => {
      const question = await approvedAndWaiting({});
      const weak = await rig.signIn({ ...question.user.same, permissions: ["chatbot:use", "safe:close"] });
      expect(await weak.decide(question.other, false)).toBe("200 denied");
      await stopWaiting(question);
      await ranNothing(question, "error");
    });

    it("runs nothing when the role has lost the permission before it could", async () => {
      const question = await approvedAndWaiting({ roles: ["keeper"] });
      await restart({ keeper: ["chatbot:use", "safe:close"] });
      await stopWaiting(question);
      const outcome = await question.user.outcomeOf(question.call);
      const runs = rig.ranWith(question.ref);
      await restart();
      expect(runs).toEqual([]);
      expect(outcome).toBe("error");
      nothingRan += 1;
    });
  });

  describe("sent again", () => {
    it("for a call of the same id and input in another conversation runs nothing there", async () => {
      const user = await rig.signIn();
      const id = `toolu_${randomUUID()}`;
      const [first, second] = [await asked({ user, id }), await asked({ user, id })];
      expect(second.call.toolUseId).toBe(first.call.toolUseId);
      await waitsAndRunsOnce(first);
      expect(await user.decide(first.call, true)).toBe("200 approved");
      await waitsAndRunsOnce(second);
      const third = await asked({ user });
      expect(await user.decide({ ...third.call, toolUseId: id }, true)).toBe("404 not_found");
      await waitsAndRunsOnce(third);
    });

    it("after the turn has ended runs nothing more", async () => {
      const question = await asked();
      await waitsAndRunsOnce(question);
      expect(await question.user.decide(question.call, true)).toBe("200 approved");
      expect(await question.user.decide(question.call, false)).toBe("409 already_decided");
      expect((await question.user.conversation(question.turn.conversationId)).active_turn).toBeNull();
      expect(rig.ranWith(question.ref)).toHaveLength(1);
    });

    it("after a denial runs nothing", async () => {
      const question = await asked();
      expect(await question.user.decide(question.call, false)).toBe("200 denied");
      await ranNothing(question, "denied");
      expect(await question.user.decide(question.call, true)).toBe("409 already_decided");
      expect(rig.ranWith(question.ref)).toEqual([]);
    });

    it("after a new message runs nothing", async () => {
      const question = await asked();
      const { user, call, turn } = question;
      await user.ask([{ text: "Never mind." }], { conversationId: turn.conversationId });
      expect(await user.decide(call, true)).toBe("410 approval_superseded");
      await ranNothing(question, "superseded");
    });

    it("after the turn was cancelled runs nothing", async () => {
      const question = await asked();
      const { user, call, turn } = question;
      await user.request("POST", "/cancel", { conversation_id: turn.conversationId });
      expect(await user.decide(call, true)).toBe("410 approval_superseded");
      // The model is told with the next message.
      await user.ask([{ text: "Well." }], { conversationId: turn.conversationId });
      await ranNothing(question, "cancelled");
    });

    it("after its time is over runs nothing", async () => {
      await using hasty = await BoundRig.start({ CHATBOT_APPROVAL_TTL_SECONDS: "5" });
      const user = await hasty.signIn();
      const ref = randomUUID();
      const turn = await user.ask([{ tool_use: [{ name: "safe__open", input: { ref } }] }, { text: "So." }]);
      const call = callOf(turn, 0);
      const frames = await user.finished(turn.conversationId);
      expect(resultOf(frames, call.toolUseId)?.outcome).toBe("expired");
      expect(await user.decide(call, true)).toBe("410 approval_expired");
      expect(hasty.ranWith(ref)).toEqual([]);
      expect(hasty.toldModel(call.toolUseId)?.isError).toBe(true);
      nothingRan += 1;
    });
  });

  describe("of one call", () => {
    it("is none of an identical one beside it", async () => {
      const user = await rig.signIn();
      const ref = randomUUID();
      const call = { name: "safe__open", input: { ref, amount: 1 } };
      const turn = await user.ask([{ tool_use: [call, call] }, { text: "So." }]);
      const [first, second] = [callOf(turn, 0), callOf(turn, 1)];
      expect(await user.decide(first, true)).toBe("200 approved");
      await until(() => rig.ranWith(ref).length > 0);
      await until(
        async () => (await user.conversation(turn.conversationId)).active_turn?.state === "awaiting_approval",
      );
      const { pending_approvals: pending } = await user.conversation(turn.conversationId);
      expect(pending.map(({ tool_use_id: id }) => id)).toEqual([second.toolUseId]);
      expect(await user.decide(second, false)).toBe("200 denied");
      const frames = await user.finished(turn.conversationId);
      expect([first, second].map(({ toolUseId }) => resultOf(frames, toolUseId)?.outcome)).toEqual(["ok", "denied"]);
      expect(rig.ranWith(ref)).toHaveLength(1);
    });

    it("is asked for eight times at once at the most", async () => {
      const user = await rig.signIn();
      const ref = randomUUID();
      const calls = Array.from({ length: 9 }, (_, amount) => ({ name: "safe__open", input: { ref, amount } }));
      const turn = await user.ask([{ tool_use: calls }, { text: "So." }]);
      expect(turn.requests).toHaveLength(8);
      expect(eventsOf(turn.frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["error"]);
      for (const request of turn.requests) {
        await user.decide({ ...turn, toolUseId: request.tool_use_id }, false);
      }
      await user.finished(turn.conversationId);
      expect(rig.ranWith(ref)).toEqual([]);
    });

    it("is not asked for again in the turn in which it was denied", async () => {
      const user = await rig.signIn();
      const ref = randomUUID();
      const step = { tool_use: [{ name: "safe__open", input: { ref, amount: 1 } }] };
      const turn = await user.ask([step, step, { text: "So." }]);
      expect(await user.decide(callOf(turn, 0), false)).toBe("200 denied");
      const frames = await user.finished(turn.conversationId);
      expect(eventsOf(frames, "tool_request")).toHaveLength(1);
      expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["denied", "denied"]);
      expect(rig.ranWith(ref)).toEqual([]);
    });
  });
});

function callOf({ conversationId, requests }: Asked, index: number): Question["call"] {
  const request = requests[index];
  if (request === undefined) throw new Error("nobody was asked");
  return { conversationId, toolUseId: request.tool_use_id };
}
