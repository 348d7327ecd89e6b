import type { UsageEvent, UsageResponse } from "../protocol/index.ts";

/** Below this part of a daily limit the person is told. */
const LOW = 0.2;

/** What is left of the daily limits where it is little. */
export interface LowBudget {
  /** Of the tighter limit, from 0 to 1. */
  fraction: number;
  resetsAt: Date;
}

/** Knows the limits of a day, so that what a step left can be weighed against them. */
export class BudgetWatch {
  readonly #load: () => Promise<UsageResponse>;
  readonly #now: () => number;
  #limits: UsageResponse | null = null;

  constructor(load: () => Promise<UsageResponse>, now: () => number = Date.now) {
    this.#load = load;
    this.#now = now;
  }

  /** Null while there is enough. `remaining` is what the latest step of a turn left. Rejects as loading does. */
  async weigh(remaining: UsageEvent["remaining"]): Promise<LowBudget | null> {
    const isOver = this.#limits !== null && Date.parse(this.#limits.user.resets_at) <= this.#now();
    if (this.#limits === null || isOver) this.#limits = await this.#load();
    const { user, organization } = this.#limits;
    const [own, shared] = [partOf(remaining.user, user.limit), partOf(remaining.organization, organization.limit)];
    if (Math.min(own, shared) >= LOW) return null;
    const tighter = own <= shared ? user : organization;
    return { fraction: Math.min(own, shared), resetsAt: new Date(tighter.resets_at) };
  }
}

function partOf(left: number, limit: number): number {
  return limit > 0 ? Math.max(0, left / limit) : 0;
}
