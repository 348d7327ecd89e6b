import type { LimitType } from "@chat-bot/widget/protocol";
import type { Selectable } from "kysely";
import type { OrphanedReservations, Reservation, UsageBalance, UsageScope } from "../store.ts";
import { unfinishedCall } from "../unfinished-call.ts";
import type { Tx } from "./reader.ts";
import type { Schema } from "./schema.ts";

/** The order in which counters are taken: see transaction.ts. */
const ORDER: readonly LimitType[] = ["user", "organization", "global"];

/** What each scope has used and reserved on a day; zero where nothing is on record. */
export async function usageBalances(tx: Tx, day: string, scopes: readonly UsageScope[]): Promise<UsageBalance[]> {
  const used = await tx
    .selectFrom("usage_daily")
    .select(["scope", "scope_id", "used as tokens"])
    .where("day", "=", day)
    .where("scope", "in", typesOf(scopes))
    .where("scope_id", "in", idsOf(scopes))
    .execute();
  return balancesOf(scopes, used, await reservedTokens(tx, day, scopes));
}

type Tokens = Pick<Counter, "scope" | "scope_id"> & { tokens: number };

function reservedTokens(tx: Tx, day: string, scopes: readonly UsageScope[]): Promise<Tokens[]> {
  return (
    tx
      .selectFrom("reservation_scopes")
      // A sum has a type of its own in PostgreSQL, which holds more than any number here.
      .select((select) => ["scope", "scope_id", select.cast<number>(select.fn.sum("tokens"), "bigint").as("tokens")])
      .where("day", "=", day)
      .where("scope", "in", typesOf(scopes))
      .where("scope_id", "in", idsOf(scopes))
      .groupBy(["scope", "scope_id"])
      .execute()
  );
}

function typesOf(scopes: readonly UsageScope[]): LimitType[] {
  return scopes.map(({ type }) => type);
}

function idsOf(scopes: readonly UsageScope[]): string[] {
  return scopes.map(({ id }) => id);
}

function balancesOf(
  scopes: readonly UsageScope[],
  used: readonly Tokens[],
  reserved: readonly Tokens[],
): UsageBalance[] {
  const tokensIn = (rows: readonly Tokens[], { type, id }: UsageScope): number =>
    rows.find((row) => row.scope === type && row.scope_id === id)?.tokens ?? 0;
  return scopes.map((scope) => ({ scope, used: tokensIn(used, scope), reserved: tokensIn(reserved, scope) }));
}

/** See `Store.reserve`. */
export async function reserve(
  tx: Tx,
  day: string,
  scopes: readonly UsageScope[],
  grant: (balances: readonly UsageBalance[]) => Reservation | null,
): Promise<Reservation | null> {
  // In this order: what is settled while this waits for the counters is in them then, and reserved no more.
  const used = await lockCounters(tx, day, scopes);
  const reservation = grant(balancesOf(scopes, used, await reservedTokens(tx, day, scopes)));
  if (reservation === null) return null;
  await tx
    .insertInto("reservations")
    .values({
      id: reservation.id,
      turn_id: reservation.turnId,
      day,
      tokens: reservation.tokens,
      input_tokens: reservation.inputTokens,
      estimated_input_tokens: reservation.estimatedInputTokens,
      streamed_bytes: reservation.streamedBytes,
      created_at: new Date().toISOString(),
    })
    .execute();
  await tx
    .insertInto("reservation_scopes")
    .values(
      scopes.map((scope) => ({
        reservation_id: reservation.id,
        day,
        scope: scope.type,
        scope_id: scope.id,
        tokens: reservation.tokens,
      })),
    )
    .execute();
  return reservation;
}

/**
 * Settles what was booked for turns that are over or not on record: their process died before they were stored, or
 * their conversation was deleted since. What the provider had counted is counted; the others never asked for anything.
 */
export async function releaseOrphans(tx: Tx, which: OrphanedReservations): Promise<void> {
  let found = orphans(tx);
  if ("createdBefore" in which) {
    found = found.where("reservations.created_at", "<", which.createdBefore);
  } else {
    const { type, id } = which.scope;
    found = found.where("reservations.id", "in", (select) =>
      select
        .selectFrom("reservation_scopes")
        .select("reservation_id")
        .where("reservation_scopes.scope", "=", type)
        .where("reservation_scopes.scope_id", "=", id),
    );
  }
  const kept: string[] = [];
  for (const { id } of await found.orderBy("reservations.id").execute()) {
    if (await keepReservation(tx, id)) kept.push(id);
  }
  if (kept.length === 0) return;
  // Looked at again now that nobody else can take them: a turn that was being stored meanwhile has its reservation.
  await settleUnfinished(tx, await orphans(tx).where("reservations.id", "in", kept).execute());
}

/** Reservations for turns that are over or not on record. */
function orphans(tx: Tx) {
  return tx
    .selectFrom("reservations")
    .leftJoin("turns", "turns.id", "reservations.turn_id")
    .select(["reservations.id", "tokens", "input_tokens", "streamed_bytes"])
    .where((where) => where.or([where("turns.id", "is", null), where("turns.status", "=", "done")]));
}

/** Whether this is still booked, and nobody settles it before the transaction ends. */
export async function keepReservation(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable("reservations").set({ id }).where("id", "=", id).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Settles what is booked for a conversation's turns whose owner is dead. */
export async function settleUnowned(tx: Tx, conversationId: string, nowMs: number): Promise<void> {
  const unowned = await tx
    .selectFrom("reservations")
    .innerJoin("turns", "turns.id", "reservations.turn_id")
    .select(["reservations.id", "tokens", "input_tokens", "streamed_bytes"])
    .where("turns.conversation_id", "=", conversationId)
    .where("turns.lease_expires_at_ms", "<=", nowMs)
    .execute();
  await settleUnfinished(tx, unowned);
}

/** Counts what is known of model calls that nobody saw the end of. */
async function settleUnfinished(
  tx: Tx,
  calls: readonly { id: string; tokens: number; input_tokens: number | null; streamed_bytes: number }[],
): Promise<void> {
  const used: Used[] = [];
  for (const { id, tokens, input_tokens: inputTokens, streamed_bytes: streamedBytes } of calls) {
    // Without the provider's word nothing is known to have been asked: the estimate does not count.
    const counted =
      inputTokens === null ? 0 : unfinishedCall({ tokens, inputTokens, streamedBytes, estimatedInputTokens: 0 }).tokens;
    used.push(...(await endReservation(tx, id, counted)));
  }
  await count(tx, used);
}

/** Ends a reservation and counts what was used, on the day it was reserved. Settling twice counts once. */
export async function settle(tx: Tx, reservationId: string, tokens: number): Promise<void> {
  await count(tx, await endReservation(tx, reservationId, tokens));
}

type Counter = Pick<Selectable<Schema["usage_daily"]>, "day" | "scope" | "scope_id">;
type Used = Counter & { used: number };

async function endReservation(tx: Tx, reservationId: string, tokens: number): Promise<Used[]> {
  const scopes = await tx
    .deleteFrom("reservation_scopes")
    .where("reservation_id", "=", reservationId)
    .returning(["day", "scope", "scope_id"])
    .execute();
  await tx.deleteFrom("reservations").where("id", "=", reservationId).execute();
  return tokens === 0 ? [] : scopes.map((scope) => ({ ...scope, used: tokens }));
}

/** What the counters hold. Whoever reserves on the same ones waits until the transaction ends, and then sees what it wrote. */
function lockCounters(tx: Tx, day: string, scopes: readonly UsageScope[]): Promise<Tokens[]> {
  return count(
    tx,
    scopes.map(({ type, id }) => ({ day, scope: type, scope_id: id, used: 0 })),
  );
}

/** Adds up, in one statement: the rows are taken in the order in which they are named. Returns what they hold then. */
async function count(tx: Tx, used: readonly Used[]): Promise<Tokens[]> {
  if (used.length === 0) return [];
  const sums = new Map<string, Used>();
  for (const counter of used) {
    const key = JSON.stringify([counter.scope, counter.scope_id, counter.day]);
    sums.set(key, { ...counter, used: counter.used + (sums.get(key)?.used ?? 0) });
  }
  return tx
    .insertInto("usage_daily")
    .values([...sums.values()].toSorted(compareCounters))
    .onConflict((conflict) =>
      conflict
        .columns(["day", "scope", "scope_id"])
        .doUpdateSet((update) => ({ used: update("usage_daily.used", "+", update.ref("excluded.used")) })),
    )
    .returning(["scope", "scope_id", "used as tokens"])
    .execute();
}

function compareCounters(a: Counter, b: Counter): number {
  return ORDER.indexOf(a.scope) - ORDER.indexOf(b.scope) || compare(a.scope_id, b.scope_id) || compare(a.day, b.day);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
