import { createHmac } from "node:crypto";
import { sha256Hex } from "../canonical-json.ts";

/** What is hashed: no hash of one kind can be passed off as one of another. */
type Purpose = "row" | "head" | "name";

/**
 * The keys of an audit trail. With one, nobody who has only the database can write rows that fit; without, hashes show
 * what was changed by whoever did not compute all of them anew.
 */
export class AuditKeys {
  /** Names the key that signs; null: there is none. */
  readonly currentId: string | null;
  readonly #keys: ReadonlyMap<string, string>;

  /** The first one signs; former ones still verify what they have signed. */
  constructor(keys: readonly string[] = []) {
    this.#keys = new Map(keys.map((key) => [idOf(key), key]));
    this.currentId = keys[0] === undefined ? null : idOf(keys[0]);
  }

  /** Hex digest with the key of this name, or with none; null when that key is not known. */
  digest(keyId: string | null, purpose: Purpose, text: string): string | null {
    if (keyId === null) return sha256Hex(`${purpose}\n${text}`);
    const key = this.#keys.get(keyId);
    return key === undefined ? null : createHmac("sha256", key).update(`${purpose}\n${text}`).digest("hex");
  }

  /** What stands for somebody in the trail: with a key nobody can try out names; without, it is a plain hash. */
  pseudonym(...parts: string[]): string {
    return this.digest(this.currentId, "name", JSON.stringify(parts)) ?? "";
  }

  /** The same under every key that is known, and under none: somebody may stand in the trail under several. */
  pseudonyms(...parts: string[]): string[] {
    return [null, ...this.#keys.keys()].map((keyId) => this.digest(keyId, "name", JSON.stringify(parts)) ?? "");
  }
}

function idOf(key: string): string {
  return createHmac("sha256", key).update("id\n").digest("hex").slice(0, 16);
}
