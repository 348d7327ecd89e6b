import { describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames, textOf } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";
import type { FaultUser } from "./fault-user.ts";

const STOPS = faultCount("STOPS", { small: 1, full: 20 });
/** Each kind of turn so many times. */
const OF_EACH = 2;
const DRAIN_MS = 3000;
/** Longer than any of this takes. */
const FOREVER_MS = 60_000;
/** Longer than the time to drain, where nothing depends on it. */
const LONG_MS = DRAIN_MS + 1000;
/** After its last turn a process lets readers have their last words, and closes what it has open. */
const LITTLE_MS = 2000;
/** So that no process loses a turn because the machine is busy; what is handed over needs no lease to end. */
const LEASE_SECONDS = "30";
const LAST_WORDS = "That is all.";

/** A turn that is on its way when its process is told to stop. */
interface Kind {
  /** The model's steps. `mark` tells the turn from all others. */
  steps(mark: string): object[];
  outcomes: string[];
  /** One of its model calls is lost in any case. On a busy machine others may lose one, too. */
  isCut: boolean;
  /** Where its question is answered. */
  decidedAt?: "leaving" | "staying";
}

const KINDS: readonly Kind[] = [
  { steps: (mark) => [writing(mark, 400)], outcomes: [], isCut: false },
  // Its model falls silent in mid-text, once.
  { steps: (mark) => [{ ...writing(mark, 400), fault: "stall", times: 1 }], outcomes: [], isCut: true },
  // Goes on from step to step: it is handed over between two of them.
  {
    steps: (mark) => calling("bank__balance", Array(8).fill(250), mark),
    outcomes: Array(8).fill("ok"),
    isCut: false,
  },
  { steps: (mark) => calling("bank__charge", [500], mark), outcomes: ["ok"], isCut: false },
  { steps: (mark) => calling("bank__charge", [FOREVER_MS], mark), outcomes: ["unknown"], isCut: false },
  { steps: (mark) => calling("bank__balance", [LONG_MS], mark), outcomes: ["ok"], isCut: false },
  { steps: (mark) => calling("bank__pay", [0], mark), outcomes: ["ok"], isCut: false, decidedAt: "leaving" },
  { steps: (mark) => calling("bank__pay", [0], mark), outcomes: ["ok"], isCut: false, decidedAt: "staying" },
];

function writing(mark: string, durationMs: number): object {
  const chunks = Math.ceil(durationMs / 20);
  return { text: `${mark.repeat(Math.ceil(chunks / 10))}${LAST_WORDS}`, chunks, delay_ms: 20 };
}

/** A call after the other, each of so many milliseconds. */
function calling(name: string, beforeMs: readonly number[], mark: string): object[] {
  const calls = beforeMs.map((before_ms, step) => ({
    tool_use: [{ name, input: { ref: `${mark}${step}`, before_ms } }],
  }));
  return [...calls, { text: LAST_WORDS }];
}

describe("a process that is told to stop", () => {
  it(
    `takes nothing new, and lets its turns end or hands them over (SIGTERM ${STOPS} times)`,
    async () => {
      await using rig = await FaultRig.start({ env: { CHATBOT_LEASE_SECONDS: LEASE_SECONDS } });
      const tally = { ended: 0, "between two steps": 0, "in mid-step": 0 };
      const stopMs: number[] = [];
      for (let stop = 0; stop < STOPS; stop += 1) {
        const leaving = await rig.addReplica({ CHATBOT_DRAIN_SECONDS: String(DRAIN_MS / 1000) });
        let url = leaving.url;
        const turns = await Promise.all(
          Array.from({ length: KINDS.length * OF_EACH }, async (_, index) => {
            const kind = KINDS[index % KINDS.length];
            if (kind === undefined) throw new Error("there is no such kind");
            const mark = `Stop ${stop}, turn ${index}; `;
            const user = await rig.signIn();
            return {
              kind,
              mark,
              user,
              ...(await startTurn(
                user.through(() => url),
                kind,
                mark,
              )),
            };
          }),
        );
        const toldAt = performance.now();
        const stopped = leaving.stop();
        const decided = turns.map(async ({ kind, user, question }) => {
          if (kind.decidedAt === undefined) return 200;
          const { conversationId, toolUseId } = await question;
          if (kind.decidedAt === "staying") await stopped;
          const decider = kind.decidedAt === "staying" ? user : user.through(() => leaving.url);
          return (await decider.decide(conversationId, toolUseId, true)).status;
        });
        await expectRefusal(rig, leaving.url);
        expect(await stopped).toBe(0);
        stopMs.push(performance.now() - toldAt);
        url = rig.url;
        expect(await Promise.all(decided)).toEqual(decided.map(() => 200));
        for (const { kind, mark, user, frames } of turns)
          tally[await expectWhole(rig, kind, mark, user, await frames)] += 1;
      }
      expect(Math.max(...stopMs)).toBeLessThan(DRAIN_MS + LITTLE_MS);
      noteFigures("SIGTERM", {
        "processes stopped under load": STOPS,
        "turns that ended there or were waiting": tally.ended,
        "turns handed over between two steps": tally["between two steps"],
        "turns handed over in mid-step, at the end of the time": tally["in mid-step"],
        [`from SIGTERM to exit 0 with ${DRAIN_MS / 1000} s to drain, longest (ms)`]: Math.round(Math.max(...stopMs)),
      });
    },
    FAULT_TIMEOUT_MS,
  );
});

/** Starts a turn; resolves when it is at work, or has asked. */
async function startTurn(
  user: FaultUser,
  kind: Kind,
  mark: string,
): Promise<{ frames: Promise<EventFrame[]>; question: Promise<{ conversationId: string; toolUseId: string }> }> {
  const atWork = Promise.withResolvers<void>();
  const question = Promise.withResolvers<{ conversationId: string; toolUseId: string }>();
  const frames = user.turn(`script:${JSON.stringify(kind.steps(mark))}`, {
    onFrame: ({ data }, conversationId) => {
      if (data.type === "tool_request") question.resolve({ conversationId, toolUseId: data.tool_use_id });
      if (data.type === "text" || data.type === "tool_use") atWork.resolve();
    },
  });
  const isThere = kind.decidedAt === undefined ? atWork.promise : question.promise;
  // A turn that fails or ends before must not be waited for.
  await Promise.race([isThere, frames.then(() => expect.unreachable(`${mark}ended before it was at work`))]);
  return { frames, question: question.promise };
}

/** New messages are refused as soon as the signal has arrived; one that came before is answered to its end. */
async function expectRefusal(rig: FaultRig, url: string): Promise<void> {
  const answered: Promise<string | null>[] = [];
  while (true) {
    const user = (await rig.signIn()).through(() => url);
    const response = await user.request("POST", "/message", { body: { message: `script:{"text":"${LAST_WORDS}"}` } });
    if (response.status !== 200) {
      expect({ status: response.status, body: await response.json() }).toMatchObject({
        status: 503,
        body: { error: "draining" },
      });
      expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
      expect(await Promise.all(answered)).toEqual(answered.map(() => "end_turn"));
      return;
    }
    answered.push(lastOf(response));
  }
}

async function lastOf(response: Response): Promise<string | null> {
  const frames: EventFrame[] = [];
  for await (const frame of readFrames(response)) frames.push(frame);
  return endOf(frames);
}

/** Nothing is lost and nothing happens twice. Resolves with where the turn was left. */
async function expectWhole(
  rig: FaultRig,
  kind: Kind,
  mark: string,
  user: FaultUser,
  frames: readonly EventFrame[],
): Promise<"ended" | "between two steps" | "in mid-step"> {
  const context = `${mark}\n${frames.map(({ raw }) => raw).join("\n")}`;
  expect(faultsIn(frames), context).toEqual([]);
  expect(endOf(frames), context).toBe("end_turn");
  expect(textOf(frames).endsWith(LAST_WORDS), context).toBe(true);
  expect(await user.log(eventsOf(frames, "session_created")[0]?.conversation_id ?? "")).toEqual(frames);
  expect((await user.usage()).user.reserved, context).toBe(0);

  const states = eventsOf(frames, "status_update").map(({ state }) => state);
  const lost = rig.modelCallsWith(mark).length - kind.steps(mark).length;
  const isCut = states.includes("step_reset");
  expect(lost, context).toBe(isCut ? 1 : 0);
  expect(isCut, context).toBe(isCut || kind.isCut);
  expect(
    eventsOf(frames, "usage").filter(({ estimated }) => estimated === true),
    context,
  ).toHaveLength(lost);

  const isHandedOver = states.includes("recovering");
  for (const [index, { name, outcome }] of eventsOf(frames, "tool_result").entries()) {
    const mayBeUnknown = isHandedOver && name !== "bank__balance";
    expect(mayBeUnknown ? ["unknown", kind.outcomes[index]] : [kind.outcomes[index]], context).toContain(outcome);
  }
  expect(eventsOf(frames, "tool_result"), context).toHaveLength(kind.outcomes.length);
  for (const { name, input } of eventsOf(frames, "tool_use")) {
    if (input === undefined) continue;
    const called = rig.bookOf(String(input["ref"])).filter(({ what }) => what === "called");
    expect(called.length, context).toBeGreaterThanOrEqual(1);
    if (name !== "bank__balance") expect(called, context).toHaveLength(1);
  }
  if (isCut) return "in mid-step";
  return isHandedOver ? "between two steps" : "ended";
}
