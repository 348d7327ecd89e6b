import { sha256Hex } from "../../canonical-json.ts";
import type { Owner } from "../identity.ts";
import { KEY_LIFETIME_MS, type KeyedTurn, StaleWriteError } from "../store.ts";
import type { TurnRecord } from "../turn-record.ts";
import type { Reader, Tx } from "./reader.ts";
import { readTurn } from "./turns.ts";

/**
 * Remembers which turn a request started. A key that is used again after its time starts a new turn.
 * @throws StaleWriteError when the same request has started another one
 */
export async function keepKey(
  tx: Tx,
  turn: TurnRecord,
  { key, bodySha256 }: { key: string; bodySha256: string },
): Promise<void> {
  const request = { body_sha256: bodySha256, turn_id: turn.id, created_at: turn.createdAt };
  const forgotten = new Date(Date.parse(turn.createdAt) - KEY_LIFETIME_MS).toISOString();
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("idempotency_keys")
    .values({ ...turn.identity.owner, key: sha256Hex(key), ...request })
    .onConflict((conflict) =>
      conflict
        .columns(["issuer", "organization", "user", "key"])
        .doUpdateSet(request)
        .where("idempotency_keys.created_at", "<=", forgotten),
    )
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) throw new StaleWriteError("the request has started a turn already");
}

/** What a request said is gone with its conversation; that its key was used is known as long as any key is. */
export async function forgetBodies(tx: Tx, conversationId: string): Promise<void> {
  const turns = tx.selectFrom("turns").select("id").where("conversation_id", "=", conversationId);
  await tx.updateTable("idempotency_keys").set({ body_sha256: "" }).where("turn_id", "in", turns).execute();
}

/** See `Store.findTurnByKey`. */
export async function findTurnByKey(
  reader: Reader,
  owner: Owner,
  key: string,
  createdAfter: string,
): Promise<KeyedTurn | null> {
  const row = await reader
    .selectFrom("idempotency_keys")
    .leftJoin("turns", "turns.id", "idempotency_keys.turn_id")
    .select(["idempotency_keys.body_sha256 as bodySha256", "turns.record"])
    .where("idempotency_keys.issuer", "=", owner.issuer)
    .where("idempotency_keys.organization", "=", owner.organization)
    .where("idempotency_keys.user", "=", owner.user)
    .where("key", "=", sha256Hex(key))
    .where("idempotency_keys.created_at", ">", createdAfter)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { record, bodySha256 } = row;
  return { turn: record === null ? null : readTurn({ record }), bodySha256 };
}
