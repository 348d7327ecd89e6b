import { randomUUID } from "node:crypto";
import { ownerKey } from "../../src/store/identity.ts";
import type { FaultRig } from "../faults/fault-rig.ts";
import { type FaultUser, ISSUER, type Member } from "../faults/fault-user.ts";
import { until } from "../faults/until.ts";
import type { Ledger } from "./ledger.ts";

/** Everybody who writes in a test, by name. */
export class People {
  readonly #rig: FaultRig;
  readonly #door: () => string;
  readonly #members = new Map<string, Member>();

  /** `door` is where they go: another server each time, if it says so. */
  constructor(rig: FaultRig, door: () => string) {
    this.#rig = rig;
    this.#door = door;
  }

  /** Without a name: somebody of an organization of their own. */
  async signIn(member: Member = alone()): Promise<FaultUser> {
    this.#members.set(ownerKey({ issuer: ISSUER, ...member }), member);
    return (await this.#rig.signIn(member)).through(this.#door);
  }

  /**
   * Resolves when no turn runs and nothing is reserved. A server that was lost while it admitted somebody left a
   * reservation without a turn: that user's next message returns it.
   */
  async settleAll(ledger: Ledger): Promise<void> {
    await until(async () => (await ledger.runningTurns()) === 0);
    const left = (await ledger.balances()).filter(({ scope, reserved }) => scope === "user" && reserved > 0);
    await Promise.all(left.map(({ id }) => this.#askAgain(id)));
    await until(async () => (await ledger.runningTurns()) === 0);
  }

  async #askAgain(id: string): Promise<void> {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error("a reservation is nobody's");
    const user = await this.signIn(member);
    await until(async () => {
      const answer = await user.request("POST", "/message", { body: { message: "Hello again" } });
      await answer.text();
      return answer.status === 200 || answer.status === 429;
    });
  }
}

function alone(): Member {
  const name = randomUUID();
  return { user: `user-${name}`, organization: `org-${name}` };
}
