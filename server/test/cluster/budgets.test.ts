import { setTimeout as pause } from "node:timers/promises";
import type { LimitType, UsageEvent } from "@chat-bot/widget/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countInputTokens } from "../../../demo/src/scripted-claude/usage.ts";
import { validateMessages } from "../../../demo/src/scripted-claude/validate-request.ts";
import { resetsAt } from "../../src/admit/budget-day.ts";
import { hashedKey, ownerKey } from "../../src/store/identity.ts";
import { readFrames } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "../faults/fault-counts.ts";
import { noteFigures } from "../faults/fault-figures.ts";
import { FaultRig } from "../faults/fault-rig.ts";
import { type FaultUser, ISSUER, type Member } from "../faults/fault-user.ts";
import type { ServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { seededRandom } from "../seeded-random.ts";
import { POSTGRES, REDIS, whereInstalled } from "../services/installed.ts";
import { type PostgresServer, startPostgres } from "../services/postgres-server.ts";
import { type RedisServer, startRedis } from "../services/redis-server.ts";
import { type Balance, type KeptEvent, Ledger } from "./ledger.ts";
import { People } from "./people.ts";

const REPLICAS = 3;
const WORKERS = REPLICAS * faultCount("BUDGET_WORKERS", { small: 6, full: 60 });
const KILLS = faultCount("BUDGET_KILLS", { small: 2, full: 20 });
const SEED = faultSeed();

// A turn costs one or two thousand tokens, and a model call is booked with about 3,500. Users who are alone in their
// organization write until they have used up their own limit. Those in a crowd write so little that only their
// organization can stop them, and in the second phase so little that only the total can.
const USER_LIMIT = 12_000;
const ORGANIZATION_LIMIT = 20_000;
const ALONE = WORKERS / 2;
const WORKERS_ALONE_PER_USER = 2;
const CROWD = 9;
const MESSAGES_IN_CROWD = 3;
const PAIR = 2;
const FOR_SECOND_PHASE = 1250 * WORKERS;
const GLOBAL_LIMIT =
  (ALONE / WORKERS_ALONE_PER_USER) * USER_LIMIT + ((WORKERS - ALONE) / CROWD) * ORGANIZATION_LIMIT + FOR_SECOND_PHASE;
const LIMITS: Record<LimitType, number> = {
  user: USER_LIMIT,
  organization: ORGANIZATION_LIMIT,
  global: GLOBAL_LIMIT,
};
/** Nobody alone needs as many. */
const MESSAGES_ALONE = 40;
/** After so many refusals a worker believes that its limit is used up. */
const REFUSALS = 5;

/** Somebody who sends one message after the other. */
interface Worker {
  member: Member;
  messages: number;
  /** The only limit that may stop them. */
  bound: LimitType;
}

whereInstalled([POSTGRES, REDIS], () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let rig: FaultRig;
  let ledger: Ledger;
  let replicas: ServerProcess[];
  const random = seededRandom(SEED);
  const tally = { accepted: 0, cancelled: 0, left: 0, lost: 0, busy: 0, overloaded: 0, killed: 0 };
  const refused: Record<LimitType, number> = { user: 0, organization: 0, global: 0 };
  let marks = 0;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const database = await postgres.createDatabase();
    rig = await FaultRig.start({
      env: {
        DATABASE_URL: database,
        REDIS_URL: redis.url,
        CHATBOT_DAILY_TOKEN_LIMIT_USER: String(LIMITS.user),
        CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION: String(LIMITS.organization),
        CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: String(LIMITS.global),
        CHATBOT_MAX_OUTPUT_TOKENS: "600",
        // What is counted is then what was sent and received, to the token.
        CHATBOT_CACHE_READ_WEIGHT: "1",
        CHATBOT_LEASE_SECONDS: "2",
        CHATBOT_LOCK_TTL_SECONDS: "5",
      },
    });
    ledger = new Ledger(database);
    // Its own process has made the tables; those that are killed here are replaced by others.
    await rig.kill();
    replicas = await Promise.all(Array.from({ length: REPLICAS }, () => rig.addReplica()));
  });
  afterAll(async () => {
    await ledger?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
    await Promise.all([postgres?.remove(), redis?.stop()]);
  });

  /** One that is not being killed, of all there are at this moment. */
  const door = (): string => replicas[Math.floor(random() * replicas.length)]?.url ?? "";

  describe(`budgets of ${WORKERS} workers over ${REPLICAS} replicas (seed ${SEED})`, () => {
    it(
      "hold at all three levels at every moment, while turns are stopped and replicas killed",
      async () => {
        const over = new AbortController();
        const people = new People(rig, door);
        const beside = Promise.all([ledger.watch(LIMITS, over.signal), killNowAndThen(over.signal)]);
        try {
          await Promise.all(firstPhase().map((worker) => work(worker, people)));
          await Promise.all(secondPhase().map((worker) => work(worker, people)));
          await people.settleAll(ledger);
        } finally {
          over.abort();
          await beside;
        }
        const [watched] = await beside;
        expect(watched.above).toEqual([]);
        expect(await ledger.reservations()).toBe(0);
        for (const { reserved } of await ledger.balances()) expect(reserved).toBe(0);
        for (const type of ["user", "organization", "global"] as const) expect(refused[type]).toBeGreaterThan(0);
        expect(tally.busy).toBeGreaterThan(0);
        expect(tally.killed).toBeGreaterThan(0);
        checkSums(await ledger.balances(), usageIn(await ledger.events()));
        const byEstimate = checkCalls(await ledger.events());
        const used = (await ledger.balances()).find(({ scope }) => scope === "global")?.used ?? 0;
        noteFigures("G10", {
          seed: SEED,
          "workers over 3 replicas": WORKERS,
          "turns admitted": tally.accepted,
          "turns cancelled": tally.cancelled,
          "readers that left": tally.left,
          "connections lost": tally.lost,
          "replicas killed": tally.killed,
          "refused by the user's limit": refused.user,
          "refused by the organization's limit": refused.organization,
          "refused by the total limit": refused.global,
          "refused because a turn runs (409)": tally.busy,
          "refused because the store was too busy (503)": tally.overloaded,
          "moments at which used + reserved was held against the limits": watched.looks,
          "of these above a limit": watched.above.length,
          "share of the total limit used at the end (%)": Math.round((used / LIMITS.global) * 1000) / 10,
          "model calls": rig.modelCalls.length,
          "of these counted by their estimate": byEstimate,
          "reserved at the end (tokens)": 0,
        });
      },
      FAULT_TIMEOUT_MS,
    );
  });

  /** Half of them alone in their organization, two for each user; the others in crowds. */
  function firstPhase(): Worker[] {
    return Array.from({ length: WORKERS }, (_, index): Worker => {
      if (index < ALONE) {
        const name = `alone-${Math.floor(index / WORKERS_ALONE_PER_USER)}`;
        return { member: { user: name, organization: name }, messages: MESSAGES_ALONE, bound: "user" };
      }
      const organization = `crowd-${Math.floor((index - ALONE) / CROWD)}`;
      return {
        member: { user: `crowd-${index}`, organization },
        messages: MESSAGES_IN_CROWD,
        bound: "organization",
      };
    });
  }

  /** Organizations that have used nothing yet, and too few people in each to use up what it may. */
  function secondPhase(): Worker[] {
    return Array.from({ length: WORKERS }, (_, index): Worker => {
      const organization = `pair-${Math.floor(index / PAIR)}`;
      return { member: { user: `pair-${index}`, organization }, messages: MESSAGES_IN_CROWD, bound: "global" };
    });
  }

  async function work({ member, messages, bound }: Worker, people: People): Promise<void> {
    const user = await people.signIn(member);
    let conversationId: string | null = null;
    let refusals = 0;
    for (let sent = 0; sent < messages && refusals < REFUSALS; ) {
      const answer = await send(user, conversationId);
      if (answer.status === 409) {
        tally.busy += 1;
        await answer.text();
        await pause(20 + random() * 50);
      } else if (answer.status === 429) {
        refusals += 1;
        checkRefusal(answer, JSON.parse(await answer.text()), bound);
        await pause(20 + random() * 100);
      } else if (answer.status === 503) {
        // So many wait for the counters that one of them has waited too long.
        expect(JSON.parse(await answer.text())).toMatchObject({ error: "store_unavailable" });
        tally.overloaded += 1;
        await pause(100 + random() * 200);
      } else {
        expect(answer.status).toBe(200);
        sent += 1;
        tally.accepted += 1;
        const id = await follow(user, answer);
        // Now and then a conversation goes on.
        conversationId = random() < 0.3 ? id : null;
      }
    }
  }

  /** Until somebody answers: whoever is asked may be killed while it does. */
  async function send(user: FaultUser, conversationId: string | null): Promise<Response> {
    marks += 1;
    const key = `mark-${marks};`;
    const body = {
      message: scriptOf(key, random),
      ...(conversationId === null ? {} : { conversation_id: conversationId }),
    };
    while (true) {
      try {
        return await user.request("POST", "/message", { body, headers: { "Idempotency-Key": key } });
      } catch {
        tally.lost += 1;
        await pause(20);
      }
    }
  }

  /** Reads to the end, or stops the turn on the way, or goes away. Resolves with the conversation's id. */
  async function follow(user: FaultUser, answer: Response): Promise<string | null> {
    const wish = random();
    const leaveAfter = wish < 0.5 ? Number.POSITIVE_INFINITY : Math.floor(random() * 10);
    let conversationId: string | null = null;
    let seen = 0;
    try {
      for await (const { data } of readFrames(answer)) {
        if (data.type === "session_created") conversationId = data.conversation_id;
        seen += 1;
        if (seen <= leaveAfter || conversationId === null) continue;
        // Leaving the loop closes the connection.
        if (wish < 0.75) break;
        tally.cancelled += 1;
        await user.request("POST", "/cancel", { body: { conversation_id: conversationId } });
        break;
      }
      if (seen > leaveAfter && wish < 0.75) tally.left += 1;
    } catch {
      tally.lost += 1;
    }
    return conversationId;
  }

  function checkRefusal(answer: Response, body: Record<string, unknown>, bound: LimitType): void {
    const nowMs = Date.now();
    expect(body).toEqual({
      error: "limit_exceeded",
      message: expect.any(String),
      request_id: expect.any(String),
      limit_type: bound,
      limit: LIMITS[bound],
      used: expect.any(Number),
      resets_at: resetsAt(nowMs),
    });
    expect(Number(body["used"])).toBeLessThanOrEqual(LIMITS[bound]);
    const untilResetSeconds = (Date.parse(resetsAt(nowMs)) - nowMs) / 1000;
    const retryAfter = Number(answer.headers.get("Retry-After"));
    expect(retryAfter).toBeGreaterThanOrEqual(untilResetSeconds);
    expect(retryAfter).toBeLessThan(untilResetSeconds + 60);
    refused[bound] += 1;
  }

  /** Kills a replica and starts another one, again and again, evenly over the turns that are to be expected. */
  async function killNowAndThen(over: AbortSignal): Promise<void> {
    const turns = GLOBAL_LIMIT / 1300;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await until(() => over.aborted || tally.accepted >= (kill * turns) / (KILLS + 1));
      if (over.aborted) return;
      const index = Math.floor(random() * replicas.length);
      const [victim] = replicas.splice(index, 1);
      await victim?.kill();
      tally.killed += 1;
      replicas.push(await rig.addReplica());
    }
  }

  /** For every turn: each model call is counted once, with the input that the provider saw. Returns how many only roughly. */
  function checkCalls(events: readonly KeptEvent[]): number {
    const markOf = new Map<string, string>();
    const countedOf = new Map<string, UsageEvent[]>();
    for (const { turnId, data } of events) {
      if (data.type === "status_update" && data.state === "started") markOf.set(turnId, lastMark(data.message.text));
      const mark = markOf.get(turnId) ?? "";
      if (data.type === "usage") countedOf.set(mark, [...(countedOf.get(mark) ?? []), data]);
    }
    let byEstimate = 0;
    const askedOf = new Map<string, number[]>();
    for (const { text, body } of rig.modelCalls) {
      const mark = lastMark(text);
      askedOf.set(mark, [...(askedOf.get(mark) ?? []), countInputTokens(validateMessages(body))]);
    }
    for (const [mark, asked] of askedOf) {
      const counted = countedOf.get(mark) ?? [];
      expect(counted.length, mark).toBeGreaterThanOrEqual(asked.length);
      const left = counted
        .map((event) => ({ input: inputOf(event), isSure: event.estimated !== true }))
        .toSorted((a, b) => Number(b.isSure) - Number(a.isSure));
      for (const input of asked) {
        const exact = left.findIndex((event) => event.input === input);
        // Its owner died before it could write down what the provider had counted.
        const rough = left.findIndex((event) => !event.isSure && event.input > input);
        expect(
          Math.max(exact, rough),
          `${mark} asked ${asked.join(" and ")}, counted ${JSON.stringify(counted)}`,
        ).not.toBe(-1);
        if (exact === -1) byEstimate += 1;
        left.splice(exact === -1 ? rough : exact, 1);
      }
      // A call that never arrived is counted by its estimate alone.
      expect(
        left.filter(({ isSure }) => isSure),
        mark,
      ).toEqual([]);
    }
    return byEstimate;
  }
});

/** What was used, by the name of its scope: as the logs of all conversations tell it. */
function usageIn(events: readonly KeptEvent[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { data, user, organization } of events) {
    if (data.type !== "usage") continue;
    const tokens = inputOf(data) + data.output_tokens;
    const ids = [ownerKey({ issuer: ISSUER, organization, user }), hashedKey(ISSUER, organization), ""];
    for (const id of ids) sums.set(id, (sums.get(id) ?? 0) + tokens);
  }
  return sums;
}

/** What the counters hold is what the logs tell, of every scope. */
function checkSums(balances: readonly Balance[], told: ReadonlyMap<string, number>): void {
  const counted = new Map<string, number>();
  for (const { id, used } of balances) counted.set(id, (counted.get(id) ?? 0) + used);
  for (const [id, used] of counted) expect(used, id).toBe(told.get(id) ?? 0);
  for (const id of told.keys()) expect(counted.has(id)).toBe(true);
}

function inputOf(usage: UsageEvent): number {
  return usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
}

/** Which message a text is about: prompts hold those before it too. */
function lastMark(text: string): string {
  return text.match(/mark-\d+;/g)?.at(-1) ?? "";
}

/** One step or two, with words for some hundred tokens. */
function scriptOf(mark: string, random: () => number): string {
  const step = (): object => ({
    text: "And so it goes on. ",
    repeat: 5 + Math.floor(random() * 60),
    chunks: 3 + Math.floor(random() * 8),
    delay_ms: Math.floor(random() * 20),
  });
  const call = { ...step(), tool_use: [{ name: "bank__balance", input: { ref: mark } }] };
  const last = { ...step(), text: `That was ${mark} ` };
  const steps = random() < 0.4 ? [call, last] : [last];
  return `script:${JSON.stringify(steps)}`;
}
