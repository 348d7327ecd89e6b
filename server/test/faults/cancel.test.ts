import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { countInputTokens } from "../../../demo/src/scripted-claude/usage.ts";
import { validateMessages } from "../../../demo/src/scripted-claude/validate-request.ts";
import { seededRandom } from "../seeded-random.ts";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";
import { until } from "./until.ts";

const ABORTS = faultCount("ABORTS", { small: 24, full: 1000 });
/** Turns that are aborted side by side. */
const AT_ONCE = 8;
const TOOL_ABORTS = faultCount("TOOL_ABORTS", { small: 3, full: 100 });
/** Promised: cancelled work has stopped by then. */
const STOPPED_WITHIN_MS = 1000;
/** Promised: the output of an aborted call is counted this exactly. */
const OUTPUT_TOLERANCE = 0.1;
const SEED = faultSeed();

describe(`a cancelled turn (seed ${SEED})`, () => {
  it(
    `is counted, leaves nothing reserved, and closes the provider's connection (${ABORTS} times)`,
    async () => {
      await using rig = await FaultRig.start();
      const random = seededRandom(SEED);
      const stoppedMs: number[] = [];
      const outputErrors: number[] = [];
      let beforeCounted = 0;
      let unasked = 0;
      for (let first = 0; first < ABORTS; first += AT_ONCE) {
        const numbers = Array.from({ length: Math.min(AT_ONCE, ABORTS - first) }, (_, index) => first + index);
        await Promise.all(
          numbers.map(async (number) => {
            const aborted = await abortOnce(rig, `abort-${number};`, random() ** 3 * 800);
            if (aborted.stoppedMs === null) unasked += 1;
            else if (aborted.outputError === null) beforeCounted += 1;
            if (aborted.stoppedMs !== null) stoppedMs.push(aborted.stoppedMs);
            if (aborted.outputError !== null) outputErrors.push(aborted.outputError);
          }),
        );
      }
      expect(Math.max(...stoppedMs)).toBeLessThan(STOPPED_WITHIN_MS);
      noteFigures("G11", {
        "turns aborted": ABORTS,
        "aborted before the provider was asked": unasked,
        "aborted before the first word": beforeCounted,
        "largest error of the input (tokens)": 0,
        "largest error of the output (%)": Math.round(Math.max(0, ...outputErrors) * 1000) / 10,
        "reserved afterwards (tokens)": 0,
      });
      noteFigures("G14", { "provider connection closed, longest (ms)": Math.round(Math.max(...stoppedMs)) });
    },
    FAULT_TIMEOUT_MS,
  );

  it(
    `aborts the tool that runs (${TOOL_ABORTS} times)`,
    async () => {
      await using rig = await FaultRig.start();
      const stoppedMs: number[] = [];
      for (let index = 0; index < TOOL_ABORTS; index += 1) {
        const ref = `wait-${index};`;
        const user = await rig.signIn();
        let cancelledAt = Number.NaN;
        const frames = await user.turn(scriptOf([{ tool_use: [{ name: "bank__wait", input: { ref } }] }]), {
          onFrame: async ({ data }, id) => {
            if (data.type !== "status_update" || data.state !== "tool_running") return;
            await until(() => rig.bookOf(ref).length > 0);
            cancelledAt = Date.now();
            await cancel(user, id);
          },
        });
        expect(faultsIn(frames)).toEqual([]);
        expect(endOf(frames)).toBe("cancelled");
        expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["cancelled"]);
        await until(() => rig.bookOf(ref).some(({ what }) => what === "aborted"));
        const abortedAt = rig.bookOf(ref).find(({ what }) => what === "aborted")?.at ?? Number.NaN;
        stoppedMs.push(abortedAt - cancelledAt);
        expect(abortedAt - cancelledAt).toBeLessThan(STOPPED_WITHIN_MS);
        expect((await user.usage()).user.reserved).toBe(0);
      }
      noteFigures("G14", {
        "tools aborted": TOOL_ABORTS,
        "tool aborted, longest (ms)": Math.round(Math.max(...stoppedMs)),
      });
    },
    FAULT_TIMEOUT_MS,
  );
});

describe("a turn whose reader leaves", () => {
  it("goes on to its end", async () => {
    await using rig = await FaultRig.start();
    const user = await rig.signIn();
    const words = "Nobody reads this. ";
    const message = scriptOf([
      {
        text: words,
        repeat: 5,
        chunks: 10,
        delay_ms: 20,
        tool_use: [{ name: "bank__charge", input: { ref: "left;" } }],
      },
      { text: words, repeat: 5, chunks: 10, delay_ms: 20 },
    ]);
    const leave = new AbortController();
    const response = await user.request("POST", "/message", { body: { message }, signal: leave.signal });
    const id = await firstText(response);
    leave.abort();
    await until(async () => (await user.conversation(id)).active_turn === null);
    const frames = await user.log(id);
    expect(faultsIn(frames)).toEqual([]);
    expect(endOf(frames)).toBe("end_turn");
    expect(
      eventsOf(frames, "text")
        .map(({ text }) => text)
        .join(""),
    ).toBe(words.repeat(10));
    expect(rig.bookOf("left;").filter(({ what }) => what === "ran")).toHaveLength(1);
    await Promise.all(rig.modelCalls.map(async ({ ended }) => expect(await ended).toBe("complete")));
  });
});

interface Aborted {
  /** From the request to cancel to the closed connection; null when the provider was never asked. */
  stoppedMs: number | null;
  /** Share by which the counted output differs from four bytes a token; null when not a word had come. */
  outputError: number | null;
}

/** Cancels a turn after so many milliseconds and holds what was counted against what the provider sent. */
async function abortOnce(rig: FaultRig, mark: string, afterMs: number): Promise<Aborted> {
  const user = await rig.signIn();
  const started = Promise.withResolvers<string>();
  const message = scriptOf([{ text: `${mark} — “größer” 🚣 and on. `, repeat: 200, chunks: 400, delay_ms: 5 }]);
  const turn = user.turn(message, { onFrame: (_, id) => started.resolve(id) });
  const id = await started.promise;
  await pause(afterMs);
  const cancelledAt = performance.now();
  const closed = Promise.all(rig.modelCallsWith(mark).map(({ ended }) => ended)).then(() => performance.now());
  await cancel(user, id);
  const frames = await turn;
  const context = `${mark} after ${afterMs} ms\n${frames.map(({ raw }) => raw).join("\n")}`;
  expect(faultsIn(frames), context).toEqual([]);
  expect(endOf(frames), context).toBe("cancelled");
  const calls = rig.modelCallsWith(mark);
  for (const { ended } of calls) expect(await ended).toBe("disconnected");
  const stoppedMs = calls.length === 0 ? null : (await closed) - cancelledAt;

  const { user: balance } = await user.usage();
  expect(balance.reserved, context).toBe(0);
  const [usage] = eventsOf(frames, "usage");
  const [call] = calls;
  if (call === undefined) {
    // A request that was on its way when it was aborted may never arrive: the server cannot know, and counts its estimate.
    const told = eventsOf(frames, "usage").reduce((sum, { input_tokens }) => sum + input_tokens, 0);
    expect(balance.used, context).toBe(told);
    return { stoppedMs, outputError: null };
  }
  if (usage === undefined) throw new Error(`nothing was counted: ${context}`);
  expect(usage.estimated, context).toBe(true);
  const asked = countInputTokens(validateMessages(call.body));
  const counted = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
  expect(balance.used, context).toBeGreaterThan(0);
  const sent = bytesOf(frames);
  // Without its count, and that is without a word of text, the input is an upper bound.
  if (sent === 0) {
    expect(counted, context).toBeGreaterThanOrEqual(asked);
    return { stoppedMs, outputError: null };
  }
  expect(counted, context).toBe(asked);
  const outputError = Math.abs(usage.output_tokens - Math.ceil(sent / 4)) / Math.ceil(sent / 4);
  expect(outputError, context).toBeLessThanOrEqual(OUTPUT_TOLERANCE);
  expect(usage.output_tokens, context).toBeGreaterThan(0);
  return { stoppedMs, outputError };
}

function bytesOf(frames: readonly EventFrame[]): number {
  return eventsOf(frames, "text").reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}

async function cancel(user: FaultUser, conversationId: string): Promise<void> {
  const response = await user.request("POST", "/cancel", { body: { conversation_id: conversationId } });
  expect(response.status).toBe(202);
}

/** Reads until the first word of the assistant; resolves with the conversation's id. */
async function firstText(response: Response): Promise<string> {
  let id = "";
  for await (const { data } of readFrames(response)) {
    if (data.type === "session_created") id = data.conversation_id;
    if (data.type === "text") return id;
  }
  throw new Error("the turn ended without a word");
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}
