import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../src/store/store.ts";
import { checkEventLog } from "../check-event-log.ts";
import { seededRandom } from "../seeded-random.ts";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";

const ROUNDS = faultCount("ENDING_KILLS", { small: 2, full: 50 });
/** People whose turns end at about the same moment. */
const AT_ONCE = 6;
const APPROVAL_TTL_MS = 1000;
/** Within so long after its time an expired question is found. */
const SWEEP_MS = 1000;
/** Longer than it takes to end one turn and to start another. */
const SUPERSEDE_MS = 150;
const SEED = faultSeed();

describe.concurrent(`a question whose server dies at its end (seed ${SEED})`, () => {
  it(
    `expires once (${ROUNDS} kills)`,
    async () => {
      await using rig = await FaultRig.start({ env: { CHATBOT_APPROVAL_TTL_SECONDS: String(APPROVAL_TTL_MS / 1000) } });
      const random = seededRandom(SEED);
      for (let round = 0; round < ROUNDS; round += 1) {
        const firstEnded = Promise.withResolvers<void>();
        const asked = await Promise.all(
          Array.from({ length: AT_ONCE }, async (_, index) => {
            const ref = `expires-${round}-${index};`;
            const onFrame = ({ data }: EventFrame): void => {
              if (data.type === "tool_result") firstEnded.resolve();
            };
            return { ref, ...(await ask(await rig.signIn(), ref, onFrame)) };
          }),
        );
        // At any moment around the end, or when the first one has ended and the others are about to.
        await (random() < 0.5 ? firstEnded.promise : pause(APPROVAL_TTL_MS + random() * SWEEP_MS));
        await rig.kill();
        await rig.restart();
        for (const { ref, user, turn } of asked) {
          const frames = await turn;
          expect(faultsIn(frames)).toEqual([]);
          expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["expired"]);
          expect(endOf(frames)).toBe("end_turn");
          expect(rig.bookOf(ref)).toEqual([]);
          expect((await user.usage()).user.reserved).toBe(0);
        }
      }
      noteFigures("G2", {
        "kill -9 while approvals expired": ROUNDS,
        "approvals that expired once": ROUNDS * AT_ONCE,
      });
    },
    FAULT_TIMEOUT_MS,
  );

  it(
    `is superseded once (${ROUNDS} kills)`,
    async () => {
      await using rig = await FaultRig.start();
      const random = seededRandom(SEED + 1);
      for (let round = 0; round < ROUNDS; round += 1) {
        const asked = await Promise.all(
          Array.from({ length: AT_ONCE }, async (_, index) => {
            const ref = `superseded-${round}-${index};`;
            return { ref, ...(await ask(await rig.signIn(), ref)) };
          }),
        );
        const next = asked.map(({ user, conversationId }) => say(user, conversationId, "Never mind."));
        await pause(random() * SUPERSEDE_MS);
        await rig.kill();
        await rig.restart();
        for (const [index, { ref, user, turn, conversationId }] of asked.entries()) {
          const first = await turn;
          expect(eventsOf(first, "tool_result").map(({ outcome }) => outcome)).toEqual(["superseded"]);
          expect(endOf(first)).toBe("superseded");
          expect(endOf((await next[index]) ?? [])).toBe("end_turn");
          const log = await user.log(conversationId);
          expect(faultsInLog(log)).toEqual([]);
          expect(eventsOf(log, "done").map(({ reason }) => reason)).toEqual(["superseded", "end_turn"]);
          expect(eventsOf(log, "tool_result")).toHaveLength(1);
          expect(rig.bookOf(ref)).toEqual([]);
          expect((await user.usage()).user.reserved).toBe(0);
        }
      }
      noteFigures("G2", {
        "kill -9 while approvals were superseded": ROUNDS,
        "approvals that were superseded once": ROUNDS * AT_ONCE,
      });
    },
    FAULT_TIMEOUT_MS,
  );
});

/** A turn that waits for its person. */
async function ask(
  user: FaultUser,
  ref: string,
  onFrame: (frame: EventFrame) => void = () => undefined,
): Promise<{ user: FaultUser; turn: Promise<EventFrame[]>; conversationId: string }> {
  const asked = Promise.withResolvers<string>();
  const script = [{ tool_use: [{ name: "bank__pay", input: { ref } }] }, { text: "I see." }];
  const turn = user.turn(`script:${JSON.stringify(script)}`, {
    onFrame: (frame, conversationId) => {
      const { data } = frame;
      if (data.type === "status_update" && data.state === "awaiting_approval") asked.resolve(conversationId);
      onFrame(frame);
    },
  });
  return { user, turn, conversationId: await asked.promise };
}

/** Sends a further message as the element does: with the same key until it is answered, then to the end of its turn. */
async function say(user: FaultUser, conversationId: string, text: string): Promise<EventFrame[]> {
  const body = { message: `script:${JSON.stringify([{ text }])}`, conversation_id: conversationId };
  const headers = { "Idempotency-Key": randomUUID() };
  for (; ; await pause(AGAIN_MS)) {
    const frames: EventFrame[] = [];
    try {
      const response = await user.request("POST", "/message", { body, headers });
      // 409: the turn whose owner died is still the user's one turn, for a moment.
      if (response.status !== 200) expect(response.status, await response.text()).toBe(409);
      for await (const frame of readFrames(response)) frames.push(frame);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    if (endOf(frames) !== null) return frames;
  }
}

const AGAIN_MS = 20;

/** What of the contract's "Always true" does not hold for a conversation of several turns. */
function faultsInLog(frames: readonly EventFrame[]): string[] {
  let turnId = "";
  const log = frames.map(({ id, data }, index): LoggedEvent => {
    const started = index === 0 ? frames[1]?.data : data;
    if (started?.type === "status_update" && started.state === "started") turnId = started.turn_id;
    return { seq: Number(id.split("-")[1]), turnId, type: data.type, data: JSON.stringify(data) };
  });
  return checkEventLog(log);
}
