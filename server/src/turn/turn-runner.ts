import type { Coordination, HeldLock } from "../store/coordination.ts";
import { ownerKey } from "../store/identity.ts";
import { StaleWriteError, type StoredTurn } from "../store/store.ts";
import type { ToolCallRecord } from "../store/tool-call-record.ts";
import type { TurnRecord } from "../store/turn-record.ts";
import { unfinishedCall } from "../store/unfinished-call.ts";
import type { CatalogTool, ToolCatalog } from "../tools/tool.ts";
import { WakeUp } from "../wake-up.ts";
import { recoverTurn } from "./recover-turn.ts";
import { endTurn, runTurn } from "./run-turn.ts";
import type { ReservedStep, Turn, TurnEntry } from "./turn.ts";
import { TurnAbort } from "./turn-abort.ts";
import { TurnRecorder } from "./turn-recorder.ts";
import type { TurnServices } from "./turn-services.ts";
import { usableTools } from "./usable-tools.ts";

/** How long locks and leases last, in milliseconds. */
export interface TurnRunnerOptions {
  lockTtlMs: number;
  leaseMs: number;
}

/** What an owner holds while it has a turn. */
interface OwnedTurn {
  turn: TurnRecord;
  fence: number;
  /** null: not yet, or not any more. */
  lock: HeldLock | null;
  needsLock: boolean;
  abort: AbortController;
  news: WakeUp;
  /** Nothing is renewed any more. */
  isOver: boolean;
  /** As it is at work; null until it was read. */
  current: Turn | null;
  /** The renewal that is under way. */
  renewing: Promise<void>;
}

/** What an owner is to do. */
interface Task {
  intent: Intent;
  wasRunning: boolean;
  admitted: ReservedStep | null;
}

/** What the owner of a turn goes on with. */
type Intent = "continue" | "cancel" | "supersede";

/** How often a turn is read anew after somebody else changed one of its calls at the same moment. */
const MAX_RELOADS = 5;
const SWEEP_EVERY_MS = 1000;

/** Runs turns in this process: takes them, keeps their lock and lease alive, and gives them back. */
export class TurnRunner {
  readonly #services: TurnServices;
  readonly #coordination: Coordination;
  readonly #options: TurnRunnerOptions;
  readonly #running = new Map<string, { owned: OwnedTurn; ended: Promise<void> }>();
  /** Turns that somebody here waits to take. */
  readonly #wanted = new Set<string>();
  /** Questions that nobody may answer any more, by turn, until they have ended. */
  readonly #withdrawn = new Map<string, Set<string>>();
  readonly #sweep: NodeJS.Timeout;
  readonly #stopHearing: () => void;
  #draining = false;
  /** Turns are handed over: first those at the end of a step, at last all. */
  #handover: "none" | "between steps" | "now" = "none";

  constructor(services: TurnServices, coordination: Coordination, options: TurnRunnerOptions) {
    this.#services = services;
    this.#coordination = coordination;
    this.#options = options;
    this.#sweep = setInterval(() => void this.#continueWaiting(), SWEEP_EVERY_MS).unref();
    this.#stopHearing = services.catalog.onLoaded((server, tools) => void this.#withdraw(server, tools));
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** When a lease that is taken or renewed now ends. */
  leaseExpiresAtMs(): number {
    return this.#services.now() + this.#options.leaseMs;
  }

  /** Runs a turn that was just created, with the lock its admission took. Returns at once. */
  start(turn: TurnRecord, fence: number, lock: HeldLock, admitted: ReservedStep): void {
    void this.#own({ turn, fence, lock, needsLock: true }, { intent: "continue", wasRunning: false, admitted });
  }

  /** Goes on with a parked or orphaned turn as soon as its user's lock is free. Returns at once. */
  continue(turnId: string): void {
    this.#continue(turnId, async () => {
      const { store, now } = this.#services;
      return (await store.findTurnsToContinue(now(), turnId)).length > 0;
    });
  }

  #continue(turnId: string, hasWork: () => Promise<boolean>): void {
    if (this.#wanted.has(turnId) || this.#draining) return;
    this.#wanted.add(turnId);
    this.#take(turnId, hasWork)
      .catch((error: unknown) => this.#services.observer.failed("take turn", error))
      .finally(() => this.#wanted.delete(turnId));
  }

  /** Asks the turn's owner to stop it; a turn without an owner is ended here. Resolves when that is on its way. */
  async cancel(turn: TurnRecord): Promise<void> {
    // Written down first: whoever takes the turn over after its owner died has to know.
    await this.#services.store.requestCancel(turn.id);
    this.#coordination.announceTurn(turn.id);
    await this.#endUnowned(turn, "cancel");
  }

  /** A decision was recorded: whoever owns the turn acts on it, or this process takes it. Returns at once. */
  decided(turnId: string): void {
    this.#coordination.announceTurn(turnId);
    this.continue(turnId);
  }

  /** Ends a parked turn for a new message, if it still is parked. */
  async supersede(turn: TurnRecord): Promise<void> {
    await this.#endUnowned(turn, "supersede");
  }

  /** No new turns; resolves when those running have ended, or were handed over because it took too long. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    clearInterval(this.#sweep);
    this.#stopHearing();
    const halfTime = setTimeout(() => {
      this.#handover = "between steps";
    }, timeoutMs / 2);
    const fullTime = setTimeout(() => {
      this.#handover = "now";
      for (const { owned } of this.#running.values()) owned.abort.abort(new TurnAbort("handover"));
    }, timeoutMs);
    // A turn that was being admitted or taken meanwhile still gets here.
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    clearTimeout(halfTime);
    clearTimeout(fullTime);
    this.#handover = "now";
  }

  /** Turns whose owner died, whose approval expired, or whose decision was recorded by a process that died since. */
  async #continueWaiting(): Promise<void> {
    try {
      for (const turnId of await this.#services.store.findTurnsToContinue(this.#services.now())) {
        if (!this.#running.has(turnId)) this.continue(turnId);
      }
      await this.#endWithdrawn();
    } catch (error) {
      this.#services.observer.failed("sweep", error);
    }
  }

  /** Questions about a server's tools that are gone or not what they were are put down here: the tool may be back at once. */
  async #withdraw(...[server, tools]: Parameters<Parameters<ToolCatalog["onLoaded"]>[0]>): Promise<void> {
    const fingerprints = new Map(tools.map(({ name, fingerprint }) => [name, fingerprint]));
    const withdraw = (calls: readonly ToolCallRecord[]): void => {
      for (const { turnId, toolUseId, ...call } of calls) {
        if (call.server !== server || call.state.status !== "pending") continue;
        if (fingerprints.get(call.name) === call.fingerprint) continue;
        this.#withdrawn.set(turnId, (this.#withdrawn.get(turnId) ?? new Set()).add(toolUseId));
      }
    };
    for (const { owned } of this.#running.values()) {
      withdraw(owned.current?.toolCalls ?? []);
      owned.news.raise();
    }
    try {
      withdraw(await this.#services.store.findPendingCalls());
      await this.#endWithdrawn();
    } catch (error) {
      this.#services.observer.failed("withdraw questions", error);
    }
  }

  #isWithdrawn({ turnId, toolUseId }: ToolCallRecord): boolean {
    return this.#withdrawn.get(turnId)?.has(toolUseId) === true;
  }

  /** Turns that are parked with such a question are taken for it; those that run here know. */
  async #endWithdrawn(): Promise<void> {
    const turnIds = [...this.#withdrawn.keys()].filter((id) => !this.#running.has(id) && !this.#wanted.has(id));
    if (turnIds.length === 0) return;
    const findTurns = async (): Promise<ReadonlySet<string>> => {
      const pending = await this.#services.store.findPendingCalls();
      return new Set(pending.filter((call) => this.#isWithdrawn(call)).map(({ turnId }) => turnId));
    };
    const parked = await findTurns();
    for (const turnId of turnIds) {
      if (parked.has(turnId)) this.#continue(turnId, async () => (await findTurns()).has(turnId));
      else this.#withdrawn.delete(turnId);
    }
  }

  async #take(turnId: string, hasWork: () => Promise<boolean>): Promise<void> {
    const { store, now } = this.#services;
    const known = await store.findTurn(turnId);
    if (known === null) return;
    let turn: TurnRecord | null = known;
    const released = new WakeUp();
    const userKey = ownerKey(known.identity.owner);
    const stopListening = this.#coordination.onLockReleased(userKey, () => released.raise());
    try {
      while (!this.#draining) {
        const seen = released.count;
        if (turn === null || turn.state.status === "done") return;
        // Somebody else has acted on what there was to act on.
        if (turn.state.status === "awaiting_approval" && !(await hasWork())) return;
        const claim = await store.claimTurn(turnId, "run", now(), this.leaseExpiresAtMs());
        if (claim !== null) {
          const { fence, wasRunning } = claim;
          const intent = claim.cancelRequested ? "cancel" : "continue";
          void this.#own({ turn, fence, lock: null, needsLock: true }, { intent, wasRunning, admitted: null });
          return;
        }
        // Its owner lives, or another turn of the same user runs. Either can end without a word.
        await released.after(seen, SWEEP_EVERY_MS);
        turn = await store.findTurn(turnId);
      }
    } finally {
      stopListening();
    }
  }

  /** Needs no lock: ending calls no model and runs no tool, and the claim keeps everybody else away. */
  async #endUnowned(turn: TurnRecord, intent: Exclude<Intent, "continue">): Promise<void> {
    const claim = await this.#services.store.claimTurn(turn.id, "end", this.#services.now(), this.leaseExpiresAtMs());
    if (claim === null) return;
    const { fence, wasRunning } = claim;
    await this.#own({ turn, fence, lock: null, needsLock: false }, { intent, wasRunning, admitted: null });
  }

  #own(having: Pick<OwnedTurn, "turn" | "fence" | "lock" | "needsLock">, task: Task): Promise<void> {
    const { turn } = having;
    const owned: OwnedTurn = {
      ...having,
      abort: new AbortController(),
      news: new WakeUp(),
      isOver: false,
      current: null,
      renewing: Promise.resolve(),
    };
    if (this.#handover === "now") owned.abort.abort(new TurnAbort("handover"));
    const renew = (): void => {
      owned.renewing = owned.renewing.then(() => this.#renew(owned));
    };
    const stopListening = this.#coordination.onTurn(turn.id, renew);
    const { leaseMs, lockTtlMs } = this.#options;
    // The lock may be set to last less long than the lease: it must not run out under a turn that is at work.
    const renewal = setInterval(renew, Math.min(leaseMs, lockTtlMs) / 3);
    // At once: the lock is taken for now, or not at all.
    if (owned.needsLock) renew();
    const ended = this.#run(owned, task)
      .catch((error: unknown) => this.#services.observer.failed("run turn", error))
      .finally(async () => {
        owned.isOver = true;
        clearInterval(renewal);
        stopListening();
        owned.abort.abort(new TurnAbort("lost"));
        // A parked turn may have been taken again meanwhile.
        if (this.#running.get(turn.id)?.owned === owned) this.#running.delete(turn.id);
        await owned.renewing;
        if (owned.lock !== null) await this.#coordination.releaseLock(owned.lock);
      });
    this.#running.set(turn.id, { owned, ended });
    return ended;
  }

  /** Keeps lease and lock, and learns what others have done to the turn. */
  async #renew(owned: OwnedTurn): Promise<void> {
    const { turn, fence, abort, news } = owned;
    if (owned.isOver) return;
    try {
      const lease = await this.#services.store.renewLease(turn.id, fence, this.leaseExpiresAtMs());
      if (lease === null) abort.abort(new TurnAbort("lost"));
      else if (lease.cancelRequested) abort.abort(new TurnAbort("cancelled"));
      else if (owned.needsLock) await this.#keepLock(owned);
    } catch (error) {
      // The lease may still hold when the next renewal succeeds; every write checks the fence anyway.
      this.#services.observer.failed("renew lease", error);
    }
    news.raise();
  }

  /**
   * The lock turns away whoever comes second before anything is read. That no second turn of this user runs is the
   * store's word: a lock that was lost is taken again, and a turn that cannot have it goes on without.
   */
  async #keepLock(owned: OwnedTurn): Promise<void> {
    const { lockTtlMs } = this.#options;
    if (owned.lock !== null && (await this.#coordination.renewLock(owned.lock, lockTtlMs))) return;
    const { id: turnId, conversationId, identity } = owned.turn;
    const holder = { conversationId, turnId, idempotencyKey: null };
    const attempt = await this.#coordination.takeOverLock(ownerKey(identity.owner), holder, lockTtlMs);
    owned.lock = attempt.status === "acquired" ? attempt.lock : null;
  }

  async #run(owned: OwnedTurn, task: Task): Promise<void> {
    const { store, catalog } = this.#services;
    const { fence, abort } = owned;
    const turnId = owned.turn.id;
    for (let reloads = 0; ; reloads += 1) {
      const isOrphan = task.wasRunning && reloads === 0;
      // Before the turn is read: what others do to it while a tool server takes its time must count. But readers of an
      // orphan hear at once that somebody has it.
      const tools = task.intent === "continue" && !isOrphan ? await catalog.list() : null;
      const stored = await store.loadTurn(turnId);
      if (stored === null) return this.#settle(turnId);
      const turn = this.#turn(stored, owned, reloads === 0 ? task.admitted : null);
      owned.current = turn;
      if (tools !== null) turn.tools = this.#usable(turn, tools);
      const recorder = new TurnRecorder(turn, fence, {
        store,
        coordination: this.#coordination,
        onFailure: () => abort.abort(new TurnAbort("lost")),
      });
      try {
        for await (const entry of this.#entries(turn, task.intent, isOrphan)) await recorder.record(entry);
        await recorder.flush();
        owned.isOver = true;
        await owned.renewing;
        // Handed over: whoever comes next need not wait for the lease to end.
        if (turn.record.state.status === "running") await store.renewLease(turnId, fence, 0);
        return;
      } catch (error) {
        // A decision or a cancellation came in at the same moment: read anew. Another owner: its fence refuses us, and
        // we are done.
        const lease =
          error instanceof StaleWriteError ? await store.renewLease(turnId, fence, this.leaseExpiresAtMs()) : null;
        if (lease?.cancelRequested === true) abort.abort(new TurnAbort("cancelled"));
        if (lease !== null && reloads < MAX_RELOADS) continue;
        if (!(error instanceof StaleWriteError)) throw error;
        return this.#settle(turnId);
      }
    }
  }

  async *#entries(turn: Turn, intent: Intent, isOrphan: boolean): AsyncGenerator<TurnEntry> {
    if (isOrphan && !(yield* recoverTurn(turn, this.#services))) return;
    switch (intent) {
      case "continue":
        if (isOrphan) await turn.refresh();
        return yield* runTurn(turn, this.#services);
      case "cancel":
        return yield* endTurn(turn, this.#services, "cancelled");
      case "supersede":
        return yield* endTurn(turn, this.#services, "superseded");
    }
  }

  #turn(stored: StoredTurn, { fence, abort, news }: OwnedTurn, admitted: ReservedStep | null): Turn {
    const { conversation } = stored;
    const turn: Turn = {
      record: stored.turn,
      fence,
      conversation,
      messages: [...stored.messages],
      toolCalls: [...stored.toolCalls],
      tools: new Map(),
      remembered: stored.remembered,
      signal: abort.signal,
      isLeaving: () => this.#handover !== "none",
      isWithdrawn: (call) => this.#isWithdrawn(call),
      news,
      admitted,
      refresh: async (askAnew) => {
        const tools = await this.#services.catalog.list(askAnew);
        const current = await this.#services.store.loadTurn(stored.turn.id);
        if (current === null) return;
        turn.record = { ...turn.record, identity: current.turn.identity };
        turn.tools = this.#usable(turn, tools);
        turn.remembered = current.remembered;
        for (const [index, call] of turn.toolCalls.entries()) {
          const decided = current.toolCalls.find(({ toolUseId }) => toolUseId === call.toolUseId);
          // All other ways of a call are the owner's: what it knows of them is newer.
          if (call.state.status === "pending" && decided !== undefined) turn.toolCalls[index] = decided;
        }
      },
    };
    return turn;
  }

  #usable({ conversation, record }: Turn, tools: readonly CatalogTool[]): Turn["tools"] {
    return usableTools(conversation, this.#services.permittedTools(tools, record.identity));
  }

  /** The conversation is gone, or the turn is another's: what this owner booked must not stay booked. */
  async #settle(turnId: string): Promise<void> {
    const { store } = this.#services;
    if ((await store.findTurn(turnId)) !== null) return;
    const reservation = await store.findReservation(turnId);
    if (reservation === null) return;
    await store.settle(reservation.id, unfinishedCall(reservation).tokens);
  }
}
