import type { LimitType } from "@chat-bot/widget/protocol";
import { type Kysely, sql } from "kysely";
import type { AuditFact } from "../../audit/audit-fact.ts";
import { AuditKeys } from "../../audit/audit-keys.ts";
import { factsOfChange } from "../audit-facts.ts";
import type { ConversationRecord } from "../conversation-record.ts";
import type { Owner } from "../identity.ts";
import type {
  Claim,
  ClaimPurpose,
  Commit,
  DecisionRecord,
  History,
  KeyedTurn,
  Lease,
  LoggedEvent,
  NewTurn,
  OrphanedReservations,
  RememberedApproval,
  Reservation,
  Store,
  StoredConversation,
  StoredTurn,
  UsageBalance,
  UsageScope,
} from "../store.ts";
import { StaleWriteError } from "../store.ts";
import type { ToolCallRecord } from "../tool-call-record.ts";
import type { TurnRecord } from "../turn-record.ts";
import { type AuditedPlace, appendAudit, sealChains, writeCheckpoint } from "./audit.ts";
import { conversationRow, findConversation, readConversation } from "./conversations.ts";
import { forgetApproval, listRememberedApprovals, recordDecision } from "./decisions.ts";
import { eraseConversation, eraseIdleConversations, overwriteErased } from "./erasure.ts";
import { appendEvents } from "./events.ts";
import { findTurnByKey, keepKey } from "./idempotency-keys.ts";
import { insertMessage, loadHistory, readMessage } from "./messages.ts";
import { migrate } from "./migrations.ts";
import { parseRecord } from "./reader.ts";
import { findRunningTurn, leaveRunningPlace, takeRunningPlace } from "./running-turns.ts";
import type { Schema } from "./schema.ts";
import { readPendingCalls, readToolCalls, writeToolCall } from "./tool-calls.ts";
import { inSnapshot, inTransaction } from "./transaction.ts";
import { checkFence, findActiveTurn, lockTurn, readTurn, turnColumns } from "./turns.ts";
import { keepReservation, releaseOrphans, reserve, settle, usageBalances } from "./usage.ts";

/** The store in SQL. Brings the tables up to date first. */
export async function createSqlStore(database: Kysely<Schema>, auditKeys: AuditKeys = new AuditKeys()): Promise<Store> {
  await migrate(database);
  await sealChains(database, auditKeys);
  return new SqlStore(database, auditKeys);
}

class SqlStore implements Store {
  readonly #database: Kysely<Schema>;
  readonly #auditKeys: AuditKeys;

  constructor(database: Kysely<Schema>, auditKeys: AuditKeys) {
    this.#database = database;
    this.#auditKeys = auditKeys;
  }

  createTurn(newTurn: NewTurn): Promise<TurnRecord | null> {
    const { conversation, turn } = newTurn;
    return inTransaction(this.#database, async (tx) => {
      const running = await takeRunningPlace(tx, turn);
      if (running !== null) return running;
      if (newTurn.isNewConversation) {
        await tx.insertInto("conversations").values(conversationRow(conversation)).execute();
      } else {
        await tx
          .updateTable("conversations")
          .set({ tools: JSON.stringify(conversation.tools), updated_at: turn.createdAt })
          .where("id", "=", conversation.id)
          .execute();
      }
      await tx
        .insertInto("turns")
        .values({
          id: turn.id,
          conversation_id: conversation.id,
          ...conversation.owner,
          ...turnColumns(turn),
          fence: newTurn.fence,
          lease_expires_at_ms: newTurn.leaseExpiresAtMs,
          cancel_requested: 0,
          created_at: turn.createdAt,
        })
        .execute();
      if (newTurn.idempotency !== null) await keepKey(tx, turn, newTurn.idempotency);
      await appendEvents(tx, conversation.id, turn.id, newTurn.events);
      await insertMessage(tx, newTurn.message);
      await appendAudit(tx, this.#auditKeys, placeOf(turn), [{ kind: "turn_admitted" }]);
      const { reservationId } = newTurn;
      if (reservationId !== null && !(await keepReservation(tx, reservationId))) {
        throw new StaleWriteError("the reservation was settled");
      }
      return null;
    });
  }

  commit(commit: Commit): Promise<void> {
    return inTransaction(this.#database, async (tx) => {
      const owned = await checkFence(tx, commit.turnId, commit.fence);
      // Nobody would look at a parked turn until somebody decides.
      if (commit.turn?.state.status === "awaiting_approval" && owned.cancel_requested === 1) {
        throw new StaleWriteError("the turn was cancelled");
      }
      // A decision may have brought a newer identity than the owner has: only `decide` changes it.
      const known = readTurn(owned);
      if (commit.turn !== undefined) {
        await tx
          .updateTable("turns")
          .set(turnColumns({ ...commit.turn, identity: known.identity }))
          .where("id", "=", commit.turnId)
          .execute();
        if (commit.turn.state.status !== "running") await leaveRunningPlace(tx, commit.turnId);
      }
      await appendEvents(tx, commit.conversationId, commit.turnId, commit.events);
      for (const message of commit.messages ?? []) await insertMessage(tx, message);
      for (const change of commit.toolCalls ?? []) await writeToolCall(tx, change);
      if (commit.turn?.state.status === "done") {
        await tx
          .updateTable("conversations")
          .set({ updated_at: new Date().toISOString() })
          .where("id", "=", commit.conversationId)
          .execute();
      }
      const facts = factsOfCommit(commit);
      if (facts.length > 0) await appendAudit(tx, this.#auditKeys, placeOf(known), facts);
      if (commit.progress !== undefined) {
        await tx
          .updateTable("reservations")
          .set({ input_tokens: commit.progress.inputTokens, streamed_bytes: commit.progress.streamedBytes })
          .where("id", "=", commit.progress.id)
          .execute();
      }
      if (commit.settle !== undefined) await settle(tx, commit.settle.reservationId, commit.settle.tokens);
    });
  }

  claimTurn(turnId: string, purpose: ClaimPurpose, nowMs: number, leaseExpiresAtMs: number): Promise<Claim | null> {
    return inTransaction(this.#database, async (tx) => {
      const row = await lockTurn(tx, turnId);
      if (row === undefined || row.status === "done") return null;
      const wasRunning = row.status === "running";
      if (wasRunning && row.lease_expires_at_ms > nowMs) return null;
      const record = readTurn(row);
      if (purpose === "run" && (await takeRunningPlace(tx, record)) !== null) return null;
      const turn: TurnRecord = {
        ...record,
        state: { status: "running" },
        // A lease that was given up is no crash: turns may live through any number of restarts.
        recoveries: record.recoveries + (wasRunning && row.lease_expires_at_ms > 0 ? 1 : 0),
      };
      const fence = row.fence + 1;
      await tx
        .updateTable("turns")
        .set({ ...turnColumns(turn), fence, lease_expires_at_ms: leaseExpiresAtMs })
        .where("id", "=", turnId)
        .execute();
      return { fence, wasRunning, cancelRequested: row.cancel_requested === 1 };
    });
  }

  async renewLease(turnId: string, fence: number, leaseExpiresAtMs: number): Promise<Lease | null> {
    const owned = await this.#database
      .updateTable("turns")
      .set({ lease_expires_at_ms: leaseExpiresAtMs })
      .where("id", "=", turnId)
      .where("fence", "=", fence)
      .returning("cancel_requested")
      .executeTakeFirst();
    return owned === undefined ? null : { cancelRequested: owned.cancel_requested === 1 };
  }

  requestCancel(turnId: string): Promise<void> {
    return inTransaction(this.#database, async (tx) => {
      const asked = await tx
        .updateTable("turns")
        .set({ cancel_requested: 1 })
        .where("id", "=", turnId)
        .where("cancel_requested", "=", 0)
        .returning("record")
        .executeTakeFirst();
      if (asked === undefined) return;
      await appendAudit(tx, this.#auditKeys, placeOf(readTurn(asked)), [{ kind: "cancel_requested" }]);
    });
  }

  loadTurn(turnId: string): Promise<StoredTurn | null> {
    return inSnapshot(this.#database, async (tx) => {
      const row = await tx.selectFrom("turns").selectAll().where("id", "=", turnId).executeTakeFirst();
      if (row === undefined) return null;
      const conversation = await tx
        .selectFrom("conversations")
        .selectAll()
        .where("id", "=", row.conversation_id)
        .executeTakeFirst();
      if (conversation === undefined) return null;
      return {
        turn: readTurn(row),
        conversation: readConversation(conversation),
        ...(await loadHistory(tx, row.conversation_id)),
        remembered: await listRememberedApprovals(tx, row.conversation_id),
      };
    });
  }

  loadHistory(conversationId: string): Promise<History> {
    return inSnapshot(this.#database, (tx) => loadHistory(tx, conversationId));
  }

  async findTurn(turnId: string): Promise<TurnRecord | null> {
    const row = await this.#database.selectFrom("turns").selectAll().where("id", "=", turnId).executeTakeFirst();
    return row === undefined ? null : readTurn(row);
  }

  findTurnByKey(owner: Owner, key: string, createdAfter: string): Promise<KeyedTurn | null> {
    return findTurnByKey(this.#database, owner, key, createdAfter);
  }

  findRunningTurn(owner: Owner): Promise<TurnRecord | null> {
    return findRunningTurn(this.#database, owner);
  }

  async findActiveTurn(conversationId: string): Promise<TurnRecord | null> {
    return findActiveTurn(this.#database, conversationId);
  }

  async findTurnsToContinue(nowMs: number, turnId?: string): Promise<readonly string[]> {
    const silent = await this.#database
      .selectFrom("turns")
      .select("id")
      .where("status", "=", "running")
      .where("lease_expires_at_ms", "<=", nowMs)
      .$if(turnId !== undefined, (query) => query.where("id", "=", turnId ?? ""))
      .execute();
    const parked = await this.#database
      .selectFrom("tool_calls")
      .innerJoin("turns", "turns.id", "tool_calls.turn_id")
      .select("turns.id")
      .distinct()
      .where("turns.status", "=", "awaiting_approval")
      .$if(turnId !== undefined, (query) => query.where("turns.id", "=", turnId ?? ""))
      .where((where) =>
        where.or([
          where("tool_calls.status", "in", ["approved", "denied"]),
          where("turns.cancel_requested", "=", 1),
          where.and([
            where("tool_calls.status", "=", "pending"),
            where("tool_calls.expires_at", "<=", new Date(nowMs).toISOString()),
          ]),
        ]),
      )
      .execute();
    return [...silent, ...parked].map((row) => row.id);
  }

  async findConversation(owner: Owner, id: string): Promise<ConversationRecord | null> {
    return findConversation(this.#database, owner, id);
  }

  loadConversation(owner: Owner, id: string): Promise<StoredConversation | null> {
    return inSnapshot(this.#database, async (tx) => {
      const conversation = await findConversation(tx, owner, id);
      if (conversation === null) return null;
      const messages = await tx
        .selectFrom("messages")
        .selectAll()
        .where("conversation_id", "=", id)
        .orderBy("position")
        .execute();
      return {
        conversation,
        messages: messages.map(readMessage),
        toolCalls: await readToolCalls(tx, id),
        activeTurn: await findActiveTurn(tx, id),
      };
    });
  }

  async listConversations(
    owner: Owner,
    page: { limit: number; before: { updatedAt: string; id: string } | null },
  ): Promise<readonly { id: string; title: string; updatedAt: string }[]> {
    const { before } = page;
    let query = this.#database
      .selectFrom("conversations")
      .select(["id", "title", "updated_at as updatedAt"])
      .where((where) => where.and({ ...owner }))
      .orderBy("updated_at", "desc")
      .orderBy("id", "desc")
      .limit(page.limit);
    if (before !== null) {
      query = query.where((where) =>
        where.or([
          where("updated_at", "<", before.updatedAt),
          where.and([where("updated_at", "=", before.updatedAt), where("id", "<", before.id)]),
        ]),
      );
    }
    return query.execute();
  }

  deleteConversation(owner: Owner, id: string): Promise<boolean> {
    return inTransaction(this.#database, (tx) =>
      eraseConversation(tx, this.#auditKeys, { owner, id }, { by: "user", nowMs: Date.now() }),
    );
  }

  eraseIdleConversations(updatedBefore: string, limit: number): Promise<number> {
    return eraseIdleConversations(this.#database, this.#auditKeys, { updatedBefore, limit });
  }

  overwriteErased(): Promise<boolean> {
    return overwriteErased(this.#database);
  }

  async readEvents(conversationId: string, afterSeq: number, limit: number): Promise<readonly LoggedEvent[]> {
    const rows = await this.#database
      .selectFrom("events")
      .select(["seq", "turn_id", "type", "data"])
      .where("conversation_id", "=", conversationId)
      .where("seq", ">", afterSeq)
      .orderBy("seq")
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      seq: row.seq,
      turnId: row.turn_id,
      type: row.type,
      data: row.data,
    }));
  }

  async oldestSeq(conversationId: string): Promise<number | null> {
    const row = await this.#database
      .selectFrom("events")
      .select("seq")
      .where("conversation_id", "=", conversationId)
      .orderBy("seq")
      .limit(1)
      .executeTakeFirst();
    return row?.seq ?? null;
  }

  async trimEvents(createdBefore: string): Promise<void> {
    const unfinished = this.#database.selectFrom("turns").select("id").where("status", "!=", "done");
    await inTransaction(this.#database, (tx) =>
      tx.deleteFrom("events").where("created_at", "<", createdBefore).where("turn_id", "not in", unfinished).execute(),
    );
  }

  async trimKeys(createdBefore: string): Promise<void> {
    await inTransaction(this.#database, (tx) =>
      tx.deleteFrom("idempotency_keys").where("created_at", "<", createdBefore).execute(),
    );
  }

  findPendingCalls(): Promise<readonly ToolCallRecord[]> {
    return readPendingCalls(this.#database);
  }

  async findToolCall(conversationId: string, toolUseId: string): Promise<ToolCallRecord | null> {
    const row = await this.#database
      .selectFrom("tool_calls")
      .select("record")
      .where("conversation_id", "=", conversationId)
      .where("tool_use_id", "=", toolUseId)
      .executeTakeFirst();
    return row === undefined ? null : parseRecord<ToolCallRecord>(row.record);
  }

  decide(decision: DecisionRecord): Promise<boolean> {
    return inTransaction(this.#database, (tx) => recordDecision(tx, decision, this.#auditKeys));
  }

  listRememberedApprovals(conversationId: string): Promise<readonly RememberedApproval[]> {
    return listRememberedApprovals(this.#database, conversationId);
  }

  forgetApproval(conversationId: string, name: string): Promise<boolean> {
    return inTransaction(this.#database, (tx) => forgetApproval(tx, conversationId, name, this.#auditKeys));
  }

  recordLimitReached(owner: Owner, conversationId: string | null, limit: LimitType): Promise<void> {
    return inTransaction(this.#database, (tx) =>
      appendAudit(tx, this.#auditKeys, { owner, conversationId, turnId: null }, [{ kind: "limit_reached", limit }]),
    );
  }

  writeCheckpoint(): Promise<string | null> {
    return writeCheckpoint(this.#database, this.#auditKeys);
  }

  balances(day: string, scopes: readonly UsageScope[]): Promise<readonly UsageBalance[]> {
    return inSnapshot(this.#database, (tx) => usageBalances(tx, day, scopes));
  }

  reserve(
    day: string,
    scopes: readonly UsageScope[],
    turn: { turnId: string; fence: number | null },
    grant: (balances: readonly UsageBalance[]) => Reservation | null,
  ): Promise<Reservation | null> {
    return inTransaction(this.#database, async (tx) => {
      if (turn.fence !== null) await checkFence(tx, turn.turnId, turn.fence);
      return reserve(tx, day, scopes, grant);
    });
  }

  settle(reservationId: string, tokens: number): Promise<void> {
    return inTransaction(this.#database, (tx) => settle(tx, reservationId, tokens));
  }

  releaseOrphanedReservations(which: OrphanedReservations): Promise<void> {
    return inTransaction(this.#database, (tx) => releaseOrphans(tx, which));
  }

  async findReservation(turnId: string): Promise<Reservation | null> {
    const row = await this.#database
      .selectFrom("reservations")
      .selectAll()
      .where("turn_id", "=", turnId)
      .executeTakeFirst();
    if (row === undefined) return null;
    const scopes = await this.#database
      .selectFrom("reservation_scopes")
      .select(["scope", "scope_id"])
      .where("reservation_id", "=", row.id)
      .execute();
    return {
      id: row.id,
      turnId: row.turn_id,
      day: row.day,
      scopes: scopes.map((scope) => ({ type: scope.scope, id: scope.scope_id })),
      tokens: row.tokens,
      inputTokens: row.input_tokens,
      estimatedInputTokens: row.estimated_input_tokens,
      streamedBytes: row.streamed_bytes,
    };
  }

  async ping(): Promise<void> {
    await sql`select 1`.execute(this.#database);
  }

  close(): Promise<void> {
    return this.#database.destroy();
  }
}

function placeOf(turn: TurnRecord): AuditedPlace {
  return { owner: turn.identity.owner, conversationId: turn.conversationId, turnId: turn.id };
}

function factsOfCommit({ toolCalls = [], turn }: Commit): AuditFact[] {
  const facts = toolCalls.flatMap((change) => factsOfChange(change));
  return turn?.state.status === "done" ? [...facts, { kind: "turn_ended", reason: turn.state.reason }] : facts;
}
