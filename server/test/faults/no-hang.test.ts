import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "./fault-counts.ts";
import { noteFigures, quantile } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";
import type { ServerProcess } from "./server-process.ts";
import { sideBySide } from "./side-by-side.ts";
import { until } from "./until.ts";

const OWNERS = faultCount("DEAD_OWNERS", { small: 3, full: 100 });
const GIVE_UPS = faultCount("GIVE_UPS", { small: 1, full: 20 });
/** A turn is taken over so often; the next time it is given up. */
const RECOVERIES = 3;
/** Databases with two processes each, side by side. */
const LANES = 3;
/** So long that neither process loses a turn because the machine is busy. */
const LEASE_MS = 3000;
/** Promised: a dead owner shows within so long after its death. */
const SHOWN_WITHIN_MS = LEASE_MS + 2000;
/** Promised: so long a reader hears nothing at the most. */
const SILENT_AT_MOST_MS = 15_000;
/** How long nothing happens in a turn. */
const SILENCE_MS = faultCount("SILENCE_SECONDS", { small: 16, full: 50 }) * 1000;

// The silence costs nothing but time: the others run meanwhile.
describe.concurrent("a reader", () => {
  const shownMs: number[] = [];
  const longestSilenceMs = new Map<string, number>();
  afterAll(() => {
    noteFigures("G7", {
      "owners killed while another process was alive": OWNERS,
      "readers that watched it": shownMs.length,
      "recovering after the kill, median (ms)": Math.round(quantile(shownMs, 0.5)),
      "recovering after the kill, longest (ms)": Math.round(Math.max(...shownMs)),
      ...Object.fromEntries(
        [...longestSilenceMs].map(([what, ms]) => [`longest silence ${what} for ${SILENCE_MS / 1000} s (ms)`, ms]),
      ),
    });
  });

  it(
    `learns within the lease and two seconds that the owner died, without a restart (${OWNERS} times)`,
    async () => {
      let left = OWNERS;
      await sideBySide(Math.min(LANES, OWNERS), async (_, failed) => {
        await using rig = await FaultRig.start({ env: { CHATBOT_LEASE_SECONDS: String(LEASE_MS / 1000) } });
        while (left > 0 && !failed.aborted) {
          left -= 1;
          shownMs.push(...(await killOwner(rig, await rig.addReplica(), left)));
        }
      });
      expect(Math.max(...shownMs)).toBeLessThan(SHOWN_WITHIN_MS);
    },
    FAULT_TIMEOUT_MS,
  );

  it.each([
    ["while a silent tool runs", "bank__balance"],
    ["while a person decides", "bank__pay"],
  ])(
    "is never left without a sign of life %s",
    async (what, tool) => {
      await using rig = await FaultRig.start();
      const user = await rig.signIn();
      const input = { ref: "silent;", before_ms: tool === "bank__balance" ? SILENCE_MS : 0 };
      const message = scriptOf([{ tool_use: [{ name: tool, input }] }, { text: "At last." }]);
      const response = await user.request("POST", "/message", { body: { message } });
      const startedAt = performance.now();
      let decision: Promise<Response> | null = null;
      let received = "";
      let heardAt = startedAt;
      let longestMs = 0;
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const now = performance.now();
        longestMs = Math.max(longestMs, now - heardAt);
        heardAt = now;
        received += piece;
        if (tool === "bank__pay") decision ??= decideLater(user, received);
      }
      longestSilenceMs.set(what, Math.round(longestMs));
      expect((await decision)?.status ?? 200).toBe(200);
      expect(heardAt - startedAt).toBeGreaterThan(SILENCE_MS);
      expect(received).toContain('"outcome":"ok"');
      expect(received).toContain('"reason":"end_turn"');
      expect(longestMs).toBeLessThan(SILENT_AT_MOST_MS);
    },
    FAULT_TIMEOUT_MS,
  );
});

describe.concurrent("a turn that kills whoever owns it", () => {
  it(
    `is given up after ${RECOVERIES} recoveries, with everything counted and settled (${GIVE_UPS} times)`,
    async () => {
      await using rig = await FaultRig.start();
      for (let round = 0; round < GIVE_UPS; round += 1) await killEveryOwner(rig, round);
      noteFigures("G7", {
        [`turns given up after ${RECOVERIES} recoveries, in text and in a tool`]: GIVE_UPS * 2,
      });
    },
    FAULT_TIMEOUT_MS,
  );
});

/** Three turns of an owner that dies; resolves with how long after it their readers learned of it. */
async function killOwner(rig: FaultRig, owner: ServerProcess, round: number): Promise<number[]> {
  const mark = `Round ${round}: `;
  const ref = (name: string): string => `${name}-${round};`;
  const slow = (name: string): object => ({ ref: ref(name), before_ms: 2500 });
  const turns = [
    { text: mark, repeat: 50, chunks: 125, delay_ms: 20 },
    { tool_use: [{ name: "bank__charge", input: slow("charge") }] },
    { tool_use: [{ name: "bank__balance", input: slow("balance") }] },
  ].map(async (step) => {
    const user = await rig.signIn();
    return { user, conversationId: await startAt(owner, user, scriptOf([step, { text: "Done." }])) };
  });
  const started = await Promise.all(turns);
  const recovering = started.map(() => Promise.withResolvers<number>());
  const attached = started.map(() => Promise.withResolvers<void>());
  // Readers of the process that stays.
  const readers = started.map(async ({ user, conversationId }, index) => {
    const frames: EventFrame[] = [];
    for await (const frame of readFrames(await user.request("GET", `/conversations/${conversationId}/events`))) {
      frames.push(frame);
      attached[index]?.resolve();
      const { data } = frame;
      if (data.type === "done" || (data.type === "status_update" && data.state === "recovering")) {
        recovering[index]?.resolve(performance.now());
      }
    }
    return frames;
  });
  await Promise.all(attached.map(({ promise }) => promise));
  await until(() => [ref("charge"), ref("balance")].every((each) => rig.bookOf(each).length > 0));
  const killedAt = performance.now();
  await owner.kill();
  const shownAt = await Promise.all(recovering.map(({ promise }) => promise));

  const [written, charged, read] = await Promise.all(readers);
  for (const frames of [written, charged, read]) {
    expect(faultsIn(frames ?? [])).toEqual([]);
    expect(endOf(frames ?? [])).toBe("end_turn");
  }
  expect(outcomesIn(charged)).toEqual(["unknown"]);
  expect(rig.bookOf(ref("charge")).filter(({ what }) => what === "called")).toHaveLength(1);
  expect(outcomesIn(read)).toEqual(["ok"]);
  return shownAt.map((at) => at - killedAt);
}

/** One turn that dies in its text and one whose tool may be run again; both lose four owners. */
async function killEveryOwner(rig: FaultRig, round: number): Promise<void> {
  const mark = `Doomed ${round}: `;
  const ref = `balance-${round};`;
  const [writer, reader] = [await rig.signIn(), await rig.signIn()];
  const written: EventFrame[] = [];
  const texts = writer.turn(scriptOf([{ text: mark, repeat: 500, chunks: 1000, delay_ms: 10 }]), {
    onFrame: (frame) => written.push(frame),
  });
  const input = { ref, before_ms: 60_000 };
  const reads = reader.turn(scriptOf([{ tool_use: [{ name: "bank__balance", input }] }, { text: "Never." }]));
  for (let owner = 1; owner <= RECOVERIES + 1; owner += 1) {
    await until(() => recoveriesIn(written) === owner - 1 && written.at(-1)?.data.type === "text");
    await until(() => rig.bookOf(ref).length === owner);
    await rig.kill();
    await rig.restart();
  }
  const [endOfTexts, endOfReads] = [await texts, await reads];

  for (const frames of [endOfTexts, endOfReads]) {
    expect(faultsIn(frames)).toEqual([]);
    expect(recoveriesIn(frames)).toBe(RECOVERIES + 1);
    expect(eventsOf(frames, "error")).toMatchObject([{ error: "internal", retryable: true }]);
    expect(endOf(frames)).toBe("error");
  }
  expect(rig.modelCallsWith(mark)).toHaveLength(RECOVERIES + 1);
  const lost = eventsOf(endOfTexts, "usage");
  expect(lost.map(({ estimated }) => estimated)).toEqual(Array(RECOVERIES + 1).fill(true));
  const counted = lost.reduce((sum, usage) => sum + usage.input_tokens + usage.output_tokens, 0);
  expect((await writer.usage()).user).toMatchObject({ used: counted, reserved: 0 });

  expect(rig.bookOf(ref).map(({ what }) => what)).toEqual(Array(RECOVERIES + 1).fill("called"));
  expect(new Set(rig.bookOf(ref).map(({ key }) => key)).size).toBe(1);
  expect(eventsOf(endOfReads, "tool_result").map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  expect(eventsOf(endOfReads, "usage").map(({ estimated }) => estimated)).toEqual([undefined]);
  expect((await reader.usage()).user.reserved).toBe(0);
  // Neither is anybody locked out.
  for (const user of [writer, reader]) {
    expect(endOf(await user.turn(scriptOf([{ text: "Still here." }])))).toBe("end_turn");
  }
}

/** Starts a turn at one process, and leaves as soon as it is at work. */
async function startAt(owner: ServerProcess, user: FaultUser, message: string): Promise<string> {
  const response = await user.through(() => owner.url).request("POST", "/message", { body: { message } });
  let conversationId = "";
  for await (const { data } of readFrames(response)) {
    if (data.type === "session_created") conversationId = data.conversation_id;
    if (data.type === "text" || (data.type === "status_update" && data.state === "tool_running")) return conversationId;
  }
  throw new Error("the turn ended before it was at work");
}

/** Approves what is asked for in what came so far, after the silence; null when nothing is. */
function decideLater(user: FaultUser, received: string): Promise<Response> | null {
  const conversationId = /"conversation_id":"([^"]+)"/.exec(received)?.[1];
  const toolUseId = /"type":"tool_request","tool_use_id":"([^"]+)"/.exec(received)?.[1];
  if (conversationId === undefined || toolUseId === undefined) return null;
  return pause(SILENCE_MS).then(() => user.decide(conversationId, toolUseId, true));
}

function recoveriesIn(frames: readonly EventFrame[]): number {
  return eventsOf(frames, "status_update").filter(({ state }) => state === "recovering").length;
}

function outcomesIn(frames: readonly EventFrame[] | undefined): string[] {
  return eventsOf(frames ?? [], "tool_result").map(({ outcome }) => outcome);
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}
