import type { Transaction } from "kysely";
import type { OrphanedReservations, Reservation, UsageBalance, UsageScope } from "../store.ts";
import { unfinishedCall } from "../unfinished-call.ts";
import type { Schema } from "./schema.ts";

type Tx = Transaction<Schema>;

/** What each scope has used and reserved on a day; zero where nothing is on record. */
export async function usageBalances(tx: Tx, day: string, scopes: readonly UsageScope[]): Promise<UsageBalance[]> {
  const balances: UsageBalance[] = [];
  for (const scope of scopes) {
    const usage = await tx
      .selectFrom("usage_daily")
      .select("used")
      .where("day", "=", day)
      .where("scope", "=", scope.type)
      .where("scope_id", "=", scope.id)
      .executeTakeFirst();
    const reserved = await tx
      .selectFrom("reservation_scopes")
      .select((select) => select.fn.sum<number | null>("tokens").as("tokens"))
      .where("day", "=", day)
      .where("scope", "=", scope.type)
      .where("scope_id", "=", scope.id)
      .executeTakeFirst();
    balances.push({ scope, used: usage?.used ?? 0, reserved: reserved?.tokens ?? 0 });
  }
  return balances;
}

/** See `Store.reserve`. */
export async function reserve(
  tx: Tx,
  day: string,
  scopes: readonly UsageScope[],
  grant: (balances: readonly UsageBalance[]) => Reservation | null,
): Promise<Reservation | null> {
  const reservation = grant(await usageBalances(tx, day, scopes));
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
  for (const scope of scopes) {
    await tx
      .insertInto("reservation_scopes")
      .values({
        reservation_id: reservation.id,
        day,
        scope: scope.type,
        scope_id: scope.id,
        tokens: reservation.tokens,
      })
      .execute();
  }
  return reservation;
}

/**
 * Settles what was booked for turns that are not on record: their process died before they were stored, or after, and
 * their conversation was deleted since. What the provider had counted is counted; the others never asked for anything.
 */
export async function releaseOrphans(tx: Tx, which: OrphanedReservations): Promise<void> {
  let orphaned = tx
    .selectFrom("reservations")
    .leftJoin("turns", "turns.id", "reservations.turn_id")
    .select(["reservations.id", "tokens", "input_tokens", "streamed_bytes"])
    .where("turns.id", "is", null);
  if ("createdBefore" in which) {
    orphaned = orphaned.where("reservations.created_at", "<", which.createdBefore);
  } else {
    const { type, id } = which.scope;
    orphaned = orphaned.where("reservations.id", "in", (select) =>
      select
        .selectFrom("reservation_scopes")
        .select("reservation_id")
        .where("reservation_scopes.scope", "=", type)
        .where("reservation_scopes.scope_id", "=", id),
    );
  }
  const orphans = await orphaned.execute();
  for (const orphan of orphans) await settleUnfinished(tx, orphan);
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
  for (const reservation of unowned) await settleUnfinished(tx, reservation);
}

/** Counts what is known of a model call that nobody saw the end of. */
async function settleUnfinished(
  tx: Tx,
  call: { id: string; tokens: number; input_tokens: number | null; streamed_bytes: number },
): Promise<void> {
  const { id, tokens, input_tokens: inputTokens, streamed_bytes: streamedBytes } = call;
  // Without the provider's word nothing is known to have been asked: the estimate does not count.
  const counted =
    inputTokens === null ? 0 : unfinishedCall({ tokens, inputTokens, streamedBytes, estimatedInputTokens: 0 }).tokens;
  await settle(tx, id, counted);
}

/** Ends a reservation and counts what was used, on the day it was reserved. Settling twice counts once. */
export async function settle(tx: Tx, reservationId: string, tokens: number): Promise<void> {
  const scopes = await tx
    .deleteFrom("reservation_scopes")
    .where("reservation_id", "=", reservationId)
    .returning(["day", "scope", "scope_id"])
    .execute();
  await tx.deleteFrom("reservations").where("id", "=", reservationId).execute();
  if (tokens === 0) return;
  for (const scope of scopes) {
    await tx
      .insertInto("usage_daily")
      .values({ ...scope, used: tokens })
      .onConflict((conflict) =>
        conflict
          .columns(["day", "scope", "scope_id"])
          .doUpdateSet((update) => ({ used: update("usage_daily.used", "+", tokens) })),
      )
      .execute();
  }
}
