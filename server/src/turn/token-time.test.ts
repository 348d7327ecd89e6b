import { describe, expect, it, onTestFinished } from "vitest";
import { Engine } from "../../test/engine.ts";
import { text } from "../../test/handmade-tools.ts";
import type { Identity } from "../store/identity.ts";

const WRITE = { name: "notes__write", input: { path: "a.txt" }, id: "toolu_write" };
/** Never ends by itself. */
const STALLED = { text: "word ".repeat(100), chunks: 20, fault: "stall", after_bytes: 200 };
/** Goes on for about a second. */
const SLOW = { text: "word ".repeat(100), chunks: 20, delay_ms: 60 };

async function start(): Promise<{ engine: Engine; soon: Identity }> {
  const engine = await Engine.start();
  onTestFinished(() => engine.stop());
  return { engine, soon: { ...engine.identity, expiresAtMs: engine.now() + 60_000 } };
}

describe("an answer that is being written when the token expires", () => {
  it("may be finished for half a minute", async () => {
    const { engine, soon } = await start();
    const turn = await engine.script(SLOW, { identity: soon });
    await engine.event(turn, "text");
    engine.advance(85_000);
    expect(await engine.done(turn)).toBe("end_turn");
  });

  it("is cut after that, kept and counted", async () => {
    const { engine, soon } = await start();
    const turn = await engine.script(STALLED, { identity: soon });
    await engine.event(turn, "text");
    engine.advance(100_001);
    expect(await engine.done(turn)).toBe("error");
    const events = await engine.eventsOf(turn);
    expect(events.find(({ type }) => type === "error")).toMatchObject({ error: "token_expired" });
    expect(events.find(({ type }) => type === "usage")).toMatchObject({ estimated: true });
    expect((await engine.store.loadTurn(turn.id))?.messages.at(-1)).toMatchObject({ stopped: true });
    expect(engine.prompts).toHaveLength(1);
    expect(await engine.outcomes()).toEqual(["broken"]);
  });

  it("runs no tool that it asks for, and is followed by no step", async () => {
    const { engine, soon } = await start();
    const call = { name: "notes__show", id: "toolu_show" };
    const turn = await engine.script([{ ...SLOW, tool_use: [call] }, { text: "Ok." }], { identity: soon });
    await engine.event(turn, "text");
    engine.advance(85_000);
    expect(await engine.done(turn)).toBe("error");
    const events = await engine.eventsOf(turn);
    expect(events.find(({ type }) => type === "tool_result")).toMatchObject({ outcome: "error" });
    expect(events.some((event) => event.type === "status_update" && event.state === "tool_running")).toBe(false);
    expect(engine.prompts).toHaveLength(1);
  });
});

describe("a turn whose user's token is revoked", () => {
  it("stops in the middle of its answer", async () => {
    const { engine } = await start();
    const turn = await engine.script(STALLED);
    await engine.event(turn, "text");
    engine.revoked.add(engine.identity.owner.user);
    expect(await engine.done(turn)).toBe("error");
    expect((await engine.eventsOf(turn)).find(({ type }) => type === "error")).toMatchObject({
      error: "token_expired",
    });
    expect(engine.prompts).toHaveLength(1);
  });

  it("takes no further step when its tool has answered", async () => {
    const { engine } = await start();
    const turn = await engine.script([{ tool_use: [{ name: "notes__wait" }] }, { text: "Ok." }]);
    const held = await engine.tools.nextHeld();
    engine.revoked.add(engine.identity.owner.user);
    held.answer(text("done"));
    expect(await engine.done(turn)).toBe("error");
    expect(engine.prompts).toHaveLength(1);
  });

  it("runs no call, also one that was approved before", async () => {
    const { engine } = await start();
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    engine.revoked.add(engine.identity.owner.user);
    await engine.decide(turn, WRITE.id, true);
    expect(await engine.done(turn)).toBe("error");
    expect((await engine.eventsOf(turn)).find(({ type }) => type === "tool_result")).toMatchObject({
      outcome: "error",
    });
    expect(engine.tools.written).toEqual([]);
    expect(engine.prompts).toHaveLength(1);
  });

  it("does not hold up anybody else's", async () => {
    const { engine } = await start();
    engine.revoked.add("somebody else");
    const turn = await engine.script([{ tool_use: [{ name: "notes__show" }] }, SLOW]);
    expect(await engine.done(turn)).toBe("end_turn");
  });
});
