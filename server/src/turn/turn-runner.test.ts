import type { ServerEvent, TurnEndReason } from "@chat-bot/widget/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Engine, type EngineOptions, type ModelCallBody } from "../../test/engine.ts";
import { aTool, text } from "../../test/handmade-tools.ts";
import { anOwner } from "../../test/records.ts";
import type { TurnRecord } from "../store/turn-record.ts";
import { CallLost } from "../tools/call-lost.ts";

const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
});

async function start(options: EngineOptions = {}): Promise<Engine> {
  const engine = await Engine.start(options);
  engines.push(engine);
  return engine;
}

const WRITE = { name: "notes__write", input: { path: "a.txt" }, id: "toolu_write" };
const READ = { name: "notes__read", input: { path: "b.txt" }, id: "toolu_read" };

function texts(events: readonly ServerEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}

function outcomes(events: readonly ServerEvent[]): Record<string, string> {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === "tool_result" ? [[event.tool_use_id, event.outcome]] : [])),
  );
}

function results(prompt: ModelCallBody | undefined): unknown[] {
  return prompt?.messages.at(-1)?.content.filter(({ type }) => type === "tool_result") ?? [];
}

function states(events: readonly ServerEvent[]): string[] {
  return events.flatMap((event) => (event.type === "status_update" ? [event.state] : []));
}

describe("a turn", () => {
  it("streams a plain answer, keeps it and counts it", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "Hello 😀 wörld", chunks: 5 });
    expect(await engine.done(turn)).toBe("end_turn");
    const events = await engine.eventsOf(turn);
    expect(texts(events)).toBe("Hello 😀 wörld");
    expect(events.map(({ type }) => type)).toEqual([
      "session_created",
      "status_update",
      "status_update",
      "text",
      "usage",
      "done",
    ]);
    const loaded = await engine.store.loadTurn(turn.id);
    expect(loaded?.messages.map(({ role, stopped }) => [role, stopped])).toEqual([
      ["user", false],
      ["assistant", false],
    ]);
    const usage = events.find((event) => event.type === "usage");
    const { user } = await engine.budget.usage(engine.identity.owner);
    expect(usage).toMatchObject({ step: 1 });
    expect(usage?.estimated).toBeUndefined();
    expect(usage?.remaining.user).toBe(user.limit - user.used);
    expect(user.used).toBeGreaterThan(0);
  });

  it("goes on with what was said before", async () => {
    const engine = await start();
    const first = await engine.script({ text: "One." });
    await engine.done(first);
    const second = await engine.script({ text: "Two." }, { conversationId: first.conversationId });
    expect(await engine.done(second)).toBe("end_turn");
    expect(engine.prompts[1]?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    const types = (await engine.eventsOf(second)).map(({ type }) => type);
    expect(types).not.toContain("session_created");
  });

  it("runs the calls of a step side by side and asks the model again with all results", async () => {
    const engine = await start();
    const slow = { name: "notes__wait", id: "toolu_slow" };
    const turn = await engine.script([{ text: "Let me see.", tool_use: [slow, READ] }, { text: "Done." }]);
    const held = await engine.tools.nextHeld();
    await engine.event(turn, "tool_result", (event) => event.tool_use_id === READ.id);
    held.answer(text("slowly"));
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_read: "ok", toolu_slow: "ok" });
    expect(results(engine.prompts[1])).toMatchObject([{ tool_use_id: "toolu_slow" }, { tool_use_id: "toolu_read" }]);
  });

  it("shows a tool's live output, byte by byte in its place", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__show", id: "toolu_show" }] }, { text: "Done." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    const chunks = (await engine.eventsOf(turn)).filter((event) => event.type === "tool_chunk");
    const joined = (path?: string): string =>
      chunks
        .filter((event) => event.path === path && event.channel !== "progress")
        .map(({ chunk }) => chunk)
        .join("");
    expect([joined(), joined("a.txt"), joined("b.txt")]).toEqual(["one 😀 two three", "äöü!", "b"]);
    expect(chunks.at(-1)).toMatchObject({ channel: "progress", progress: 1, total: 2 });
  });

  it("shows a tool's input while it is written, where the operator wants it", async () => {
    const engine = await start();
    const call = { name: "notes__typing", input: { content: "grüße 😀".repeat(50) }, id: "toolu_typing" };
    const turn = await engine.script([{ tool_use: [call], chunks: 40 }, { text: "Done." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    const chunks = (await engine.eventsOf(turn)).flatMap((event) =>
      event.type === "tool_chunk" && event.channel === "input" ? [event.chunk] : [],
    );
    expect(JSON.parse(chunks.join(""))).toEqual(call.input);
  });

  it("returns thinking to the model as it was, and shows none of it", async () => {
    const engine = await start();
    const turn = await engine.script([{ thinking: "Hm, hm.", tool_use: [READ] }, { text: "Done." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    const shown = (await engine.eventsOf(turn)).filter(({ type }) => type === "text" || type === "tool_chunk");
    expect(JSON.stringify(shown)).not.toContain("Hm, hm.");
    expect(engine.prompts[1]?.messages[1]?.content[0]).toMatchObject({ type: "thinking", thinking: "Hm, hm." });
  });

  it("offers no tool that the user may not run, and does not run it when the model asks all the same", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__secret", id: "toolu_1" }] }, { text: "Done." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.prompts[0]?.tools?.map(({ name }) => name)).not.toContain("notes__secret");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_1: "error" });
    expect(results(engine.prompts[1])).toMatchObject([{ is_error: true }]);
  });
});

describe("a call that fails", () => {
  it.each<[string, object, string, RegExp]>([
    ["a tool that does not exist", { name: "nowhere__nothing" }, "error", /no such tool/],
    ["input that the tool refuses", { name: "notes__write", input: { path: 3 } }, "error", /path: must be a string/],
    ["input that is no JSON", { name: "notes__read", json: '{"path": "a' }, "error", /not a JSON object/],
    ["input that is no object", { name: "notes__read", json: "[1]" }, "error", /not a JSON object/],
    ["a tool that answers an error", { name: "notes__fail" }, "error", /disk is full/],
    ["a tool that breaks off", { name: "notes__throw" }, "error", /may or may not have taken effect/],
    ["a tool that was lost on the way", { name: "notes__lose" }, "unknown", /may or may not have taken effect/],
    ["a name that cannot be sent back", { name: "böse namen!" }, "error", /no such tool/],
  ])("%s: becomes a result that the model reads", async (_title, call, outcome, words) => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ ...call, id: "toolu_1" }] }, { text: "I see." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    const events = await engine.eventsOf(turn);
    expect(outcomes(events)).toEqual({ toolu_1: outcome });
    const [result] = results(engine.prompts[1]);
    expect(result).toMatchObject({ tool_use_id: "toolu_1", is_error: true });
    expect(JSON.stringify(result)).toMatch(words);
    expect(JSON.stringify(events)).not.toContain("/etc/passwd");
    expect(texts(events)).toBe("I see.");
  });

  it("does not keep the calls beside it from running", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__throw", id: "toolu_1" }, READ] }, { text: "Ok." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_1: "error", toolu_read: "ok" });
  });

  it("gives an id of its own to a call whose id was used before", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [READ, READ] }, { tool_use: [READ] }, { text: "Ok." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(Object.values(outcomes(await engine.eventsOf(turn)))).toEqual(["ok", "ok", "ok"]);
  });

  it("is not made more than three times with the same input", async () => {
    const engine = await start();
    const again = { tool_use: [{ name: "notes__read", input: { path: "x" } }] };
    const turn = await engine.script([again, again, again, again, { text: "Ok." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(Object.values(outcomes(await engine.eventsOf(turn)))).toEqual(["ok", "ok", "ok", "error"]);
  });

  it("is the thirty-third of a turn, not the thirty-two before it", async () => {
    const engine = await start();
    const calls = Array.from({ length: 34 }, (_, index) => ({ name: "notes__read", input: { path: String(index) } }));
    const turn = await engine.script([{ tool_use: calls }, { text: "Ok." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    const counts = Object.values(outcomes(await engine.eventsOf(turn)));
    expect([counts.filter((outcome) => outcome === "ok"), counts.filter((outcome) => outcome === "error")]).toEqual([
      Array.from({ length: 32 }, () => "ok"),
      ["error", "error"],
    ]);
  });

  it("is the ninth that waits for approval", async () => {
    const engine = await start();
    const calls = Array.from({ length: 10 }, (_, index) => ({ name: "notes__write", input: { path: String(index) } }));
    const turn = await engine.script([{ tool_use: calls }, { text: "Ok." }]);
    await engine.parked(turn);
    const events = await engine.eventsOf(turn);
    expect(events.filter(({ type }) => type === "tool_request")).toHaveLength(8);
    expect(Object.values(outcomes(events))).toEqual(["error", "error"]);
  });
});

describe("a call whose connection breaks", () => {
  it.each([
    ["is tried once more when it may be run twice", true, 1, "ok", 2],
    ["is not tried for ever", true, 9, "unknown", 2],
    ["is not tried again when it may not be run twice", false, 1, "unknown", 1],
  ])("%s", async (_title, repeatable, breaks, outcome, runs) => {
    const engine = await start();
    const keys: string[] = [];
    engine.tools.replace(
      "notes__lose",
      aTool("notes__lose", {
        repeatable,
        run: (_input, { idempotencyKey }) => {
          keys.push(idempotencyKey);
          return keys.length > breaks ? Promise.resolve(text("found")) : Promise.reject(new CallLost("gone"));
        },
      }),
    );
    const turn = await engine.script([{ tool_use: [{ name: "notes__lose", id: "toolu_lose" }] }, { text: "Ok." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_lose: outcome });
    expect(keys).toHaveLength(runs);
    expect(new Set(keys).size).toBe(1);
  });
});

describe("a call that needs approval", () => {
  async function ask(engine: Engine): Promise<TurnRecord> {
    const turn = await engine.script([{ text: "May I?", tool_use: [WRITE, READ] }, { text: "So be it." }]);
    await engine.parked(turn);
    return turn;
  }

  it("is asked about while the others run, and then holds nothing", async () => {
    const engine = await start();
    const turn = await ask(engine);
    const events = await engine.eventsOf(turn);
    expect(outcomes(events)).toEqual({ toolu_read: "ok" });
    expect(events.find(({ type }) => type === "tool_request")).toMatchObject({
      tool_use_id: "toolu_write",
      input: { path: "a.txt" },
    });
    await engine.check(turn.conversationId, { parked: [turn.id] });
    expect(await engine.store.findRunningTurn(engine.identity.owner)).toBeNull();
    expect(engine.tools.written).toEqual([]);
  });

  it("runs once when it is approved", async () => {
    const engine = await start();
    const turn = await ask(engine);
    await engine.decide(turn, "toolu_write", true);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toEqual([{ path: "a.txt" }]);
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_read: "ok", toolu_write: "ok" });
    expect(results(engine.prompts[1])).toHaveLength(2);
  });

  it.each([
    ["denied", false, 1],
    ["approved, and once more when it is about to run", true, 2],
  ])("is read once when it is %s", async (_title, approved, reads) => {
    const engine = await start();
    const turn = await ask(engine);
    const findTurn = vi.spyOn(engine.store, "findTurn");
    const loadTurn = vi.spyOn(engine.store, "loadTurn");
    await engine.decide(turn, "toolu_write", approved);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(loadTurn).toHaveBeenCalledTimes(reads);
    const [loaded = 0] = loadTurn.mock.invocationCallOrder;
    expect(findTurn.mock.invocationCallOrder.filter((found) => found < loaded)).toHaveLength(1);
  });

  it("goes by a newer decision's token also when its tool server is slow to answer", async () => {
    const engine = await start();
    const other = { ...READ, id: "toolu_other" };
    engine.tools.replace(WRITE.name, aTool(WRITE.name, { rule: { permissions: ["notes:write"], approval: "always" } }));
    engine.tools.replace(READ.name, aTool(READ.name, { rule: { permissions: [], approval: "always" } }));
    const mighty = { ...engine.identity, permissions: ["chatbot:use", "notes:write"] };
    const turn = await engine.script([{ tool_use: [WRITE, other] }, { text: "Ok." }], { identity: mighty });
    await engine.parked(turn);
    const { list } = engine.tools;
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    engine.tools.list = async (askAnew?: string) => {
      if (askAnew !== undefined) {
        asked.resolve();
        await answered.promise;
      }
      return list();
    };
    await engine.decide(turn, WRITE.id, true, mighty);
    await asked.promise;
    await engine.decide(turn, other.id, true);
    answered.resolve();
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_write: "error", toolu_other: "ok" });
  });

  it("runs once when fifty people answer at the same time", async () => {
    const engine = await start();
    const turn = await ask(engine);
    await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => engine.decide(turn, "toolu_write", index % 2 === 0)),
    );
    expect(await engine.done(turn)).toBe("end_turn");
    const { toolu_write: outcome } = outcomes(await engine.eventsOf(turn));
    expect(engine.tools.written).toHaveLength(outcome === "ok" ? 1 : 0);
  });

  it("does not run when it is denied; the model is told, with the reason", async () => {
    const engine = await start();
    const turn = await ask(engine);
    await engine.decide(turn, "toolu_write", false);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toEqual([]);
    expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "denied" });
    expect(JSON.stringify(results(engine.prompts[1])[0])).toContain("No.");
  });

  it("is denied without asking again in the same turn", async () => {
    const engine = await start();
    const again = { ...WRITE, id: "toolu_again" };
    const turn = await engine.script([{ tool_use: [WRITE] }, { tool_use: [again] }, { text: "Fine." }]);
    await engine.parked(turn);
    await engine.decide(turn, "toolu_write", false);
    expect(await engine.done(turn)).toBe("end_turn");
    const events = await engine.eventsOf(turn);
    expect(outcomes(events)).toEqual({ toolu_write: "denied", toolu_again: "denied" });
    expect(events.filter(({ type }) => type === "tool_request")).toHaveLength(1);
  });

  it("expires when nobody answers", async () => {
    const engine = await start();
    const turn = await ask(engine);
    engine.advance(900_000);
    engine.replica.runner.continue(turn.id);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "expired" });
    expect(engine.tools.written).toEqual([]);
  });

  it("expires by itself, without anybody asking", async () => {
    const engine = await start();
    const turn = await ask(engine);
    engine.advance(900_000);
    expect(await engine.done(turn)).toBe("end_turn");
  });

  it("is superseded by a new message, and the model is told so", async () => {
    const engine = await start();
    const turn = await ask(engine);
    const second = await engine.script({ text: "Never mind." }, { conversationId: turn.conversationId });
    expect(await engine.done(second)).toBe("end_turn");
    expect(await engine.done(turn)).toBe("superseded");
    expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "superseded" });
    const log = await engine.log(turn.conversationId);
    const ended = log.findIndex(({ type, turnId }) => type === "done" && turnId === turn.id);
    expect(log.findIndex(({ turnId }) => turnId === second.id)).toBe(ended + 1);
    expect(JSON.stringify(engine.prompts.at(-1)?.messages)).toContain("wrote a new message instead of deciding");
    await expect(engine.decide(turn, "toolu_write", true)).rejects.toMatchObject({ code: "approval_superseded" });
    expect(engine.tools.written).toEqual([]);
  });

  it("sends the same bytes again in the step after it was superseded", async () => {
    const engine = await start();
    const turn = await ask(engine);
    const { conversationId } = turn;
    const second = await engine.script([{ tool_use: [{ name: "notes__read" }] }, { text: "Ok." }], { conversationId });
    expect(await engine.done(second)).toBe("end_turn");
    const [first, last] = engine.prompts.slice(-2).map(({ messages }) => JSON.stringify(messages.slice(0, 3)));
    expect(last?.replaceAll(',"cache_control":{"type":"ephemeral"}', "")).toBe(
      first?.replaceAll(',"cache_control":{"type":"ephemeral"}', ""),
    );
  });

  it("is cancelled with its turn", async () => {
    const engine = await start();
    const turn = await ask(engine);
    await engine.cancel(turn);
    expect(await engine.done(turn)).toBe("cancelled");
    expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "cancelled" });
    await expect(engine.decide(turn, "toolu_write", true)).rejects.toMatchObject({ code: "approval_superseded" });
  });

  it("goes on one by one: the model is asked when the last has its outcome", async () => {
    const engine = await start();
    const other = { ...WRITE, input: { path: "c.txt" }, id: "toolu_other" };
    const turn = await engine.script([{ tool_use: [WRITE, other] }, { text: "Ok." }]);
    await engine.parked(turn);
    await engine.decide(turn, "toolu_other", true);
    await engine.event(turn, "tool_result", (event) => event.tool_use_id === "toolu_other");
    expect(engine.prompts).toHaveLength(1);
    await engine.decide(turn, "toolu_write", false);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_other: "ok", toolu_write: "denied" });
  });

  it("runs as soon as it is approved, while another tool of its step still runs", async () => {
    const engine = await start();
    const turn = await engine.script([
      { tool_use: [WRITE, { name: "notes__wait", id: "toolu_wait" }] },
      { text: "Ok." },
    ]);
    const held = await engine.tools.nextHeld();
    await engine.event(turn, "tool_request");
    await engine.decide(turn, "toolu_write", true);
    await engine.event(turn, "tool_result", ({ tool_use_id }) => tool_use_id === "toolu_write");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_write: "ok" });
    expect(engine.tools.written).toHaveLength(1);
    held.answer(text("waited"));
    expect(await engine.done(turn)).toBe("end_turn");
    expect(states(await engine.eventsOf(turn))).not.toContain("awaiting_approval");
    expect(results(engine.prompts.at(-1))).toHaveLength(2);
  });

  it("is denied at once, while another tool of its step still runs", async () => {
    const engine = await start();
    const turn = await engine.script([
      { tool_use: [WRITE, { name: "notes__wait", id: "toolu_wait" }] },
      { text: "Ok." },
    ]);
    const held = await engine.tools.nextHeld();
    await engine.event(turn, "tool_request");
    await engine.decide(turn, "toolu_write", false);
    await engine.event(turn, "tool_result", ({ outcome }) => outcome === "denied");
    held.answer(text("waited"));
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toEqual([]);
  });

  it("waits for another tool of its step that still runs, then goes on", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait" }, WRITE] }, { text: "Ok." }]);
    const held = await engine.tools.nextHeld();
    await engine.event(turn, "tool_request");
    await engine.decide(turn, "toolu_write", true);
    held.answer(text("at last"));
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toHaveLength(1);
  });

  it.each<[string, (engine: Engine) => void]>([
    [
      "was changed after it was shown",
      (engine) => {
        const changed = aTool("notes__write", {
          fingerprint: "another",
          rule: { permissions: [], approval: "always" },
        });
        engine.tools.replace("notes__write", changed);
      },
    ],
    ["is gone", (engine) => engine.tools.replace("notes__write", null)],
  ])("does not run when its tool %s", async (_title, change) => {
    const engine = await start();
    const turn = await ask(engine);
    change(engine);
    await engine.decide(turn, "toolu_write", true);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toEqual([]);
    expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "error" });
  });

  it("does not run later either, when its tool is back as it was", async () => {
    const engine = await start();
    const turn = await ask(engine);
    const write = (await engine.tools.list()).find(({ name }) => name === WRITE.name) ?? null;
    engine.tools.replace(WRITE.name, aTool(WRITE.name, { fingerprint: "another" }));
    await engine.decide(turn, WRITE.id, true);
    expect(await engine.done(turn)).toBe("end_turn");
    engine.tools.replace(WRITE.name, write);
    engine.tools.announce(WRITE.name);
    await engine.decide(turn, WRITE.id, true);
    expect(await engine.done(await engine.send("Hello", turn))).toBe("end_turn");
    expect(engine.tools.written).toEqual([]);
  });

  describe("whose tool is known to have changed", () => {
    const change = (engine: Engine, fingerprint: string): void => {
      engine.tools.replace(
        WRITE.name,
        aTool(WRITE.name, { fingerprint, rule: { permissions: [], approval: "always" } }),
      );
      engine.tools.announce(WRITE.name);
    };
    const vanish = (engine: Engine): void => {
      engine.tools.replace(WRITE.name, null);
      engine.tools.announce(WRITE.name);
    };
    const asItWas = async (engine: Engine): Promise<() => void> => {
      const write = (await engine.tools.list()).find(({ name }) => name === WRITE.name) ?? null;
      return () => {
        engine.tools.replace(WRITE.name, write);
        engine.tools.announce(WRITE.name);
      };
    };
    type Change = (engine: Engine, back: () => void) => void;
    const CHANGES: [title: string, change: Change][] = [
      ["that is another one", (engine) => change(engine, "another")],
      ["that is gone", vanish],
      [
        "that was another one for a moment",
        (engine, back) => {
          change(engine, "another");
          back();
        },
      ],
      [
        "that was gone for a moment",
        (engine, back) => {
          vanish(engine);
          back();
        },
      ],
    ];

    it.each(CHANGES)("is withdrawn for a tool %s, and the model goes on without it", async (_title, act) => {
      const engine = await start();
      const turn = await ask(engine);
      act(engine, await asItWas(engine));
      expect(await engine.done(turn)).toBe("end_turn");
      expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "cancelled" });
      expect(JSON.stringify(engine.prompts.at(-1)?.messages)).toContain("The tool has changed");
      await expect(engine.decide(turn, "toolu_write", true)).rejects.toMatchObject({ code: "approval_superseded" });
      expect(engine.tools.written).toEqual([]);
    });

    it.each(CHANGES)("is withdrawn for a tool %s while another of its step runs", async (_title, act) => {
      const engine = await start();
      const back = await asItWas(engine);
      const turn = await engine.script([{ tool_use: [{ name: "notes__wait" }, WRITE] }, { text: "Ok." }]);
      const held = await engine.tools.nextHeld();
      await engine.event(turn, "tool_request");
      act(engine, back);
      await engine.event(turn, "tool_result", ({ outcome }) => outcome === "cancelled");
      held.answer(text("waited"));
      expect(await engine.done(turn)).toBe("end_turn");
      expect(engine.tools.written).toEqual([]);
    });

    it("is withdrawn alone: other questions stay", async () => {
      const engine = await start();
      const other = { id: "toolu_other", name: "notes__read", input: { path: "b.txt" } };
      engine.tools.replace(other.name, aTool(other.name, { rule: { permissions: [], approval: "always" } }));
      const turn = await engine.script([{ tool_use: [WRITE, other] }, { text: "Ok." }]);
      await engine.parked(turn);
      change(engine, "another");
      await engine.event(turn, "tool_result");
      await engine.decide(turn, other.id, true);
      expect(await engine.done(turn)).toBe("end_turn");
      expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_write: "cancelled", toolu_other: "ok" });
    });

    it("is asked anew when the model calls the tool again that is back as it was", async () => {
      const engine = await start();
      const back = await asItWas(engine);
      const again = { ...WRITE, id: "toolu_again" };
      const steps = [{ tool_use: [WRITE] }, { tool_use: [again] }, { text: "Ok." }];
      const turn = await engine.script(steps);
      await engine.parked(turn);
      vanish(engine);
      back();
      await engine.event(turn, "tool_request", ({ tool_use_id }) => tool_use_id === again.id);
      await engine.decide(turn, again.id, true);
      expect(await engine.done(turn)).toBe("end_turn");
      expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_write: "cancelled", toolu_again: "ok" });
      expect(engine.tools.written).toHaveLength(1);
    });

    it("stays when it is another server's tools that are not what they were", async () => {
      const engine = await start();
      const turn = await ask(engine);
      engine.tools.announce("other__write");
      await engine.decide(turn, WRITE.id, true);
      expect(await engine.done(turn)).toBe("end_turn");
      expect(engine.tools.written).toHaveLength(1);
    });

    it("stays when it has not changed after all", async () => {
      const engine = await start();
      const turn = await ask(engine);
      engine.tools.announce(WRITE.name);
      await engine.decide(turn, "toolu_write", true);
      expect(await engine.done(turn)).toBe("end_turn");
      expect(engine.tools.written).toHaveLength(1);
    });
  });

  it("can be decided after the token that asked for it has expired: the newer one counts", async () => {
    const engine = await start();
    const soon = { ...engine.identity, expiresAtMs: engine.now() + 60_000 };
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }], { identity: soon });
    await engine.parked(turn);
    engine.advance(120_000);
    await engine.decide(turn, "toolu_write", true);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toHaveLength(1);
  });
});

describe("a call that was approved for the rest of the conversation", () => {
  const AGAIN = { ...WRITE, id: "toolu_again", input: { path: "b.txt" } };
  const remembering = { rule: { permissions: [], approval: "always", remember: true } } as const;

  async function startRemembering(): Promise<Engine> {
    const engine = await start();
    const write = (await engine.tools.list()).find(({ name }) => name === "notes__write");
    if (write !== undefined) engine.tools.replace("notes__write", { ...write, ...remembering });
    return engine;
  }

  async function approveFirst(engine: Engine): Promise<TurnRecord> {
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    expect((await engine.event(turn, "tool_request")).remember).toEqual(["once", "conversation"]);
    await engine.parked(turn);
    await engine.decide(turn, "toolu_write", true, engine.identity, true);
    expect(await engine.done(turn)).toBe("end_turn");
    return turn;
  }

  it("is not asked about again, and runs", async () => {
    const engine = await startRemembering();
    const { conversationId } = await approveFirst(engine);
    const turn = await engine.script([{ tool_use: [AGAIN] }, { text: "Ok." }], { conversationId });
    expect(await engine.done(turn)).toBe("end_turn");
    expect((await engine.eventsOf(turn)).some(({ type }) => type === "tool_request")).toBe(false);
    expect(engine.tools.written).toEqual([WRITE.input, AGAIN.input]);
  });

  it("is asked about in another conversation", async () => {
    const engine = await startRemembering();
    await approveFirst(engine);
    const turn = await engine.script([{ tool_use: [AGAIN] }, { text: "Ok." }]);
    await engine.parked(turn);
    expect(engine.tools.written).toEqual([WRITE.input]);
  });

  it("is asked about again when that was taken back, also in the middle of a turn", async () => {
    const engine = await startRemembering();
    const { conversationId } = await approveFirst(engine);
    const turn = await engine.script(
      [{ tool_use: [{ name: "notes__wait" }] }, { tool_use: [AGAIN] }, { text: "Ok." }],
      {
        conversationId,
      },
    );
    const held = await engine.tools.nextHeld();
    expect(await engine.store.forgetApproval(conversationId, "notes__write")).toBe(true);
    held.answer(text("waited"));
    await engine.parked(turn);
    expect(engine.tools.written).toEqual([WRITE.input]);
  });

  it("still needs the permission", async () => {
    const engine = await startRemembering();
    const { conversationId } = await approveFirst(engine);
    const write = (await engine.tools.list()).find(({ name }) => name === "notes__write");
    const rule = { ...remembering.rule, permissions: ["notes:write"] };
    if (write !== undefined) engine.tools.replace("notes__write", { ...write, rule });
    const turn = await engine.script([{ tool_use: [AGAIN] }, { text: "Ok." }], { conversationId });
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_again: "error" });
    expect(engine.tools.written).toEqual([WRITE.input]);
  });

  it("is not offered for a tool that says it destroys, and cannot be had by asking", async () => {
    const engine = await startRemembering();
    const write = (await engine.tools.list()).find(({ name }) => name === "notes__write");
    if (write !== undefined) engine.tools.replace("notes__write", { ...write, annotations: { destructiveHint: true } });
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    expect((await engine.event(turn, "tool_request")).remember).toEqual(["once"]);
    await engine.parked(turn);
    await expect(engine.decide(turn, "toolu_write", true, engine.identity, true)).rejects.toMatchObject({
      code: "invalid_payload",
    });
    expect(await engine.store.listRememberedApprovals(turn.conversationId)).toEqual([]);
  });

  it("cannot be said with a denial", async () => {
    const engine = await startRemembering();
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    await expect(engine.decide(turn, "toolu_write", false, engine.identity, true)).rejects.toMatchObject({
      code: "invalid_payload",
    });
  });
});

describe("a token that expires in mid-turn", () => {
  it("runs no call that was approved with it", async () => {
    const engine = await start();
    const soon = { ...engine.identity, expiresAtMs: engine.now() + 60_000 };
    const steps = [{ tool_use: [{ name: "notes__wait" }, WRITE] }, { text: "Ok." }];
    const turn = await engine.script(steps, { identity: soon });
    const held = await engine.tools.nextHeld();
    await engine.event(turn, "tool_request");
    await engine.decide(turn, "toolu_write", true, soon);
    engine.advance(71_000);
    held.answer(text("late"));
    expect(await engine.done(turn)).toBe("error");
    expect(outcomes(await engine.eventsOf(turn))).toMatchObject({ toolu_write: "error" });
    expect(engine.tools.written).toEqual([]);
  });

  it("starts no further step", async () => {
    const engine = await start();
    const soon = { ...engine.identity, expiresAtMs: engine.now() + 60_000 };
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait" }, WRITE] }, { text: "Ok." }], {
      identity: soon,
    });
    const held = await engine.tools.nextHeld();
    engine.advance(71_000);
    held.answer(text("late"));
    await engine.parked(turn);
    engine.advance(900_000);
    engine.replica.runner.continue(turn.id);
    expect(await engine.done(turn)).toBe("error");
    expect((await engine.eventsOf(turn)).find(({ type }) => type === "error")).toMatchObject({
      error: "token_expired",
    });
    expect(engine.prompts).toHaveLength(1);
  });
});

describe("cancelling", () => {
  it("stops the answer, keeps what was written and counts it as an estimate", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "word ".repeat(100), chunks: 20, fault: "stall", after_bytes: 200 });
    await engine.event(turn, "text");
    await engine.cancel(turn);
    expect(await engine.done(turn)).toBe("cancelled");
    const events = await engine.eventsOf(turn);
    const shown = texts(events);
    expect(events.find(({ type }) => type === "usage")).toMatchObject({
      estimated: true,
      output_tokens: Math.ceil(Buffer.byteLength(shown) / 4),
    });
    const stored = await engine.store.loadTurn(turn.id);
    expect(stored?.messages.at(-1)).toMatchObject({ role: "assistant", stopped: true, content: [{ text: shown }] });
    // The scripted stall ends only when its caller goes away.
    expect(await engine.outcomes()).toEqual(["broken"]);
  });

  it("leaves a conversation that goes on", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "word ".repeat(100), chunks: 20, fault: "stall", after_bytes: 200 });
    await engine.event(turn, "text");
    await engine.cancel(turn);
    await engine.done(turn);
    const second = await engine.script({ text: "Hello again." }, { conversationId: turn.conversationId });
    expect(await engine.done(second)).toBe("end_turn");
  });

  it("works before the model was asked for the first time, and gives back what was booked", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "Hello" });
    await engine.cancel(turn);
    expect(await engine.done(turn)).toBe("cancelled");
  });

  it("drops a call that was being written", async () => {
    const engine = await start();
    const call = { name: "notes__read", input: { path: "x".repeat(400) }, id: "toolu_cut" };
    const turn = await engine.script({ text: "Let me see.", tool_use: [call], fault: "stall", after_bytes: 100 });
    await engine.event(turn, "tool_use");
    await engine.cancel(turn);
    expect(await engine.done(turn)).toBe("cancelled");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_cut: "cancelled" });
    expect((await engine.store.loadTurn(turn.id))?.toolCalls).toEqual([]);
  });

  it("aborts tools that run, and says that they may have had an effect", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait", id: "toolu_wait" }, WRITE] }, { text: "x" }]);
    const held = await engine.tools.nextHeld();
    await engine.event(turn, "tool_request");
    await engine.cancel(turn);
    expect(await engine.done(turn)).toBe("cancelled");
    expect(held.context.signal.aborted).toBe(true);
    const events = await engine.eventsOf(turn);
    expect(outcomes(events)).toEqual({ toolu_wait: "cancelled", toolu_write: "cancelled" });
    const result = events.find((event) => event.type === "tool_result" && event.tool_use_id === "toolu_wait");
    expect(JSON.stringify(result)).toContain("may have had an effect");
  });

  it("does not wait for a tool that ignores its signal", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__deaf", id: "toolu_deaf" }] }, { text: "x" }]);
    await engine.event(turn, "status_update", ({ state }) => state === "tool_running");
    await engine.cancel(turn);
    expect(await engine.done(turn)).toBe("cancelled");
  });

  it("does nothing to a turn that is over", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "Hello" });
    await engine.done(turn);
    await engine.cancel(turn);
    expect((await engine.eventsOf(turn)).filter(({ type }) => type === "done")).toHaveLength(1);
  });
});

describe("a fault of the provider", () => {
  it.each<[string, object, string, number]>([
    ["overloaded", {}, "provider_overloaded", 2],
    ["rate_limited", {}, "provider_rate_limited", 2],
    ["server_error", {}, "provider_unavailable", 2],
    ["unauthorized", {}, "provider_unauthorized", 0],
    ["billing", {}, "provider_billing", 0],
    ["rejected", {}, "provider_rejected", 0],
    ["too_long", {}, "context_too_long", 0],
    ["not_sse", {}, "provider_unavailable", 2],
    ["eof", { after_bytes: 0 }, "provider_unavailable", 2],
    ["reset", { after_bytes: 0 }, "provider_unavailable", 2],
    ["error_event", { after_bytes: 0 }, "provider_overloaded", 2],
    ["eof", { after_bytes: 20 }, "provider_unavailable", 0],
    ["reset", { after_bytes: 20 }, "provider_unavailable", 0],
    ["error_event", { after_bytes: 20 }, "provider_overloaded", 0],
  ])("%s %j ends the turn with %s after %i repeats", async (fault, more, code, repeats) => {
    const engine = await start();
    const turn = await engine.script({ text: "word ".repeat(20), fault, ...more });
    expect(await engine.done(turn)).toBe("error");
    const events = await engine.eventsOf(turn);
    expect(events.find(({ type }) => type === "error")).toMatchObject({ error: code, request_id: "request-1" });
    expect(states(events).filter((state) => state === "busy")).toHaveLength(repeats);
    expect(engine.prompts).toHaveLength(repeats + 1);
    expect(engine.waits).toHaveLength(repeats);
    expect(engine.waits.every(Number.isInteger)).toBe(true);
    const next = await engine.script({ text: "Better now." }, { conversationId: turn.conversationId });
    expect(await engine.done(next)).toBe("end_turn");
  });

  it.each(["overloaded", "rate_limited", "server_error", "not_sse", "eof", "error_event"])(
    "%s that heals is not noticed but for a moment",
    async (fault) => {
      const engine = await start();
      const turn = await engine.script({ text: "Here I am.", fault, after_bytes: 0, times: 2 });
      expect(await engine.done(turn)).toBe("end_turn");
      const events = await engine.eventsOf(turn);
      expect(texts(events)).toBe("Here I am.");
      expect(states(events).filter((state) => state === "busy")).toHaveLength(2);
    },
  );

  it("waits as long as the provider asks for", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "Here.", fault: "overloaded", times: 1, retry_after: 7 });
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.waits).toEqual([7000]);
  });

  it("is not waited out when the provider asks for more than ten seconds; the reader is told how long", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "Here.", fault: "rate_limited", retry_after: 11 });
    expect(await engine.done(turn)).toBe("error");
    expect(engine.waits).toEqual([]);
    const error = (await engine.eventsOf(turn)).find(({ type }) => type === "error");
    expect(error).toMatchObject({ error: "provider_rate_limited", retryable: true, retry_after_ms: 11_000 });
  });

  it("stalled: a silent stream is given up", async () => {
    const engine = await start({ idleMs: 200 });
    const turn = await engine.script({ text: "word ".repeat(20), fault: "stall", after_bytes: 20 });
    expect(await engine.done(turn)).toBe("error");
    const events = await engine.eventsOf(turn);
    expect(events.find(({ type }) => type === "error")).toMatchObject({ error: "stalled", retryable: true });
    expect(events.find(({ type }) => type === "usage")).toMatchObject({ estimated: true });
  });

  it("keeps the text that was shown", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "word ".repeat(20), fault: "eof", after_bytes: 20 });
    await engine.done(turn);
    const stored = await engine.store.loadTurn(turn.id);
    expect(stored?.messages.at(-1)).toMatchObject({ stopped: true, content: [{ text: "word word word word " }] });
  });

  it("a call whose input was cut is told to the model, which may go on", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [READ], fault: "truncated_tool_json", times: 1 }, { text: "Ok." }]);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_read: "error" });
  });
});

describe("the end of a turn", () => {
  it("is the last allowed step, which is asked for without tools", async () => {
    const engine = await start({ maxSteps: 3 });
    const call = (path: string): object => ({ tool_use: [{ name: "notes__read", input: { path } }] });
    const turn = await engine.script([call("1"), call("2"), { text: "That is all I found." }]);
    expect(await engine.done(turn)).toBe("max_steps");
    expect(engine.prompts.map(({ tool_choice }) => tool_choice?.type)).toEqual(["auto", "auto", "none"]);
    expect(texts(await engine.eventsOf(turn))).toBe("That is all I found.");
  });

  it("is max_steps also when the model asks for a tool in its last step", async () => {
    const engine = await start({ maxSteps: 2 });
    const call = (path: string): object => ({ tool_use: [{ name: "notes__read", input: { path } }] });
    const turn = await engine.script([call("1"), call("2"), call("3")]);
    expect(await engine.done(turn)).toBe("max_steps");
    expect(engine.prompts).toHaveLength(2);
  });

  it("is max_tokens when the answer is cut, and a call that was cut with it does not run", async () => {
    const engine = await start({ maxOutputTokens: 10 });
    const turn = await engine.script({
      text: "Here: ",
      tool_use: [{ name: "notes__write", input: { path: "x".repeat(90) } }],
    });
    expect(await engine.done(turn)).toBe("max_tokens");
    expect(engine.tools.written).toEqual([]);
    expect(Object.values(outcomes(await engine.eventsOf(turn)))).toEqual(["cancelled"]);
    const second = await engine.script({ text: "On." }, { conversationId: turn.conversationId });
    expect(await engine.done(second)).toBe("end_turn");
  });

  it("is refusal when the model refuses, and none of that is told to it again", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "I cannot.", stop_reason: "refusal" });
    expect(await engine.done(turn)).toBe("refusal");
    const second = await engine.script({ text: "Gladly." }, { conversationId: turn.conversationId });
    expect(await engine.done(second)).toBe("end_turn");
    expect(engine.prompts[1]?.messages).toHaveLength(1);
    expect(JSON.stringify(engine.prompts[1]?.messages)).not.toContain("refusal");
  });

  it.each<[TurnEndReason, object]>([
    ["end_turn", {}],
    ["end_turn", { text: " \n " }],
  ])("is %s also for an answer without words %j, and the conversation goes on", async (reason, step) => {
    const engine = await start();
    const turn = await engine.script({ text: "", ...step });
    expect(await engine.done(turn)).toBe(reason);
    const second = await engine.script({ text: "Hello." }, { conversationId: turn.conversationId });
    expect(await engine.done(second)).toBe("end_turn");
  });
});

describe("the daily limit", () => {
  it("refuses a message that has no room, and stores nothing of it", async () => {
    const engine = await start({ limits: { user: 20 } });
    await expect(engine.script({ text: "Hello" })).rejects.toMatchObject({
      code: "limit_exceeded",
      details: { limit_type: "user", limit: 20, used: 0 },
    });
    expect(await engine.store.listConversations(engine.identity.owner, { limit: 10, before: null })).toEqual([]);
  });

  it("ends a turn in its middle when it is used up, with the time it starts anew", async () => {
    const engine = await start({ limits: { user: 2000 } });
    const call = (path: string): object => ({ tool_use: [{ name: "notes__read", input: { path } }] });
    const turn = await engine.script(Array.from({ length: 9 }, (_, index) => call(String(index))));
    expect(await engine.done(turn)).toBe("limit_exceeded");
    const events = await engine.eventsOf(turn);
    expect(events.find(({ type }) => type === "error")).toMatchObject({ error: "limit_exceeded", retryable: false });
    const { user } = await engine.budget.usage(engine.identity.owner);
    expect(user.used).toBeLessThanOrEqual(2000);
  });

  it("shortens an answer to what is left, and is never passed", async () => {
    const engine = await start({ limits: { organization: 3000 } });
    const turn = await engine.script({ text: "word ", repeat: 4000 });
    expect(await engine.done(turn)).toBe("max_tokens");
    const { organization } = await engine.budget.usage(engine.identity.owner);
    expect(engine.prompts[0]?.max_tokens).toBeLessThan(3000);
    expect(organization.used).toBeLessThanOrEqual(3000);
    expect(organization.used).toBeGreaterThan(2000);
  });
});

describe("a turn whose owner died", () => {
  it.each<[string, object]>([
    ["in mid-text", { text: "word ".repeat(40), chunks: 10, fault: "stall", after_bytes: 100, times: 1 }],
    [
      "while a call was written",
      {
        text: "See:",
        tool_use: [{ ...READ, input: { path: "x".repeat(300) } }],
        fault: "stall",
        after_bytes: 100,
        times: 1,
      },
    ],
  ])("%s is taken over, starts that step anew and ends", async (_title, step) => {
    const engine = await start();
    const turn = await engine.script([step, { text: "The end." }]);
    await engine.event(turn, "text");
    await engine.event(turn, "text", ({ text: shown }) => shown !== "");
    engine.replica.pause();
    const heir = engine.addReplica();
    engine.advance(10_000);
    heir.runner.continue(turn.id);
    const { reason } = await engine.event(turn, "done");
    expect(reason).toBe("end_turn");
    const events = await engine.eventsOf(turn);
    expect(states(events)).toEqual(expect.arrayContaining(["recovering", "step_reset"]));
    expect(events.filter(({ type }) => type === "usage")[0]).toMatchObject({ estimated: true });
    const before = await engine.log(turn.conversationId);
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
    expect(await engine.log(turn.conversationId)).toEqual(before);
    await engine.check(turn.conversationId);
  });

  it("while a tool ran: the call's outcome is unknown, and it is not run again", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait", id: "toolu_wait" }] }, { text: "I see." }]);
    const held = await engine.tools.nextHeld();
    engine.replica.pause();
    held.answer(text("nobody hears it"));
    const heir = engine.addReplica();
    engine.advance(10_000);
    heir.runner.continue(turn.id);
    await engine.event(turn, "done");
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ toolu_wait: "unknown" });
    expect(states(await engine.eventsOf(turn))).not.toContain("step_reset");
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
    expect(await engine.done(turn)).toBe("end_turn");
  });

  it("is told at once to be recovering, however long its tool servers take to answer", async () => {
    const engine = await start();
    const turn = await engine.script([{ text: "word ".repeat(40), fault: "stall", after_bytes: 100, times: 1 }]);
    await engine.event(turn, "text");
    engine.replica.pause();
    const answered = Promise.withResolvers<void>();
    const list = engine.tools.list.bind(engine.tools);
    engine.tools.list = async () => {
      await answered.promise;
      return list();
    };
    engine.advance(10_000);
    engine.addReplica().runner.continue(turn.id);
    await engine.event(turn, "status_update", ({ state }) => state === "recovering");
    answered.resolve();
    expect((await engine.event(turn, "done")).reason).toBe("end_turn");
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
    await engine.check(turn.conversationId);
  });

  it("while a repeatable tool ran: it is run again, with the same key, and shows nothing twice", async () => {
    const engine = await start();
    const call = { name: "notes__wait_repeatable", id: "toolu_wait" };
    const turn = await engine.script([{ tool_use: [call] }, { text: "I see." }]);
    const first = await engine.tools.nextHeld();
    await first.context.onDelta({ channel: "output", chunk: "one, tw" });
    await engine.event(turn, "tool_chunk");
    engine.replica.pause();
    const heir = engine.addReplica();
    engine.advance(10_000);
    heir.runner.continue(turn.id);
    const second = await engine.tools.nextHeld();
    for (const chunk of ["one, ", "two, ", "three"]) await second.context.onDelta({ channel: "output", chunk });
    expect(second.context.idempotencyKey).toBe(first.context.idempotencyKey);
    second.answer(text("again"));
    await engine.event(turn, "done");
    const events = await engine.eventsOf(turn);
    expect(outcomes(events)).toEqual({ toolu_wait: "ok" });
    expect(events.map((event) => (event.type === "tool_chunk" ? event.chunk : "")).join("")).toBe("one, two, three");
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
    expect(await engine.done(turn)).toBe("end_turn");
  });

  it("while a repeatable tool ran, whose server takes long to start: it is waited for", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait_repeatable" }] }, { text: "I see." }]);
    await engine.tools.nextHeld();
    engine.replica.pause();
    const { list } = engine.tools;
    engine.tools.list = async (askAnew?: string) => (askAnew === "notes" ? list() : []);
    engine.advance(10_000);
    engine.addReplica().runner.continue(turn.id);
    (await engine.tools.nextHeld()).answer(text("again"));
    await engine.event(turn, "done");
    expect(Object.values(outcomes(await engine.eventsOf(turn)))).toEqual(["ok"]);
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
  });

  it("after a call was approved: the call runs once", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    const heir = engine.addReplica();
    engine.replica.pause();
    const { conversationId } = turn;
    await engine.decide({ ...turn, conversationId }, "toolu_write", true);
    heir.runner.continue(turn.id);
    await engine.event(turn, "done");
    engine.replica.resume();
    expect(await engine.done(turn)).toBe("end_turn");
    expect(engine.tools.written).toHaveLength(1);
  });

  it("goes on wherever the last commit left it", async () => {
    let isOver = false;
    for (let commits = 1; !isOver; commits += 1) {
      const engine = await start();
      const commit = engine.store.commit.bind(engine.store);
      let left = commits;
      engine.store.commit = async (entry) => {
        await commit(entry);
        left -= 1;
        if (left === 0) engine.replica.pause();
      };
      const turn = await engine.script([{ text: "See:", tool_use: [READ] }, { text: "The end. " }]);
      const isDone = async (): Promise<boolean> => (await engine.store.findActiveTurn(turn.conversationId)) === null;
      await vi.waitUntil(async () => left === 0 || (await isDone()), { timeout: 20_000 });
      isOver = await isDone();
      if (!isOver) {
        const heir = engine.addReplica();
        engine.advance(10_000);
        heir.runner.continue(turn.id);
      }
      expect((await engine.event(turn, "done")).reason, `after commit ${commits}`).toBe("end_turn");
      expect(["ok", "unknown"]).toContain(outcomes(await engine.eventsOf(turn))["toolu_read"]);
      for (const prompt of engine.prompts) expect(prompt.messages.at(-1)?.role).toBe("user");
      engine.replica.resume();
      await engine.replica.runner.drain(1000);
      await engine.check(turn.conversationId);
    }
  });

  it("is given up after it was taken over three times", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "word ".repeat(40), chunks: 10, fault: "stall", after_bytes: 100 });
    await engine.event(turn, "text");
    for (let deaths = 0; deaths < 4; deaths += 1) {
      engine.replicas.at(-1)?.pause();
      const heir = engine.addReplica();
      engine.advance(10_000);
      heir.runner.continue(turn.id);
      if (deaths < 3) await engine.event(turn, "text", ({ block }) => block === deaths + 1);
    }
    const { reason } = await engine.event(turn, "done");
    expect(reason).toBe("error");
    for (const replica of engine.replicas) replica.resume();
    for (const replica of engine.replicas) await replica.runner.drain(1000);
    await engine.check(turn.conversationId);
  });

  it("is ended by whoever takes it over when its user has stopped it meanwhile", async () => {
    const engine = await start();
    const turn = await engine.script([{ text: "word ".repeat(40), fault: "stall", after_bytes: 100, times: 1 }]);
    await engine.event(turn, "text");
    engine.replica.pause();
    const heir = engine.addReplica();
    // Its lease still runs: nobody can know yet that the owner is dead.
    const active = await engine.store.findActiveTurn(turn.conversationId);
    if (active !== null) await heir.runner.cancel(active);
    expect((await engine.eventsOf(turn)).some(({ type }) => type === "done")).toBe(false);
    engine.advance(10_000);
    heir.runner.continue(turn.id);
    expect((await engine.event(turn, "done")).reason).toBe("cancelled");
    expect(engine.prompts).toHaveLength(1);
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
    expect(await engine.done(turn)).toBe("cancelled");
  });

  it("is found by itself", async () => {
    const engine = await start();
    const turn = await engine.script([{ text: "word ".repeat(40), fault: "stall", after_bytes: 100, times: 1 }]);
    await engine.event(turn, "text");
    engine.replica.pause();
    engine.addReplica();
    engine.advance(10_000);
    expect((await engine.event(turn, "done")).reason).toBe("end_turn");
    engine.replica.resume();
    await engine.replica.runner.drain(1000);
    await engine.check(turn.conversationId);
  });
});

describe("draining", () => {
  it("hands a turn over: the next owner need not wait for the lease to end", async () => {
    const engine = await start();
    const turn = await engine.script([{ text: "word ".repeat(40), fault: "stall", after_bytes: 100, times: 1 }]);
    await engine.event(turn, "text");
    await engine.replica.runner.drain(0);
    expect((await engine.eventsOf(turn)).some(({ type }) => type === "done")).toBe(false);
    engine.addReplica().runner.continue(turn.id);
    expect(await engine.done(turn)).toBe("end_turn");
  });

  it("hands a longer turn over at the end of a step, with nothing lost", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait" }] }, { text: "Ok." }]);
    const held = await engine.tools.nextHeld();
    // Half of that is over at once, and all of it never.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const drained = engine.replica.runner.drain(60_000);
    vi.advanceTimersByTime(30_000);
    vi.useRealTimers();
    held.answer(text("done"));
    await drained;
    expect(outcomes(await engine.eventsOf(turn))).toEqual({ [held.context.toolUseId]: "ok" });
    expect(engine.prompts).toHaveLength(1);
    engine.addReplica().runner.continue(turn.id);
    expect(await engine.done(turn)).toBe("end_turn");
    expect(states(await engine.eventsOf(turn))).not.toContain("step_reset");
    expect(engine.prompts).toHaveLength(2);
  });

  it("hands over at once what is taken when the time is over", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    await engine.replica.runner.drain(0);
    await engine.decide(turn, "toolu_write", true);
    const late = await engine.script(
      { text: "Hello." },
      { identity: { ...engine.identity, owner: anOwner({ user: "bob" }) } },
    );
    await engine.replica.runner.drain(0);
    expect(engine.tools.written).toEqual([]);
    expect(engine.prompts).toHaveLength(1);
    const heir = engine.addReplica();
    heir.runner.continue(turn.id);
    heir.runner.continue(late.id);
    expect((await engine.event(late, "done")).reason).toBe("end_turn");
    expect(await engine.done(turn)).toBe("end_turn");
    expect((await engine.eventsOf(late)).filter(({ type }) => type === "usage")).toHaveLength(1);
  });

  it("lets a turn that is nearly over end", async () => {
    const engine = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait" }] }, { text: "Ok." }]);
    const held = await engine.tools.nextHeld();
    const drained = engine.replica.runner.drain(60_000);
    expect(engine.replica.runner.isDraining).toBe(true);
    held.answer(text("done"));
    await drained;
    expect(await engine.done(turn)).toBe("end_turn");
  });
});

describe("deleting a conversation while its turn runs", () => {
  it("ends the turn and counts what it used", async () => {
    const engine = await start();
    const turn = await engine.script({ text: "word ".repeat(40), fault: "stall", after_bytes: 100 });
    await engine.event(turn, "text");
    await engine.cancel(turn);
    await engine.store.deleteConversation(engine.identity.owner, turn.conversationId);
    await engine.replica.runner.drain(5000);
    const { user } = await engine.budget.usage(engine.identity.owner);
    expect(user.reserved).toBe(0);
    expect(user.used).toBeGreaterThan(0);
    expect(await engine.log(turn.conversationId)).toEqual([]);
  });
});

describe("the prompt", () => {
  it("has the same tools and system text in every step of every turn, whatever order the tools come in", async () => {
    const engine = await start();
    const list = engine.tools.list.bind(engine.tools);
    let calls = 0;
    engine.tools.list = async () => {
      calls += 1;
      const tools = await list();
      return [...tools.slice(calls % tools.length), ...tools.slice(0, calls % tools.length)];
    };
    let conversationId: string | undefined;
    for (let index = 0; index < 5; index += 1) {
      const steps = [{ tool_use: [{ name: "notes__read", input: { index } }] }, { text: "Ok." }];
      const turn: TurnRecord = await engine.script(steps, conversationId === undefined ? {} : { conversationId });
      conversationId = turn.conversationId;
      await engine.done(turn);
    }
    const prefixes = engine.prompts.map(({ tools, system }) => JSON.stringify([tools, system]));
    expect(prefixes).toHaveLength(10);
    expect(new Set(prefixes).size).toBe(1);
  });
});
