import { afterAll, describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames, textOf } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "./fault-counts.ts";
import { noteFigures, quantile } from "./fault-figures.ts";
import { FaultRig, LEASE_MS } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";
import { sideBySide } from "./side-by-side.ts";
import { until } from "./until.ts";

const PENDING_KILLS = faultCount("PENDING_KILLS", { small: 3, full: 100 });
const TEXT_KILLS = faultCount("TEXT_KILLS", { small: 3, full: 100 });
/** Servers that are killed in mid-text side by side. */
const LANES = 3;
/** Promised: a dead owner shows within so long. */
const SHOWN_WITHIN_MS = LEASE_MS + 2000;

/** Who is asked in each round, and what they answer. The last answer is sent to both processes at once. */
const ANSWERS = [
  { approved: true, toBoth: false, runs: 1, outcome: "ok" },
  { approved: false, toBoth: false, runs: 0, outcome: "denied" },
  { approved: true, toBoth: true, runs: 1, outcome: "ok" },
];

describe("a pending approval", () => {
  it(
    `outlives every process, and is decided at another one (${PENDING_KILLS} times)`,
    async () => {
      // So that no process loses a turn because the machine is busy: what is parked needs no lease to end.
      await using rig = await FaultRig.start({ env: { CHATBOT_LEASE_SECONDS: "30" } });
      let other = await rig.addReplica();
      for (let round = 0; round < PENDING_KILLS; round += 1) {
        const owner = round % 2 === 0 ? rig.url : other.url;
        const asked = await Promise.all(
          ANSWERS.map(async (answer, index) => {
            const ref = `pay-${round}-${index};`;
            const user = await rig.signIn();
            return {
              ...answer,
              ref,
              user,
              ...(await askFirst(
                user.through(() => owner),
                ref,
              )),
            };
          }),
        );
        await Promise.all([rig.kill(), other.kill()]);
        [other] = await Promise.all([rig.addReplica(), rig.restart()]);
        const urls = [rig.url, other.url];
        await Promise.all(
          asked.map(async ({ user, conversationId, toolUseId, approved, toBoth, runs, outcome, ref }, index) => {
            for (const url of urls) {
              const { pending_approvals: pending } = await user.through(() => url).conversation(conversationId);
              expect(pending.map((request) => request.tool_use_id)).toEqual([toolUseId]);
            }
            expect(rig.bookOf(ref)).toEqual([]);
            const deciders = toBoth ? urls : urls.slice((round + index) % 2).slice(0, 1);
            const answers = await Promise.all(
              deciders.map((url) => user.through(() => url).decide(conversationId, toolUseId, approved)),
            );
            expect(answers.map(({ status }) => status)).toEqual(deciders.map(() => 200));
            await until(async () => (await user.conversation(conversationId)).active_turn === null);
            const frames = await user.log(conversationId);
            expect(faultsIn(frames)).toEqual([]);
            expect(endOf(frames)).toBe("end_turn");
            expect(eventsOf(frames, "tool_request")).toHaveLength(1);
            expect(eventsOf(frames, "tool_result").map((result) => result.outcome)).toEqual([outcome]);
            expect(rig.bookOf(ref).filter(({ what }) => what === "ran")).toHaveLength(runs);
            expect((await user.usage()).user.reserved).toBe(0);
          }),
        );
      }
      noteFigures("G2", {
        "all processes killed while approvals were pending": PENDING_KILLS,
        "approvals decided at another process": PENDING_KILLS * ANSWERS.length,
      });
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
    `is streamed anew within the lease and two seconds, with one more model call at the most (${TEXT_KILLS} times)`,
    async () => {
      let left = TEXT_KILLS;
      await sideBySide(Math.min(LANES, TEXT_KILLS), async (_, failed) => {
        await using rig = await FaultRig.start();
        while (left > 0 && !failed.aborted) {
          left -= 1;
          await killInMidText(rig, left);
        }
      });
      expect(shownMs).toHaveLength(TEXT_KILLS);
    },
    FAULT_TIMEOUT_MS,
  );

  async function killInMidText(rig: FaultRig, round: number): Promise<void> {
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
});

/** A turn that waits for its person, whose reader has left. */
async function askFirst(user: FaultUser, ref: string): Promise<{ conversationId: string; toolUseId: string }> {
  const message = scriptOf([{ tool_use: [{ name: "bank__pay", input: { ref } }] }, { text: "Decided." }]);
  let conversationId = "";
  for await (const { data } of readFrames(await user.request("POST", "/message", { body: { message } }))) {
    if (data.type === "session_created") conversationId = data.conversation_id;
    if (data.type === "tool_request") return { conversationId, toolUseId: data.tool_use_id };
  }
  throw new Error("the turn ended without a question");
}

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
