import { afterAll, describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, textOf } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "./fault-counts.ts";
import { noteFigures, quantile } from "./fault-figures.ts";
import { FaultRig, LEASE_MS } from "./fault-rig.ts";

const PENDING_KILLS = faultCount("PENDING_KILLS", { small: 2, full: 100 });
const TEXT_KILLS = faultCount("TEXT_KILLS", { small: 3, full: 100 });
/** Promised: a dead owner shows within so long. */
const SHOWN_WITHIN_MS = LEASE_MS + 2000;

describe("a pending approval", () => {
  it.each([
    ["runs once when it is approved after a restart", true, 1, "ok"],
    ["never runs when it is denied after a restart", false, 0, "denied"],
  ])(
    "%s",
    async (_, approved, runs, outcome) => {
      await using rig = await FaultRig.start();
      for (let round = 0; round < PENDING_KILLS; round += 1) {
        const ref = `pay-${round};`;
        const user = await rig.signIn();
        const asked = Promise.withResolvers<{ conversationId: string; toolUseId: string }>();
        const turn = user.turn(scriptOf([{ tool_use: [{ name: "bank__pay", input: { ref } }] }, { text: "Paid." }]), {
          onFrame: ({ data }, conversationId) => {
            if (data.type === "tool_request") asked.resolve({ conversationId, toolUseId: data.tool_use_id });
          },
        });
        const { conversationId, toolUseId } = await asked.promise;
        await rig.kill();
        await rig.restart();

        const shown = await user.conversation(conversationId);
        expect(shown.pending_approvals.map((request) => request.tool_use_id)).toEqual([toolUseId]);
        expect(rig.bookOf(ref)).toEqual([]);
        expect((await user.decide(conversationId, toolUseId, approved)).status).toBe(200);
        const frames = await turn;
        expect(faultsIn(frames)).toEqual([]);
        expect(endOf(frames)).toBe("end_turn");
        expect(eventsOf(frames, "tool_result").map((result) => result.outcome)).toEqual([outcome]);
        expect(rig.bookOf(ref).filter(({ what }) => what === "ran")).toHaveLength(runs);
      }
      noteFigures("G2", { [`kill -9 while pending, then ${approved ? "approved" : "denied"}`]: PENDING_KILLS });
    },
    FAULT_TIMEOUT_MS,
  );
});

describe("a turn whose server dies in mid-text", () => {
  const shownMs: number[] = [];
  const sinceKillMs: number[] = [];
  let mostCalls = 0;
  afterAll(() => {
    noteFigures("G8", {
      "kill -9 in mid-text": shownMs.length,
      "step_reset after the restart, median (ms)": Math.round(quantile(shownMs, 0.5)),
      "step_reset after the restart, longest (ms)": Math.round(Math.max(...shownMs)),
      "step_reset after the kill, longest (ms)": Math.round(Math.max(...sinceKillMs)),
      "most model calls for one answer": mostCalls,
    });
  });

  it(
    "is streamed anew within the lease and two seconds, with one more model call at the most",
    async () => {
      await using rig = await FaultRig.start();
      for (let round = 0; round < TEXT_KILLS; round += 1) {
        const words = `Round ${round}: “größer” — 🚣 the river carries every boat. `;
        const user = await rig.signIn();
        const piecesBeforeKill = 1 + (round % 7);
        const inMidText = Promise.withResolvers<void>();
        const reset = Promise.withResolvers<number>();
        let pieces = 0;
        const turn = user.turn(scriptOf([{ text: words, repeat: 20, chunks: 40, delay_ms: 15 }]), {
          onFrame: ({ data }) => {
            if (data.type === "text") pieces += 1;
            if (pieces === piecesBeforeKill) inMidText.resolve();
            if (data.type === "status_update" && data.state === "step_reset") reset.resolve(performance.now());
          },
        });
        await inMidText.promise;
        await rig.kill();
        const killedAt = performance.now();
        await rig.restart();
        const upAt = performance.now();
        const resetAt = await Promise.race([reset.promise, turn.then(() => Number.NaN)]);
        shownMs.push(resetAt - upAt);
        sinceKillMs.push(resetAt - killedAt);
        const frames = await turn;
        expect(faultsIn(frames)).toEqual([]);
        expect(statesOf(frames)).toEqual(["started", "ai_typing", "recovering", "step_reset", "ai_typing"]);
        expect(resetAt - upAt).toBeLessThan(SHOWN_WITHIN_MS);
        const [lost] = eventsOf(frames, "usage");
        expect(lost?.estimated).toBe(true);
        expect(lost?.input_tokens).toBeGreaterThan(0);
        expect(lost?.output_tokens).toBe(Math.ceil(bytesBeforeReset(frames) / 4));
        expect((await user.usage()).user.reserved).toBe(0);
        expect(endOf(frames)).toBe("end_turn");
        expect(textOf(frames)).toBe(words.repeat(20));
        mostCalls = Math.max(mostCalls, rig.modelCallsWith(`Round ${round}:`).length);
        expect(mostCalls).toBeLessThanOrEqual(2);
      }
    },
    FAULT_TIMEOUT_MS,
  );
});

function statesOf(frames: readonly EventFrame[]): string[] {
  return eventsOf(frames, "status_update").map(({ state }) => state);
}

function bytesBeforeReset(frames: readonly EventFrame[]): number {
  const reset = frames.findIndex(({ data }) => data.type === "status_update" && data.state === "step_reset");
  return eventsOf(frames.slice(0, reset), "text").reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}
