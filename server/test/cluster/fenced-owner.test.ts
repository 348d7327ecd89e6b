import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, faultsIn, textOf } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "../faults/fault-counts.ts";
import { noteFigures } from "../faults/fault-figures.ts";
import { FaultRig } from "../faults/fault-rig.ts";
import type { ServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { POSTGRES, REDIS, whereInstalled } from "../services/installed.ts";
import { type PostgresServer, startPostgres } from "../services/postgres-server.ts";
import { type RedisServer, startRedis } from "../services/redis-server.ts";
import { Ledger } from "./ledger.ts";
import { StoppedTurn } from "./stopped-turn.ts";

const ROUNDS = faultCount("FENCE_ROUNDS", { small: 1, full: 50 });
/** Long enough that no owner on a busy machine is taken for dead. */
const LEASE_SECONDS = 2;

/** When the old owner wakes: the next one is in the middle of its work, or has done all of it. */
const WAKES = ["at work", "over"] as const;

whereInstalled([POSTGRES, REDIS], () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let rig: FaultRig;
  let ledger: Ledger;
  let owner: ServerProcess;
  const onOwner = (): string => owner.url;
  const onHeir = (): string => rig.url;
  const tally = { turns: 0, refused: 0 };

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const database = await postgres.createDatabase();
    rig = await FaultRig.start({
      env: {
        DATABASE_URL: database,
        REDIS_URL: redis.url,
        CHATBOT_LEASE_SECONDS: String(LEASE_SECONDS),
        // What is counted is then what was told, to the token.
        CHATBOT_CACHE_READ_WEIGHT: "1",
      },
    });
    ledger = new Ledger(database);
    owner = await rig.addReplica();
  });
  afterAll(async () => {
    await ledger?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
    await Promise.all([postgres?.remove(), redis?.stop()]);
  });

  describe("an owner that is stopped past its lease", () => {
    it(
      `writes nothing any more when it wakes, ends what it had begun, and serves the next ones (${ROUNDS} times)`,
      async () => {
        const written = new Map<string, string>();
        for (let round = 0; round < ROUNDS; round += 1) {
          const turns = await stopAndWake(round, WAKES[round % WAKES.length] ?? "over");
          for (const { id } of turns) written.set(id, await ledger.rowsOf(id));
        }
        // Whatever it would have done late: it has had the time for it.
        for (const [id, rows] of written) expect(await ledger.rowsOf(id)).toBe(rows);
        expect(await ledger.reservations()).toBe(0);
        noteFigures("G9", {
          "owners stopped past their lease and woken": ROUNDS,
          "turns they had": tally.turns,
          "writes of old owners accepted": 0,
          "calls that ran twice": 0,
          "second messages refused meanwhile (409)": tally.refused,
        });
      },
      FAULT_TIMEOUT_MS,
    );
  });

  /** An owner with a turn of each kind is stopped, another one takes all of them over, and the first one wakes. */
  async function stopAndWake(round: number, heirIs: (typeof WAKES)[number]): Promise<StoppedTurn[]> {
    const [waiting, asking] = await Promise.all([
      StoppedTurn.start("waits", round, await rig.signIn(), onOwner),
      StoppedTurn.start("asks", round, await rig.signIn(), onOwner),
    ]);
    await until(() => entries(waiting.ref, "called") + entries(asking.ref, "called") === 2);
    await until(() => asking.heard.frames.some(({ data }) => data.type === "tool_request"));
    const [writing, charging] = await Promise.all([
      StoppedTurn.start("writes", round, await rig.signIn(), onOwner),
      StoppedTurn.start("charges", round, await rig.signIn(), onOwner),
    ]);
    await until(() => eventsOf(writing.heard.frames, "text").length >= 3 && entries(charging.ref, "ran") === 1);
    owner.pause();
    const turns = [waiting, asking, writing, charging];
    tally.turns += turns.length;
    await expectRefusals(turns);

    const heard = await Promise.all(turns.map((turn) => turn.readAt(onHeir)));
    const [, asked, written] = heard;
    await until(() => heard.every(({ frames }) => afterTakeover(frames).length > 0));
    await until(() => afterTakeover(asked?.frames ?? []).some((event) => event === "awaiting_approval"));
    if (heirIs === "at work") {
      await until(() => afterTakeover(written?.frames ?? []).includes("text"));
      await expectRefusals([writing]);
      await wake(turns);
    }
    expect(await asking.approve(onHeir)).toBe(200);
    await Promise.all(heard.map(({ ended }) => ended));
    for (const [index, turn] of turns.entries()) await check(turn, heard[index]?.frames ?? []);
    if (heirIs === "over") {
      // The old owner's lock keeps nobody out.
      expect(endOf(await writing.user.through(onHeir).turn("Hello again"))).toBe("end_turn");
      const before = await Promise.all(turns.map(({ id }) => ledger.rowsOf(id)));
      await wake(turns);
      expect(await Promise.all(turns.map(({ id }) => ledger.rowsOf(id)))).toEqual(before);
    }
    // Who reads at the old owner is told the same.
    await Promise.all(turns.map((turn) => turn.heard.ended));
    for (const [index, turn] of turns.entries()) {
      expect(turn.heard.frames.map(({ raw }) => raw)).toEqual(heard[index]?.frames.map(({ raw }) => raw));
    }
    return turns;
  }

  /** Resolves when the old owner has let go of all it had. */
  async function wake(turns: readonly StoppedTurn[]): Promise<void> {
    owner.resume();
    for (const { doing, mark, ref } of turns) {
      // The connection on which the provider is silent is closed, and tools are told to stop.
      await rig.modelCallsWith(mark)[0]?.ended;
      if (doing === "waits" || doing === "asks") await until(() => entries(ref, "aborted") === 1);
    }
    expect((await fetch(`${owner.url}/health`)).status).toBe(200);
    expect(endOf(await (await rig.signIn()).through(onOwner).turn("Are you well?"))).toBe("end_turn");
  }

  async function expectRefusals(turns: readonly StoppedTurn[]): Promise<void> {
    await Promise.all(
      turns.map(async ({ user, id }) => {
        const body = { message: "Another one" };
        const answer = await user.through(onHeir).request("POST", "/message", { body });
        const told: unknown = JSON.parse(await answer.text());
        expect(told).toMatchObject({ error: "concurrent_request", conversation_id: id });
        expect(answer.status).toBe(409);
        tally.refused += 1;
      }),
    );
  }

  /** The turn as its heir has ended it. */
  async function check(turn: StoppedTurn, frames: readonly EventFrame[]): Promise<void> {
    const context = `${turn.mark}\n${frames.map(({ raw }) => raw).join("\n")}`;
    expect(faultsIn(frames), context).toEqual([]);
    expect(endOf(frames), context).toBe("end_turn");
    expect(textOf(frames), context).toBe(turn.words);
    expect(eventsOf(frames, "status_update").filter(({ state }) => state === "recovering")).toHaveLength(1);

    const outcomes = eventsOf(frames, "tool_result").map(({ outcome }) => outcome);
    const expected = { writes: [], waits: ["unknown"], charges: ["unknown"], asks: ["unknown", "ok"] };
    expect(outcomes, context).toEqual(expected[turn.doing]);
    expect(entries(turn.ref, "called")).toBe(turn.doing === "writes" ? 0 : 1);
    expect(entries(turn.ref, "ran")).toBe(turn.doing === "charges" ? 1 : 0);
    expect([entries(turn.payRef, "called"), entries(turn.payRef, "ran")]).toEqual(
      turn.doing === "asks" ? [1, 1] : [0, 0],
    );

    const usage = eventsOf(frames, "usage");
    expect(rig.modelCallsWith(turn.mark)).toHaveLength(2);
    expect(usage.map(({ estimated }) => estimated === true)).toEqual([turn.doing === "writes", false]);
    const tokens = usage.map(
      (event) =>
        event.input_tokens + event.cache_read_input_tokens + event.cache_creation_input_tokens + event.output_tokens,
    );
    const { user } = await turn.user.through(onHeir).usage();
    expect(user, context).toMatchObject({ reserved: 0, used: tokens.reduce((sum, some) => sum + some, 0) });
  }

  function entries(ref: string, what: "called" | "ran" | "aborted"): number {
    return rig.bookOf(ref).filter((entry) => entry.what === what).length;
  }
});

/** What has been told since another owner has taken the turn. */
function afterTakeover(frames: readonly EventFrame[]): string[] {
  const told = frames.map(({ data }) => (data.type === "status_update" ? data.state : data.type));
  const at = told.indexOf("recovering");
  return at === -1 ? [] : told.slice(at);
}
