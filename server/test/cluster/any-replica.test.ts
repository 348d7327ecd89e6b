import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames, textOf } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "../faults/fault-counts.ts";
import { noteFigures } from "../faults/fault-figures.ts";
import { FaultRig, LEASE_MS } from "../faults/fault-rig.ts";
import type { FaultUser } from "../faults/fault-user.ts";
import { until } from "../faults/until.ts";
import { POSTGRES, REDIS, whereInstalled } from "../services/installed.ts";
import { type PostgresServer, startPostgres } from "../services/postgres-server.ts";
import { type RedisServer, startRedis } from "../services/redis-server.ts";

const ROUNDS = faultCount("REPLICA_ROUNDS", { small: 3, full: 100 });
const KILLS = faultCount("REPLICA_KILLS", { small: 2, full: 50 });
const AT_ONCE = 30;
/** Promised: cancelled work has stopped by then, whoever was asked. */
const STOPPED_WITHIN_MS = 1000;
/** Promised: a dead owner shows within so long. */
const SHOWN_WITHIN_MS = LEASE_MS + 2000;

whereInstalled([POSTGRES, REDIS], () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let rig: FaultRig;
  /** The replicas' addresses. The first one is the rig's own, which can be killed. */
  const a = (): string => rig.url;
  let b: () => string;
  let c: () => string;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    rig = await FaultRig.start({ env: { DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url } });
    const [second, third] = await Promise.all([rig.addProcess(), rig.addProcess()]);
    b = () => second;
    c = () => third;
  });
  afterAll(async () => {
    await rig?.[Symbol.asyncDispose]();
    await Promise.all([postgres?.remove(), redis?.stop()]);
  });

  describe("three replicas on one PostgreSQL and one Redis", () => {
    it(
      `take the message, the stream and the decision each on another one (${ROUNDS} times)`,
      async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const ref = `pay-${round};`;
          const user = await rig.signIn();
          const shownOnB = Promise.withResolvers<string[]>();
          const turn = user.through(a).turn(scriptOf([pay(ref), { text: "Paid." }]), {
            onFrame: async ({ data }, conversationId) => {
              if (data.type === "session_created")
                readRaw(user.through(b), conversationId).then(shownOnB.resolve, shownOnB.reject);
              if (data.type !== "tool_request") return;
              const decided = await user.through(c).decide(conversationId, data.tool_use_id, true);
              expect(decided.status).toBe(200);
            },
          });
          const frames = await turn;
          expect(faultsIn(frames)).toEqual([]);
          expect(endOf(frames)).toBe("end_turn");
          expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok"]);
          expect(rig.bookOf(ref).filter(({ what }) => what === "ran")).toHaveLength(1);
          expect(await shownOnB.promise).toEqual(frames.map(({ raw }) => raw));
        }
        noteFigures("G2", { "message, stream and decision on three replicas": ROUNDS });
      },
      FAULT_TIMEOUT_MS,
    );

    it(
      `stop a model call and a tool within a second when another one is asked to (${ROUNDS} times)`,
      async () => {
        const stoppedMs: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          const user = await rig.signIn();
          const mark = `cancel-${round};`;
          let closed: Promise<number> = Promise.resolve(Number.NaN);
          let cancelledAt = Number.NaN;
          const text = scriptOf([{ text: `${mark} and on. `, repeat: 2000, chunks: 2000, delay_ms: 5 }]);
          const frames = await user.through(a).turn(text, {
            onFrame: async ({ data }, conversationId) => {
              if (data.type !== "text" || !Number.isNaN(cancelledAt)) return;
              cancelledAt = performance.now();
              closed = Promise.all(rig.modelCallsWith(mark).map(({ ended }) => ended)).then(() => performance.now());
              await cancel(user.through(b), conversationId);
            },
          });
          expect(endOf(frames)).toBe("cancelled");
          stoppedMs.push((await closed) - cancelledAt);

          const ref = `wait-${round};`;
          let abortedSince = Number.NaN;
          const waited = await user
            .through(a)
            .turn(scriptOf([{ tool_use: [{ name: "bank__wait", input: { ref } }] }]), {
              onFrame: async ({ data }, conversationId) => {
                if (data.type !== "status_update" || data.state !== "tool_running") return;
                await until(() => rig.bookOf(ref).length > 0);
                abortedSince = Date.now();
                await cancel(user.through(b), conversationId);
              },
            });
          expect(endOf(waited)).toBe("cancelled");
          await until(() => rig.bookOf(ref).some(({ what }) => what === "aborted"));
          stoppedMs.push((rig.bookOf(ref).find(({ what }) => what === "aborted")?.at ?? Number.NaN) - abortedSince);
          expect((await user.usage()).user.reserved).toBe(0);
        }
        expect(Math.max(...stoppedMs)).toBeLessThan(STOPPED_WITHIN_MS);
        noteFigures("G14", { "cancelled on another replica, longest (ms)": Math.round(Math.max(...stoppedMs)) });
      },
      FAULT_TIMEOUT_MS,
    );

    it(
      `go on with the turn of one that is killed, on another one (${KILLS} times)`,
      async () => {
        const shownMs: number[] = [];
        for (let round = 0; round < KILLS; round += 1) {
          const user = await rig.signIn();
          const words = `Kill ${round}: the river carries every boat. `;
          const inMidText = Promise.withResolvers<string>();
          const lost = user.through(a).request("POST", "/message", {
            body: { message: scriptOf([{ text: words, repeat: 20, chunks: 40, delay_ms: 15 }]) },
          });
          await lost.then(async (response) => {
            let pieces = 0;
            let id = "";
            for await (const { data } of readFrames(response)) {
              if (data.type === "session_created") id = data.conversation_id;
              if (data.type === "text") pieces += 1;
              if (pieces !== 3) continue;
              inMidText.resolve(id);
              return;
            }
          });
          const conversationId = await inMidText.promise;
          await rig.kill();
          const killedAt = performance.now();
          const frames: EventFrame[] = [];
          let recoveringAt = Number.NaN;
          const response = await user.through(b).request("GET", `/conversations/${conversationId}/events`);
          for await (const frame of readFrames(response)) {
            frames.push(frame);
            if (frame.data.type === "status_update" && frame.data.state === "recovering")
              recoveringAt = performance.now();
          }
          shownMs.push(recoveringAt - killedAt);
          expect(faultsIn(frames)).toEqual([]);
          expect(endOf(frames)).toBe("end_turn");
          expect(textOf(frames)).toBe(words.repeat(20));
          expect(rig.modelCallsWith(`Kill ${round}:`).length).toBeLessThanOrEqual(2);
          expect((await user.through(b).usage()).user.reserved).toBe(0);
          // The lock of the dead one keeps nobody out.
          expect(endOf(await user.through(b).turn("Hello again"))).toBe("end_turn");
          await rig.restart();
        }
        expect(Math.max(...shownMs)).toBeLessThan(SHOWN_WITHIN_MS);
        noteFigures("G8", { "kill -9, shown on another replica, longest (ms)": Math.round(Math.max(...shownMs)) });
      },
      FAULT_TIMEOUT_MS,
    );

    it(`start one turn of a user when ${AT_ONCE} messages come at the same moment`, async () => {
      const user = await rig.signIn();
      const message = scriptOf([{ tool_use: [{ name: "bank__wait", input: { ref: "one;" } }] }]);
      const doors = [a, b, c];
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_unused, index) =>
          user.through(doors[index % doors.length] ?? a).request("POST", "/message", { body: { message } }),
        ),
      );
      const started = answers.filter(({ status }) => status === 200);
      const refused = answers.filter(({ status }) => status === 409);
      expect(started).toHaveLength(1);
      expect(refused).toHaveLength(AT_ONCE - 1);
      const told = await Promise.all(refused.map(async (answer) => JSON.parse(await answer.text())));
      expect(new Set(told.map(({ error }) => error))).toEqual(new Set(["concurrent_request"]));
      const ids = new Set(told.map(({ conversation_id }) => String(conversation_id)));
      expect(ids.size).toBe(1);
      await until(() => rig.bookOf("one;").length > 0);
      await cancel(user.through(c), [...ids][0] ?? "");
      const [stream] = started;
      if (stream === undefined) throw new Error("none was started");
      const frames: EventFrame[] = [];
      for await (const frame of readFrames(stream)) frames.push(frame);
      expect(endOf(frames)).toBe("cancelled");
      expect(rig.bookOf("one;").filter(({ what }) => what === "called")).toHaveLength(1);
    });

    it("store what PostgreSQL has no character for", async () => {
      const user = await rig.signIn();
      const message = "A \u0000 and a name";
      let id = "";
      const frames = await user
        .through(a)
        .turn(message, { onFrame: (_frame, conversationId) => (id = conversationId) });
      expect(endOf(frames)).toBe("end_turn");
      const { messages } = await user.through(b).conversation(id);
      expect(messages[0]?.content).toEqual([{ type: "text", text: message }]);
    });
  });
});

/** The conversation's events up to the end of its turn, as they come over the wire. */
async function readRaw(user: FaultUser, conversationId: string): Promise<string[]> {
  const raw: string[] = [];
  for await (const frame of readFrames(await user.request("GET", `/conversations/${conversationId}/events`))) {
    raw.push(frame.raw);
  }
  return raw;
}

async function cancel(user: FaultUser, conversationId: string): Promise<void> {
  const response = await user.request("POST", "/cancel", { body: { conversation_id: conversationId } });
  expect(response.status).toBe(202);
}

function pay(ref: string): object {
  return { tool_use: [{ name: "bank__pay", input: { ref } }] };
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}
