import type { ServerEvent } from "@chat-bot/widget/protocol";
import { expect } from "vitest";
import { createScriptedClaude, type Exchange } from "../../demo/src/scripted-claude/server.ts";
import { createTokenBudget, type TokenBudget, type TokenLimits } from "../src/admit/token-budget.ts";
import { decide } from "../src/approval/decide.ts";
import { newId } from "../src/new-id.ts";
import { errorMessage } from "../src/routes/error-messages.ts";
import type { Coordination } from "../src/store/coordination.ts";
import { type Identity, ownerKey } from "../src/store/identity.ts";
import { createMemoryCoordination } from "../src/store/memory-coordination.ts";
import { openSqlite } from "../src/store/sql/open-sqlite.ts";
import { createSqlStore } from "../src/store/sql/sql-store.ts";
import type { LoggedEvent, Store } from "../src/store/store.ts";
import type { TurnRecord } from "../src/store/turn-record.ts";
import { permittedTools } from "../src/tools/permitted-tools.ts";
import { createModelClient } from "../src/turn/model-client.ts";
import { startTurn } from "../src/turn/start-turn.ts";
import { TurnRunner } from "../src/turn/turn-runner.ts";
import type { TurnServices } from "../src/turn/turn-services.ts";
import { checkEventLog } from "./check-event-log.ts";
import { createHandmadeTools, type HandmadeTools } from "./handmade-tools.ts";
import { anIdentity } from "./records.ts";

/** What a test may set. */
export interface EngineOptions {
  maxSteps?: number;
  maxOutputTokens?: number;
  limits?: Partial<TokenLimits>;
  idleMs?: number;
}

/** How a message is sent. */
export interface SendOptions {
  conversationId?: string;
  identity?: Identity;
}

/** One process that runs turns. */
export interface Replica {
  runner: TurnRunner;
  coordination: Coordination;
  /** From now on the process does nothing that the store could notice, as if it were dead or stopped. */
  pause(): void;
  resume(): void;
}

/** The turn engine with all its real parts: SQLite, coordination, the official SDK, a scripted Claude on loopback. */
export class Engine {
  readonly store: Store;
  readonly tools: HandmadeTools = createHandmadeTools();
  readonly budget: TokenBudget;
  readonly identity: Identity = anIdentity({ expiresAtMs: Date.now() + 86_400_000 });
  /** How long the turn wanted to wait before it repeated a model call. */
  readonly waits: number[] = [];
  readonly faults: string[] = [];
  /** Users whose tokens count no longer. */
  readonly revoked: Set<string> = new Set();
  readonly ended: string[] = [];
  readonly #exchanges: Exchange[];
  readonly #options: EngineOptions;
  readonly #claudeUrl: string;
  readonly #stopClaude: () => Promise<void>;
  readonly #replicas: Replica[] = [];
  #aheadMs = 0;

  static async start(options: EngineOptions = {}): Promise<Engine> {
    const exchanges: Exchange[] = [];
    const claude = await createScriptedClaude({ delayMs: 0, onExchange: (exchange) => exchanges.push(exchange) });
    const store = await createSqlStore(openSqlite(":memory:"));
    return new Engine(options, store, { ...claude, exchanges });
  }

  constructor(
    options: EngineOptions,
    store: Store,
    claude: { url: string; exchanges: Exchange[]; stop: () => Promise<void> },
  ) {
    this.#options = options;
    this.store = store;
    this.#claudeUrl = claude.url;
    this.#exchanges = claude.exchanges;
    this.#stopClaude = claude.stop;
    const limits = { user: 1_000_000, organization: 1_000_000, global: 1_000_000, ...options.limits };
    this.budget = createTokenBudget(store, { limitsOf: () => limits, cacheReadWeight: 0.1, now: this.now });
    this.addReplica();
  }

  /** The clock of all parts. */
  readonly now = (): number => Date.now() + this.#aheadMs;

  advance(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Another process over the same store. Without Redis each has its own coordination. */
  addReplica(): Replica {
    let gate = Promise.withResolvers<void>();
    gate.resolve();
    const store = throughGate(this.store, () => gate.promise);
    const coordination = createMemoryCoordination(this.now);
    const runner = new TurnRunner(this.services(store), coordination, { lockTtlMs: 300_000, leaseMs: 10_000 });
    const replica = {
      runner,
      coordination,
      pause: () => {
        gate = Promise.withResolvers();
      },
      resume: () => gate.resolve(),
    };
    this.#replicas.push(replica);
    return replica;
  }

  get replica(): Replica {
    const [first] = this.#replicas;
    if (first === undefined) throw new Error("there is no replica");
    return first;
  }

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  services(store: Store = this.store): TurnServices {
    const { idleMs = 10_000, maxSteps = 10, maxOutputTokens = 4096 } = this.#options;
    return {
      store,
      budget: this.budget,
      catalog: this.tools,
      model: createModelClient({
        apiKey: "key",
        baseUrl: this.#claudeUrl,
        deadlines: { idleMs, totalMs: 60_000 },
        warn: () => undefined,
      }),
      permittedTools: (tools, identity) => permittedTools(tools, identity.permissions),
      ruleOf: (tool) => this.tools.ruleOf(tool),
      observer: {
        turnEnded: ({ reason }) => this.ended.push(reason),
        stepEnded: () => undefined,
        toolCallEnded: () => undefined,
        providerRepeated: () => undefined,
        failed: (what) => this.faults.push(what),
      },
      options: {
        model: "claude-haiku-4-5",
        systemPrompt: "You are a test.",
        maxSteps,
        maxOutputTokens,
        approvalTtlMs: 900_000,
        errorMessage,
      },
      isRevoked: (identity) => this.revoked.has(identity.owner.user),
      isDegraded: () => this.replica.coordination.isDegraded(),
      now: this.now,
      sleep: (ms) => {
        this.waits.push(ms);
        return Promise.resolve();
      },
    };
  }

  /** Bodies of the model calls so far. */
  get prompts(): ModelCallBody[] {
    return this.#exchanges
      .filter(({ path }) => path === "/v1/messages")
      .map(({ body }): ModelCallBody => JSON.parse(JSON.stringify(body)));
  }

  /** How the model calls ended, as the provider saw it. */
  outcomes(): Promise<string[]> {
    return Promise.all(this.#exchanges.filter(({ path }) => path === "/v1/messages").map(({ ended }) => ended));
  }

  /** Sends a message as its route does, once the user's lock is free. */
  async send(message: string, options: SendOptions = {}): Promise<TurnRecord> {
    const { identity = this.identity } = options;
    const { coordination, runner } = this.replica;
    const conversation =
      options.conversationId === undefined
        ? null
        : await this.store.findConversation(identity.owner, options.conversationId);
    const turnId = newId("turn");
    const conversationId = conversation?.id ?? newId("conv");
    const userKey = ownerKey(identity.owner);
    while (true) {
      const released = new Promise<void>((resolve) => coordination.onLockReleased(userKey, resolve));
      const holder = { conversationId, turnId, idempotencyKey: null };
      const attempt = await coordination.acquireLock(userKey, holder, 300_000);
      if (attempt.status === "held") {
        await released;
        continue;
      }
      const { lock } = attempt;
      const common = { identity, locale: "en", requestId: "request-1", page: null, idempotency: null } as const;
      const newMessage = { ...common, turnId, conversation, conversationId, text: message };
      try {
        return await startTurn(newMessage, lock, runner, this.services());
      } catch (error) {
        await coordination.releaseLock(lock);
        throw error;
      }
    }
  }

  /** Sends steps for the scripted Claude. */
  script(steps: unknown, options: SendOptions = {}): Promise<TurnRecord> {
    return this.send(`script:${JSON.stringify(steps)}`, options);
  }

  log(conversationId: string): Promise<readonly LoggedEvent[]> {
    return this.store.readEvents(conversationId, 0, 100_000);
  }

  async eventsOf(turn: TurnRecord): Promise<ServerEvent[]> {
    const log = await this.log(turn.conversationId);
    return log.filter(({ turnId }) => turnId === turn.id).map(({ data }): ServerEvent => JSON.parse(data));
  }

  /** Waits for an event of the turn, recorded by whichever replica. */
  async event<Type extends ServerEvent["type"]>(
    turn: TurnRecord,
    type: Type,
    isIt: (event: Extract<ServerEvent, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<ServerEvent, { type: Type }>> {
    let wake: () => void = () => undefined;
    const stops = this.#replicas.map(({ coordination }) => coordination.onEvents(turn.conversationId, () => wake()));
    try {
      while (true) {
        const news = new Promise<void>((resolve) => {
          wake = resolve;
        });
        for (const event of await this.eventsOf(turn)) if (isOfType(event, type) && isIt(event)) return event;
        await news;
      }
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** Waits until the turn waits for a person. */
  async parked(turn: TurnRecord): Promise<void> {
    await this.event(turn, "status_update", ({ state }) => state === "awaiting_approval");
  }

  /** Waits until the turn is over and tells why; checks what has to be true after every turn. */
  async done(turn: TurnRecord): Promise<string> {
    const { reason } = await this.event(turn, "done");
    await this.check(turn.conversationId);
    return reason;
  }

  /** A person's answer, as its route takes it. */
  async decide(
    turn: TurnRecord,
    toolUseId: string,
    approved: boolean,
    identity: Identity = this.identity,
    remember = false,
  ): Promise<void> {
    const { conversationId } = turn;
    const reason = approved ? null : "No.";
    const decision = { conversationId, toolUseId, approved, inputSha256: null, reason, remember };
    await decide(decision, identity, { store: this.store, now: this.now, ruleOf: (tool) => this.tools.ruleOf(tool) });
    this.replica.runner.decided(turn.id);
  }

  /** Stops the conversation's turn, as its route does. */
  async cancel(turn: TurnRecord): Promise<void> {
    const active = await this.store.findActiveTurn(turn.conversationId);
    if (active !== null) await this.replica.runner.cancel(active);
  }

  /** What must hold whenever no turn of a conversation runs. */
  async check(conversationId: string, options: { parked?: string[] } = {}): Promise<void> {
    expect(checkEventLog(await this.log(conversationId), options)).toEqual([]);
    const { user, organization, global } = await this.budget.usage(this.identity.owner);
    expect([user.reserved, organization.reserved, global.reserved]).toEqual([0, 0, 0]);
  }

  async stop(): Promise<void> {
    for (const replica of this.#replicas) {
      replica.resume();
      await replica.runner.drain(0);
      await replica.coordination.close();
    }
    await this.#stopClaude();
    await this.store.close();
  }
}

/** The parts of a model call's body that tests look at. */
export interface ModelCallBody {
  max_tokens: number;
  system: unknown;
  tools?: { name: string }[];
  tool_choice?: { type: string };
  messages: { role: "user" | "assistant"; content: { type: string; text?: string; [member: string]: unknown }[] }[];
}

function isOfType<Type extends ServerEvent["type"]>(
  event: ServerEvent,
  type: Type,
): event is Extract<ServerEvent, { type: Type }> {
  return event.type === type;
}

/** The same store, whose every call waits at a gate first. */
function throughGate(store: Store, gate: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...parameters: unknown[]): Promise<unknown> => {
        await gate();
        return Reflect.apply(member, target, parameters);
      };
    },
  });
}
