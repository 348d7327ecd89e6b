import { describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { endOf, eventsOf, faultsIn } from "./event-frames.ts";
import { FAULT_TIMEOUT_MS, faultSeed } from "./fault-counts.ts";
import { noteFigures } from "./fault-figures.ts";
import type { FaultRig } from "./fault-rig.ts";
import { until } from "./until.ts";

const AT_ONCE = 50;
const SEED = faultSeed();

/** How often everybody decides at once. */
export interface FirstDecisionOptions {
  rounds: number;
  start(): Promise<FaultRig>;
}

/** Defines the tests of decisions that meet, on whatever keeps them. */
export function describeFirstDecision(where: string, { rounds, start }: FirstDecisionOptions): void {
  describe(`decisions that come at the same moment, ${where} (seed ${SEED})`, () => {
    it(
      `have one winner and one execution, and all others learn the recorded answer (${rounds} rounds of ${AT_ONCE})`,
      async () => {
        await using rig = await start();
        // Within one process decisions hardly ever meet: its database is synchronous.
        const urls = [rig.url, ...(await Promise.all([rig.addProcess(), rig.addProcess()]))];
        const random = seededRandom(SEED);
        // One that reads beside the process that goes on learns of it only after a while.
        const readers: Promise<unknown>[] = [];
        const tally = { approved: 0, denied: 0, repeated: 0, refused: 0 };
        for (let round = 0; round < rounds; round += 1) {
          const ref = `pay-${round};`;
          const user = await rig.signIn();
          const script = [{ tool_use: [{ name: "bank__pay", input: { ref } }] }, { text: "Decided." }];
          const asked = Promise.withResolvers<{ conversationId: string; toolUseId: string }>();
          const turn = user.turn(`script:${JSON.stringify(script)}`, {
            onFrame: ({ data }, conversationId) => {
              if (data.type === "tool_request") asked.resolve({ conversationId, toolUseId: data.tool_use_id });
            },
          });
          const { conversationId, toolUseId } = await asked.promise;
          const wishes = Array.from({ length: AT_ONCE }, () => random() < 0.5);
          const answers = await Promise.all(
            wishes.map(async (approved, index) => {
              const response = await user
                .through(() => urls[index % urls.length] ?? rig.url)
                .decide(conversationId, toolUseId, approved);
              const body: Record<string, unknown> = JSON.parse(await response.text());
              return { approved, status: response.status, body };
            }),
          );
          readers.push(turn);
          await until(async () => (await user.conversation(conversationId)).active_turn === null);
          const frames = await user.log(conversationId);

          const winner = answers.find(({ status }) => status === 200);
          const decision = winner?.approved === true ? "approved" : "denied";
          for (const { approved, status, body } of answers) {
            if (approved === winner?.approved) {
              expect({ status, body }).toEqual({ status: 200, body: winner.body });
            } else {
              expect({ status, body }).toMatchObject({ status: 409, body: { error: "already_decided", decision } });
            }
          }
          expect(winner?.body).toMatchObject({ tool_use_id: toolUseId, decision });
          expect(rig.bookOf(ref).filter(({ what }) => what === "ran")).toHaveLength(decision === "approved" ? 1 : 0);
          expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual([
            decision === "approved" ? "ok" : "denied",
          ]);
          expect(faultsIn(frames)).toEqual([]);
          expect(endOf(frames)).toBe("end_turn");
          tally[decision] += 1;
          tally.repeated += answers.filter(({ status }) => status === 200).length - 1;
          tally.refused += answers.filter(({ status }) => status === 409).length;
        }
        await Promise.all(readers);
        noteFigures(`G3, ${where}`, {
          [`rounds of ${AT_ONCE} decisions at once, over ${urls.length} processes`]: rounds,
          "won by approve": tally.approved,
          "won by deny": tally.denied,
          "same answer again (200)": tally.repeated,
          "refused (409 already_decided)": tally.refused,
        });
      },
      FAULT_TIMEOUT_MS,
    );
  });
}
