import type { EventFrame } from "../faults/event-frames.ts";
import { FaultRig, type ModelCall } from "../faults/fault-rig.ts";
import { until } from "../faults/until.ts";
import { type PostgresServer, startPostgres } from "../services/postgres-server.ts";
import { type RedisServer, startRedis } from "../services/redis-server.ts";
import { type Balance, Ledger, type Watched } from "./ledger.ts";
import { People } from "./people.ts";
import { scriptOf } from "./script-of.ts";
import { say, Writers } from "./writers.ts";

const REPLICAS = 3;
const METRICS_TOKEN = "metrics-of-what-is-lost";
/** An organization of writers uses up its own again and again. */
const LIMITS: Record<Balance["scope"], number> = { user: 1_000_000, organization: 20_000, global: 1_000_000_000 };

/** A turn that takes long enough for something to be lost meanwhile. */
interface LongTurn {
  frames: readonly EventFrame[];
  /** Of the call in its middle, which must not run twice. */
  ref: string;
}

/** People who write and a look at the limits, while something is lost. */
interface Load {
  /** So many more turns end. */
  more(turns: number): Promise<void>;
  /** The writers have used up a limit. */
  limit(): Promise<void>;
  /** So many more messages are answered with 503. */
  moreRefusals(refusals: number): Promise<void>;
  /** Resolves when every turn is over and everything is settled. */
  end(): Promise<{ writers: Writers; watched: Watched }>;
}

interface Parts {
  postgres: PostgresServer;
  redis: RedisServer;
  rig: FaultRig;
  ledger: Ledger;
  doors: readonly (() => string)[];
}

/** Three replicas, and the services behind them that can be lost. */
export class LosingRig implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly ledger: Ledger;
  readonly people: People;
  /** Where the replicas are. */
  readonly doors: readonly (() => string)[];
  readonly #rig: FaultRig;

  private constructor({ postgres, redis, rig, ledger, doors }: Parts) {
    this.postgres = postgres;
    this.redis = redis;
    this.ledger = ledger;
    this.doors = doors;
    this.#rig = rig;
    this.people = new People(rig, () => rig.url);
  }

  static async start(env: Record<string, string> = {}): Promise<LosingRig> {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const database = await postgres.createDatabase();
    const rig = await FaultRig.start({
      env: {
        DATABASE_URL: database,
        REDIS_URL: redis.url,
        CHATBOT_DAILY_TOKEN_LIMIT_USER: String(LIMITS.user),
        CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION: String(LIMITS.organization),
        CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: String(LIMITS.global),
        CHATBOT_MAX_OUTPUT_TOKENS: "600",
        // Long enough that no owner on a busy machine is taken for dead.
        CHATBOT_LEASE_SECONDS: "5",
        METRICS_TOKEN,
        ...env,
      },
    });
    const others = await Promise.all(Array.from({ length: REPLICAS - 1 }, () => rig.addProcess()));
    const doors = [() => rig.url, ...others.map((url) => () => url)];
    return new LosingRig({ postgres, redis, rig, ledger: new Ledger(database), doors });
  }

  /** The status of `/ready` of each replica. */
  readiness(): Promise<number[]> {
    return Promise.all(this.doors.map(async (door) => (await fetch(`${door()}/ready`)).status));
  }

  /** The metric `chatbot_degraded` of each replica. */
  degraded(): Promise<number[]> {
    return Promise.all(
      this.doors.map(async (door) => {
        const answer = await fetch(`${door()}/metrics`, { headers: { Authorization: `Bearer ${METRICS_TOKEN}` } });
        return Number(/^chatbot_degraded (\d)$/m.exec(await answer.text())?.[1]);
      }),
    );
  }

  /** How often the tool ran. */
  ran(ref: string): number {
    return this.#rig.bookOf(ref).filter(({ what }) => what === "ran").length;
  }

  underLoad(): Load {
    const over = new AbortController();
    const watching = this.ledger.watch(LIMITS, over.signal);
    const writers = new Writers(this.people, this.doors);
    const unavailable = (): number => writers.refusals.filter(({ status }) => status === 503).length;
    return {
      more: (turns) => reaches(() => writers.turns, turns),
      limit: () => until(() => writers.limitsReached > 0),
      moreRefusals: (refusals) => reaches(unavailable, refusals),
      end: async () => {
        await writers.stop();
        await this.people.settleAll(this.ledger);
        over.abort();
        return { writers, watched: await watching };
      },
    };
  }

  /** A turn on each replica: one in a call that has had its effect when this resolves, the others in their answer. */
  async startLongTurns(name: string): Promise<{ ended: Promise<LongTurn[]> }> {
    const turns = this.doors.map(async (door, index) => {
      const ref = `${name}-${index};`;
      const answer = { text: "While something is lost. ", repeat: 60, chunks: 60, delay_ms: 30 };
      const call = { tool_use: [{ name: "bank__charge", input: { ref, after_ms: 400 } }] };
      const isInCall = index === 0;
      const isTold = Promise.withResolvers<void>();
      const user = (await this.people.signIn()).through(door);
      const script = scriptOf([isInCall ? call : { ...answer, ...call }, { text: "It is over." }]);
      const answered = insist(user, ref, script, ({ data }) => {
        if (data.type === "text") isTold.resolve();
      });
      // Whichever comes first: a turn that is refused, or over too soon, is not waited for.
      await Promise.race([isInCall ? until(() => this.ran(ref) > 0) : isTold.promise, answered]);
      return { answered, ref };
    });
    const ended = (await Promise.all(turns)).map(
      async ({ answered, ref }): Promise<LongTurn> => ({ frames: await answered, ref }),
    );
    return { ended: Promise.all(ended) };
  }

  /** Resolves when every replica has taken a message again, and answered it. */
  async isTakenEverywhere(name: string): Promise<void> {
    await Promise.all(
      this.doors.map(async (door, index) => {
        const user = (await this.people.signIn()).through(door);
        await until(async () => (await say(user, `${name}-${index};`, "Are you back?")).type === "answered");
      }),
    );
  }

  /** Model calls of the same user that the provider had at the same time. */
  overlaps(): [ModelCall, ModelCall][] {
    const calls = new Map<string, ModelCall[]>();
    for (const call of this.#rig.modelCalls) {
      const user = /"metadata":\{"user_id":"(\w+)"\}/.exec(call.text)?.[1] ?? "";
      calls.set(user, [...(calls.get(user) ?? []), call]);
    }
    return [...calls.values()].flatMap((ofUser) =>
      ofUser.flatMap((first, index) =>
        ofUser
          .slice(index + 1)
          .filter((second) => second.at < (first.endedAt ?? Number.POSITIVE_INFINITY))
          .map((second): [ModelCall, ModelCall] => [first, second]),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ledger[Symbol.asyncDispose]();
    await this.#rig[Symbol.asyncDispose]();
    await Promise.all([this.postgres.remove(), this.redis.stop()]);
  }
}

/** Says it until it is taken: on a busy machine a store may take too long for once. */
async function insist(...message: Parameters<typeof say>): Promise<readonly EventFrame[]> {
  while (true) {
    const said = await say(...message);
    if (said.type === "answered") return said.frames;
    if (said.refusal.status !== 503) throw new Error(`refused: ${JSON.stringify(said.refusal)}`);
  }
}

async function reaches(count: () => number, more: number): Promise<void> {
  const enough = count() + more;
  await until(() => count() >= enough);
}
