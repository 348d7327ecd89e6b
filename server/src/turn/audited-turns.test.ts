import { describe, expect, it, onTestFinished } from "vitest";
import { createScriptedClaude, type Exchange } from "../../../demo/src/scripted-claude/server.ts";
import { checkAudit } from "../../test/check-audit.ts";
import { Engine, type EngineOptions } from "../../test/engine.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";

const WRITE = { name: "notes__write", input: { path: "a.txt" }, id: "toolu_write" };
const AGAIN = { ...WRITE, id: "toolu_again", input: { path: "b.txt" } };

interface Scene {
  engine: Engine;
  /** What the trail says, a line for each row; afterwards it is held against the ledger. */
  trail(): Promise<string[]>;
}

async function start(options: EngineOptions = {}): Promise<Scene> {
  const exchanges: Exchange[] = [];
  const claude = await createScriptedClaude({ delayMs: 0, onExchange: (exchange) => exchanges.push(exchange) });
  const database = openSqlite(":memory:");
  const engine = new Engine(options, await createSqlStore(database), { ...claude, exchanges });
  onTestFinished(() => engine.stop());
  return {
    engine,
    async trail() {
      expect((await checkAudit(database)).faults).toEqual([]);
      const rows = await database.selectFrom("audit_entries").selectAll().orderBy("position").execute();
      return rows.map(({ kind, tool_use_id: call, details }) => {
        const { by, decision, outcome, reason, limit, tool } = JSON.parse(details);
        return [kind, call, by, decision, outcome, reason, limit, call === null ? null : tool]
          .filter(Boolean)
          .join(" ");
      });
    },
  };
}

describe("the audit trail of a turn", () => {
  it("tells how it was admitted, asked, decided, run and ended", async () => {
    const { engine, trail } = await start();
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    await engine.decide(turn, "toolu_write", true);
    await engine.done(turn);
    expect(await trail()).toEqual([
      "turn_admitted",
      "approval_asked toolu_write notes__write",
      "approval_decided toolu_write person approved notes__write",
      "tool_dispatched toolu_write notes__write",
      "tool_finished toolu_write ok notes__write",
      "turn_ended end_turn",
    ]);
  });

  it("tells that a call ran on an earlier approval", async () => {
    const { engine, trail } = await start();
    const write = (await engine.tools.list()).find(({ name }) => name === "notes__write") ?? expect.fail();
    engine.tools.replace("notes__write", { ...write, rule: { permissions: [], approval: "always", remember: true } });
    const first = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(first);
    await engine.decide(first, "toolu_write", true, engine.identity, true);
    await engine.done(first);
    const { conversationId } = first;
    await engine.done(await engine.script([{ tool_use: [AGAIN] }, { text: "Ok." }], { conversationId }));
    expect((await trail()).filter((line) => line.includes("toolu_again"))).toEqual([
      "approval_decided toolu_again remembered approved notes__write",
      "tool_dispatched toolu_again notes__write",
      "tool_finished toolu_again ok notes__write",
    ]);
  });

  it.each([
    [
      "by a new message",
      "superseded",
      async ({ engine }: Scene, conversationId: string) => {
        await engine.done(await engine.send("Never mind.", { conversationId }));
      },
    ],
    [
      "by the clock",
      "expired",
      async ({ engine }: Scene) => {
        engine.advance(901_000);
        const [turnId = ""] = await engine.store.findTurnsToContinue(engine.now());
        engine.replica.runner.continue(turnId);
      },
    ],
  ])("tells that a question was settled %s", async (_title, by, settle) => {
    const scene = await start();
    const { engine, trail } = scene;
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    await settle(scene, turn.conversationId);
    await engine.done(turn);
    expect((await trail()).filter((line) => line.includes("toolu_write")).slice(1)).toEqual([
      `approval_decided toolu_write ${by} denied notes__write`,
      `tool_finished toolu_write ${by} notes__write`,
    ]);
  });

  it("tells who asked to stop it", async () => {
    const { engine, trail } = await start();
    const turn = await engine.script([{ tool_use: [WRITE] }, { text: "Ok." }]);
    await engine.parked(turn);
    await engine.cancel(turn);
    await engine.done(turn);
    expect((await trail()).slice(2)).toEqual([
      "cancel_requested",
      "approval_decided toolu_write cancelled denied notes__write",
      "tool_finished toolu_write cancelled notes__write",
      "turn_ended cancelled",
    ]);
  });

  it("tells that a message was refused because a limit was reached", async () => {
    const { engine, trail } = await start({ limits: { user: 20 } });
    await expect(engine.send("Hello")).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(await trail()).toEqual(["limit_reached user"]);
  });

  it("names no tool that was not offered: the name is the model's own word", async () => {
    const { engine, trail } = await start();
    await engine.done(await engine.script([{ tool_use: [{ ...WRITE, name: "notes__secret" }] }, { text: "Ok." }]));
    expect(await trail()).toEqual(["turn_admitted", "tool_finished toolu_write error", "turn_ended end_turn"]);
  });
});
