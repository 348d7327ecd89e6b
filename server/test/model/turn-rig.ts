import type { ToolOutcome } from "@chat-bot/widget/protocol";
import { decideReply } from "../../../demo/src/scripted-claude/script.ts";
import { createScriptedClaude, type Exchange } from "../../../demo/src/scripted-claude/server.ts";
import { decide } from "../../src/approval/decide.ts";
import { ChatError } from "../../src/errors.ts";
import type { ConversationRecord } from "../../src/store/conversation-record.ts";
import type { HeldLock } from "../../src/store/coordination.ts";
import { type Identity, ownerKey } from "../../src/store/identity.ts";
import { openSqlite } from "../../src/store/sql/open-sqlite.ts";
import { createSqlStore } from "../../src/store/sql/sql-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { ToolCallRecord, ToolCallState } from "../../src/store/tool-call-record.ts";
import { CallLost } from "../../src/tools/call-lost.ts";
import type { Tool, ToolCallContext, ToolOutput } from "../../src/tools/tool.ts";
import { startTurn } from "../../src/turn/start-turn.ts";
import { WakeUp } from "../../src/wake-up.ts";
import { Engine, type Replica } from "../engine.ts";
import { aTool, text } from "../handmade-tools.ts";
import { anIdentity } from "../records.ts";
import { MAX_STEPS } from "./expected-turn.ts";
import { MANNERS, MAX_OUTPUT_TOKENS } from "./planned-turn.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Nothing that is on its way takes so long: whoever has waited that long without any news waits in vain. */
const SILENCE_MS = 8000;
const LOCK_MS = 300_000;

/** Tools that run until they are let. */
const HELD: ReadonlySet<string> = new Set(
  Object.values(MANNERS).flatMap(({ tool, outcome, isRefused }) => (outcome === null && !isRefused ? [tool] : [])),
);

/** What a tool was asked to do, written down by the tool itself. */
export interface ToolRun {
  conversationId: string;
  toolUseId: string;
  /** Of the tool. */
  name: string;
  replica: Replica;
  /** Where the ledger had the call when it ran, and whether a person had approved it. */
  ledger: Promise<{ status: ToolCallState["status"] | "none"; approved: boolean }>;
  /** Lets a tool that runs come to its end; null for one that has. */
  answer: ((outcome: ToolOutcome) => void) | null;
}

/** A process that is dead, or was only stopped. */
export interface FallenReplica {
  replica: Replica;
  /** Lets what it was about to do at that moment go on. */
  thaw: () => void;
  /** It was in the middle of taking a message. */
  wasAdmitting: boolean;
}

/** When a process dies: at so many commits from now, before or after it is written. */
export interface Death {
  commits: number;
  when: "before" | "after";
}

/** A step from one state of the ledger to the next, as it was written. */
export interface LedgerStep {
  toolUseId: string;
  from: ToolCallState["status"] | null;
  to: ToolCallState["status"];
}

/**
 * The turn engine with its real parts, one process at a time: any process may die at any commit, and another one comes
 * after it. Tools keep book of what they were asked to do, and some of them answer only when they are let.
 */
export class TurnRig {
  readonly engine: Engine;
  /** For looking: without what the processes have to do with theirs. */
  /** What the store keeps its tables in. */
  readonly database: ReturnType<typeof openSqlite>;
  readonly store: Store;
  readonly identity: Identity = anIdentity({ expiresAtMs: Date.now() + 3 * DAY_MS });
  readonly runs: ToolRun[] = [];
  readonly ledgerSteps: LedgerStep[] = [];
  readonly fallen: FallenReplica[] = [];
  /** `<mark>.<step>` of the answers in which the model has fallen silent. */
  readonly stalled: Set<string>;
  readonly #news = new WakeUp();
  #live: Replica;
  /** Whoever calls a tool now. */
  #atWork: Replica;
  #fuse: Death | null = null;
  #frozen = Promise.withResolvers<void>();
  #hasDied = false;
  #isAdmitting = false;

  static async start(): Promise<TurnRig> {
    const exchanges: Exchange[] = [];
    const stalled = new Set<string>();
    const claude = await createScriptedClaude({
      delayMs: 0,
      onExchange: (exchange) => exchanges.push(exchange),
      script: (request) => {
        const reply = decideReply(request);
        if (reply.fault?.kind !== "stall") return reply;
        const said = reply.blocks.map((block) => (block.type === "text" ? block.text : "")).join("");
        const step = /Step ([\d.]+)\. /.exec(said)?.[1] ?? "";
        if (stalled.has(step)) return { ...reply, fault: undefined };
        stalled.add(step);
        return reply;
      },
    });
    const database = openSqlite(":memory:");
    const store = await createSqlStore(database);
    return new TurnRig(database, store, stalled, { ...claude, exchanges });
  }

  private constructor(
    database: ReturnType<typeof openSqlite>,
    store: Store,
    stalled: Set<string>,
    claude: { url: string; exchanges: Exchange[]; stop: () => Promise<void> },
  ) {
    this.stalled = stalled;
    this.database = database;
    this.store = store;
    const options = { maxSteps: MAX_STEPS, maxOutputTokens: MAX_OUTPUT_TOKENS, idleMs: HOUR_MS };
    this.engine = new Engine(options, this.#observed(store), claude);
    // An hour past midnight: a run that lets some hours pass stays within one day of the budget.
    this.engine.advance(DAY_MS - (Date.now() % DAY_MS) + HOUR_MS);
    this.#live = this.engine.replica;
    this.#atWork = this.#live;
    for (const tool of this.#tools()) this.engine.tools.replace(tool.name, tool);
  }

  /** The process that is at work. */
  get live(): Replica {
    return this.#live;
  }

  /** What the tools were asked for on behalf of a call. */
  runsOf(call: { conversationId: string; toolUseId: string }): ToolRun[] {
    return this.runs.filter(
      ({ conversationId, toolUseId }) => conversationId === call.conversationId && toolUseId === call.toolUseId,
    );
  }

  /** The process that died since it was last asked, if one did: its successor is at work by then. */
  takeDeath(): boolean {
    const hasDied = this.#hasDied;
    this.#hasDied = false;
    this.#fuse = null;
    return hasDied;
  }

  /** From now on the process has so many commits left. */
  dieAt(death: Death): void {
    this.#fuse = { ...death };
  }

  /** The process dies where it stands; another one starts. */
  die(): void {
    const replica = this.#live;
    replica.pause();
    this.fallen.push({ replica, thaw: this.#frozen.resolve, wasAdmitting: this.#isAdmitting });
    this.#frozen = Promise.withResolvers();
    this.#fuse = null;
    this.#hasDied = true;
    this.#live = this.engine.addReplica();
    this.#atWork = this.#live;
    this.#news.raise();
  }

  /** A process that was only stopped goes on. Resolves when it has nothing left to do. */
  async wake({ replica, thaw }: FallenReplica): Promise<void> {
    this.#atWork = replica;
    replica.resume();
    thaw();
    for (const run of this.runs) if (run.replica === replica) run.answer?.("ok");
    await replica.runner.drain(0);
    this.#atWork = this.#live;
  }

  /** Resolves with null as soon as it holds, or with what is missing when nothing happens any more; at once after a death. */
  async until(missing: () => Promise<string | null>): Promise<string | null> {
    while (!this.#hasDied) {
      const seen = this.#news.count;
      const before = performance.now();
      const what = await missing();
      if (what === null) return null;
      await this.#news.after(seen, SILENCE_MS);
      if (this.#news.count === seen && performance.now() - before >= SILENCE_MS) return what;
    }
    return null;
  }

  /** Sends a message as its routes' stages do. Returns whether it was taken; null when the process died meanwhile. */
  async send(message: { turnId: string; conversationId: string; text: string }): Promise<boolean | null> {
    this.#isAdmitting = true;
    const taken = await Promise.race([this.#admit(message), this.#deathOf(this.#live)]);
    this.#isAdmitting = false;
    return taken;
  }

  /**
   * A person's answer, as its route takes it. Resolves with what is on record, or with the code of the refusal. A turn
   * that `isRunning` hears of it. That its route also has the process wait for the turn is left out there: it would be
   * taken and parked once more at a moment that nobody can name.
   */
  async decide(call: ToolCallRecord, approved: boolean, isRunning: boolean): Promise<string> {
    const { identity } = this;
    const { conversationId, toolUseId } = call;
    const decision = { conversationId, toolUseId, approved, inputSha256: null, reason: "Because.", remember: false };
    try {
      const { response } = await decide(decision, identity, {
        store: this.engine.store,
        now: this.engine.now,
        ruleOf: (tool) => this.engine.tools.ruleOf(tool),
      });
      if (isRunning) this.#live.coordination.announceTurn(call.turnId);
      else if (call.state.status === "pending") this.#live.runner.decided(call.turnId);
      return response.decision;
    } catch (error) {
      if (error instanceof ChatError) return error.code;
      throw error;
    }
  }

  /** Stops a conversation's turn, as its route does. */
  async cancel(conversationId: string): Promise<void> {
    const active = await this.store.findActiveTurn(conversationId);
    if (active === null) return;
    await Promise.race([this.#live.runner.cancel(active), this.#deathOf(this.#live)]);
  }

  /** Deletes a conversation, as its route does. */
  async delete(conversationId: string): Promise<void> {
    await this.cancel(conversationId);
    await this.store.deleteConversation(this.identity.owner, conversationId);
    this.#news.raise();
  }

  /** Turns that somebody should go on with: what the sweep of a process finds. */
  findTurnsToContinue(): Promise<readonly string[]> {
    return this.store.findTurnsToContinue(this.engine.now());
  }

  continue(turnId: string): void {
    this.#live.runner.continue(turnId);
  }

  async stop(): Promise<void> {
    for (const { thaw } of this.fallen) thaw();
    await this.engine.stop();
  }

  async #admit(message: { turnId: string; conversationId: string; text: string }): Promise<boolean> {
    const { conversationId } = message;
    const { coordination } = this.#live;
    const { identity, store } = this;
    const userKey = ownerKey(identity.owner);
    const conversation = await store.findConversation(identity.owner, conversationId);
    while (true) {
      const released = Promise.withResolvers<void>();
      const stopListening = coordination.onLockReleased(userKey, released.resolve);
      const attempt = await coordination.acquireLock(userKey, { ...message, idempotencyKey: null }, LOCK_MS);
      const isBusy = (await store.findRunningTurn(identity.owner)) !== null;
      if (attempt.status === "held" && !isBusy) {
        // Its turn is over, and gives the lock back in a moment.
        await released.promise;
        stopListening();
        continue;
      }
      stopListening();
      if (attempt.status === "held") return false;
      if (isBusy) {
        await coordination.releaseLock(attempt.lock);
        return false;
      }
      try {
        await this.#start(message, conversation, attempt.lock);
        return true;
      } catch (error) {
        await coordination.releaseLock(attempt.lock);
        if (error instanceof ChatError && error.code === "concurrent_request") return false;
        throw error;
      }
    }
  }

  async #start(
    message: { turnId: string; conversationId: string; text: string },
    conversation: ConversationRecord | null,
    lock: HeldLock,
  ): Promise<void> {
    const { identity } = this;
    const common = { identity, locale: "en", requestId: "request-1", page: null, idempotency: null } as const;
    await startTurn({ ...common, ...message, conversation }, lock, this.#live.runner, this.engine.services());
  }

  async #deathOf(replica: Replica): Promise<null> {
    while (this.#live === replica) {
      await this.#news.after(this.#news.count, SILENCE_MS);
    }
    return null;
  }

  /** The store as the processes have it: it tells the test of every change, and lets a process die at a commit. */
  #observed(store: Store): Store {
    const written = async <Result>(write: () => Promise<Result>): Promise<Result> => {
      const result = await write();
      this.#news.raise();
      return result;
    };
    const orDie = async <Result>(write: () => Promise<Result>): Promise<Result> => {
      const fuse = this.#fuse;
      if (fuse === null) return written(write);
      fuse.commits -= 1;
      if (fuse.commits > 0) return written(write);
      const frozen = this.#frozen.promise;
      if (fuse.when === "before") {
        this.die();
        await frozen;
        return write();
      }
      const result = await write();
      this.die();
      await frozen;
      return result;
    };
    const changed: Partial<Store> = {
      createTurn: (turn) => orDie(() => store.createTurn(turn)),
      commit: (commit) =>
        orDie(async () => {
          await store.commit(commit);
          for (const { call, from } of commit.toolCalls ?? []) {
            this.ledgerSteps.push({ toolUseId: call.toolUseId, from, to: call.state.status });
          }
        }),
      decide: (decision) => written(() => store.decide(decision)),
      settle: (reservationId, tokens) => written(() => store.settle(reservationId, tokens)),
      // Time passes when the test says so: nobody sweeps.
      findTurnsToContinue: (nowMs, turnId) =>
        turnId === undefined ? Promise.resolve([]) : store.findTurnsToContinue(nowMs, turnId),
    };
    return new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(changed, name) ?? Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #tools(): Tool[] {
    const names = new Map(Object.values(MANNERS).map((manner) => [manner.tool, manner]));
    names.delete(MANNERS.missing.tool);
    return [...names].map(([name, { isAsked, isRepeatable }]) =>
      aTool(name, {
        repeatable: isRepeatable,
        rule: { permissions: [], approval: isAsked ? "always" : "never" },
        checkInput: (input) => (typeof input["path"] === "string" ? null : "path: must be a string"),
        run: (_, context) => this.#run(name, context),
      }),
    );
  }

  async #run(name: string, context: ToolCallContext): Promise<ToolOutput> {
    const conversationId = context.idempotencyKey.split("/")[0] ?? "";
    const ledger = this.store.findToolCall(conversationId, context.toolUseId).then((call) => ({
      status: call?.state.status ?? ("none" as const),
      approved: call?.approval?.decision?.decision === "approved",
    }));
    const run: ToolRun = {
      conversationId,
      toolUseId: context.toolUseId,
      name,
      replica: this.#atWork,
      ledger,
      answer: null,
    };
    this.runs.push(run);
    const held = HELD.has(name) ? this.#hold(run, context, name === MANNERS.deaf.tool) : null;
    this.#news.raise();
    if (held !== null) return held;
    // Not before the ledger was read: the call's next state is on its way as soon as it has answered.
    await ledger;
    switch (name) {
      case MANNERS.fail.tool:
        return { ...text("the disk is full"), isError: true };
      case MANNERS.throw.tool:
        throw new Error("a defect");
      case MANNERS.lose.tool:
        throw new CallLost("gone");
      default:
        return text("done");
    }
  }

  #hold(run: ToolRun, context: ToolCallContext, isDeaf: boolean): Promise<ToolOutput> {
    return new Promise((resolve, reject) => {
      run.answer = (outcome) => {
        run.answer = null;
        if (outcome === "ok") resolve(text("done at last"));
        else if (outcome === "error") reject(new Error("a defect"));
        else reject(new CallLost("gone"));
      };
      const abort = (): void => reject(context.signal.reason);
      if (!isDeaf) context.signal.addEventListener("abort", abort, { once: true });
    });
  }
}
