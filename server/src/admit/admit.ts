import type { MessageRequest } from "@chat-bot/widget/protocol";
import type { Middleware } from "koa";
import { canonicalJson, sha256Hex } from "../canonical-json.ts";
import { ChatError, concurrentRequest } from "../errors.ts";
import { newId } from "../new-id.ts";
import type { Coordination, LockAttempt, LockHolder } from "../store/coordination.ts";
import { type Identity, type Owner, ownerKey } from "../store/identity.ts";
import { KEY_LIFETIME_MS, type Store } from "../store/store.ts";
import type { Admission } from "./admission.ts";

/** What admission needs. */
export interface AdmitOptions {
  store: Store;
  coordination: Coordination;
  lockTtlMs: number;
  /** Why nobody is admitted at the moment; null when they are. */
  closedBecause(): "chatbot_disabled" | "draining" | null;
  now: () => number;
}

/** What the stages before have found out, and what this one adds. */
export interface AdmitState {
  identity: Identity;
  body: MessageRequest;
  idempotencyKey: string | null;
  admission?: Admission;
}

/** The twin of a request that is being admitted right now waits so long for its turn to be stored. */
const TWIN_WAIT_MS = 3000;
const TWIN_LOOK_EVERY_MS = 50;

/**
 * One turn at a time for each user: takes the lock, or finds the turn that the same request started before. Whoever
 * comes after either starts the turn, which then owns the lock, or throws, and the lock is given back here.
 */
export function admit(options: AdmitOptions): Middleware<AdmitState> {
  const { store, coordination } = options;
  return async function admitTurn(ctx, next) {
    const closed = options.closedBecause();
    if (closed !== null) throw new ChatError(closed, { retryAfterSeconds: 10 });
    const { identity, body, idempotencyKey } = ctx.state;
    const { owner } = identity;
    const conversation =
      body.conversation_id === undefined ? null : await store.findConversation(owner, body.conversation_id);
    if (body.conversation_id !== undefined && conversation === null) throw new ChatError("not_found");
    const idempotency =
      idempotencyKey === null ? null : { key: idempotencyKey, bodySha256: sha256Hex(canonicalJson(body)) };

    const repeated = await findRepeated(owner, idempotency, options);
    if (repeated !== null) {
      ctx.state.admission = repeated;
      return next();
    }
    const turnId = newId("turn");
    const conversationId = conversation?.id ?? newId("conv");
    const holder = { conversationId, turnId, idempotencyKey };
    const userKey = ownerKey(owner);
    let attempt = await acquireLock(userKey, holder, options);
    if (attempt.status === "held" && idempotencyKey !== null && attempt.holder.idempotencyKey === idempotencyKey) {
      const twin = await waitForTwin(owner, idempotency, options);
      if (twin !== null) {
        ctx.state.admission = twin;
        return next();
      }
      // The twin died before its turn was stored. If it is only slow, the store takes the first of the two turns.
      attempt = await acquireLeftLock(userKey, attempt.holder, holder, options);
    }
    if (attempt.status === "held") throw concurrentRequest(attempt.holder.conversationId, attempt.holder.turnId);
    const { lock } = attempt;
    try {
      // The twin may have come and gone since the first look.
      const finished = await findRepeated(owner, idempotency, options);
      if (finished !== null) {
        await coordination.releaseLock(lock);
        ctx.state.admission = finished;
        return await next();
      }
      // Whoever died while admitting this user held this lock.
      await store.releaseOrphanedReservations({ scope: { type: "user", id: userKey } });
      // A turn whose owner died holds no lock any more, but it will be continued: it still is the user's one turn.
      const running = await store.findRunningTurn(owner);
      if (running !== null) throw concurrentRequest(running.conversationId, running.id);
      ctx.state.admission = { type: "admitted", lock, turnId, conversationId, conversation, idempotency };
      await next();
    } catch (error) {
      // Who may run is the store's word. While it does not answer, a lock that is given back too early does no harm, and
      // one that nobody gives back keeps the user out for minutes.
      const turn = await store.findTurn(turnId).catch(() => null);
      if (turn === null) await coordination.releaseLock(lock);
      throw error;
    }
  };
}

/** Until the turn is stored and its owner renews the lock: a process that dies before shuts nobody out for longer. */
const ADMISSION_LOCK_MS = 30_000;

/** The lock of a turn that does not run is free: its owner is about to give it back, or died before it could. */
async function acquireLock(userKey: string, holder: LockHolder, options: AdmitOptions): Promise<LockAttempt> {
  const { store, coordination } = options;
  const attempt = await coordination.acquireLock(userKey, holder, admissionLockMs(options.lockTtlMs));
  if (attempt.status === "acquired") return attempt;
  const turn = await store.findTurn(attempt.holder.turnId);
  if (turn === null || turn.state.status === "running") return attempt;
  return acquireLeftLock(userKey, attempt.holder, holder, options);
}

/** Takes the lock that `former` has left behind, unless somebody else is quicker. */
async function acquireLeftLock(
  userKey: string,
  former: LockHolder,
  holder: LockHolder,
  { coordination, lockTtlMs }: AdmitOptions,
): Promise<LockAttempt> {
  const left = await coordination.takeOverLock(userKey, former, admissionLockMs(lockTtlMs));
  if (left.status === "acquired") await coordination.releaseLock(left.lock);
  return coordination.acquireLock(userKey, holder, admissionLockMs(lockTtlMs));
}

function admissionLockMs(lockTtlMs: number): number {
  return Math.min(lockTtlMs, ADMISSION_LOCK_MS);
}

/**
 * @throws ChatError `idempotency_mismatch` when the key came with another body, `not_found` when the conversation that
 *   the same request was answered in was deleted since
 */
async function findRepeated(
  owner: Owner,
  idempotency: { key: string; bodySha256: string } | null,
  { store, now }: AdmitOptions,
): Promise<Admission | null> {
  if (idempotency === null) return null;
  const createdAfter = new Date(now() - KEY_LIFETIME_MS).toISOString();
  const found = await store.findTurnByKey(owner, idempotency.key, createdAfter);
  if (found === null) return null;
  // First: of what was erased not even the hash is known any more.
  if (found.turn === null) throw new ChatError("not_found");
  if (found.bodySha256 !== idempotency.bodySha256) throw new ChatError("idempotency_mismatch");
  return { type: "repeated", turn: found.turn };
}

async function waitForTwin(
  owner: Owner,
  idempotency: { key: string; bodySha256: string } | null,
  options: AdmitOptions,
): Promise<Admission | null> {
  for (let waitedMs = 0; waitedMs < TWIN_WAIT_MS; waitedMs += TWIN_LOOK_EVERY_MS) {
    const found = await findRepeated(owner, idempotency, options);
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, TWIN_LOOK_EVERY_MS));
  }
  return null;
}
