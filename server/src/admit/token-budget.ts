import type { LimitType, UsageResponse, UsageTotals } from "@chat-bot/widget/protocol";
import { ChatError } from "../errors.ts";
import { newId } from "../new-id.ts";
import { hashedKey, type Owner, ownerKey } from "../store/identity.ts";
import type { Reservation, Store, UsageBalance, UsageScope } from "../store/store.ts";
import { budgetDay, resetsAt, secondsUntilReset } from "./budget-day.ts";

/** Daily tokens. */
export type TokenLimits = Record<LimitType, number>;

/** What one model call may cost at the most. */
export interface WantedTokens {
  turnId: string;
  /** Of the turn's owner; null for a turn that is not stored yet. */
  fence: number | null;
  /** Upper bound of the input, in tokens. */
  input: number;
  /** The most output that is wanted; what is left may be less. */
  output: number;
}

/** A booked model call. */
export interface GrantedTokens {
  reservation: Reservation;
  /** `max_tokens` of the call: at least 1. */
  maxOutputTokens: number;
}

/** What is left today, in tokens. */
export interface RemainingTokens {
  user: number;
  organization: number;
}

/** The daily token limits: reserve the estimate before a model call, settle the real usage after it. */
export interface TokenBudget {
  /**
   * @throws ChatError `limit_exceeded` when a limit leaves no room for the input and one token of output
   * @throws StaleWriteError when the turn is stored and has another owner
   */
  reserve(owner: Owner, wanted: WantedTokens): Promise<GrantedTokens>;
  remaining(owner: Owner): Promise<RemainingTokens>;
  usage(owner: Owner): Promise<Required<UsageResponse>>;
  /** Tokens of a model call that count: all input and output, cache reads at their weight, rounded up. */
  count: (usage: ModelUsage) => number;
}

/** What a model call used, in tokens, as the Messages API tells it. */
export interface ModelUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
}

/** Settings of the budget. */
export interface TokenBudgetOptions {
  /** The limits that hold for an owner: an issuer may have its own. */
  limitsOf: (owner: Owner) => TokenLimits;
  /** What a token read from the cache counts, 0 to 1: its share of the price. */
  cacheReadWeight: number;
  /** The clock, in milliseconds. */
  now?: () => number;
}

/** A budget on the store's counters. */
export function createTokenBudget(store: Store, options: TokenBudgetOptions): TokenBudget {
  const { limitsOf, cacheReadWeight, now = Date.now } = options;
  return {
    count: (usage) =>
      usage.input_tokens +
      usage.cache_creation_input_tokens +
      usage.output_tokens +
      Math.ceil(usage.cache_read_input_tokens * cacheReadWeight),

    async reserve(owner, wanted) {
      const limits = limitsOf(owner);
      const nowMs = now();
      const day = budgetDay(nowMs);
      let exceeded: UsageBalance | null = null;
      let maxOutputTokens = 0;
      const reservation = await store.reserve(day, scopesOf(owner), wanted, (balances) => {
        const grant = grantTokens(balances, limits, wanted);
        if (grant.status === "exceeded") {
          exceeded = grant.balance;
          return null;
        }
        maxOutputTokens = grant.maxOutputTokens;
        return {
          id: newId("res"),
          turnId: wanted.turnId,
          day,
          scopes: scopesOf(owner),
          tokens: wanted.input + maxOutputTokens,
          inputTokens: null,
          estimatedInputTokens: wanted.input,
          streamedBytes: 0,
        };
      });
      if (reservation === null) throw limitExceeded(exceeded, limits, nowMs);
      return { reservation, maxOutputTokens };
    },

    async remaining(owner) {
      const { user, organization } = await this.usage(owner);
      return { user: left(user), organization: left(organization) };
    },

    async usage(owner) {
      const limits = limitsOf(owner);
      const nowMs = now();
      const [user, organization, global] = await store.balances(budgetDay(nowMs), scopesOf(owner));
      const totals = (type: LimitType, balance: UsageBalance | undefined): UsageTotals => ({
        used: balance?.used ?? 0,
        reserved: balance?.reserved ?? 0,
        limit: limits[type],
        resets_at: resetsAt(nowMs),
      });
      return {
        user: totals("user", user),
        organization: totals("organization", organization),
        global: totals("global", global),
      };
    },
  };
}

/** What a model call may have, given what is used and reserved. Pure: the store runs it within its transaction. */
export function grantTokens(
  balances: readonly UsageBalance[],
  limits: TokenLimits,
  wanted: { input: number; output: number },
): { status: "granted"; maxOutputTokens: number } | { status: "exceeded"; balance: UsageBalance } {
  let maxOutputTokens = wanted.output;
  for (const balance of balances) {
    const room = limits[balance.scope.type] - balance.used - balance.reserved - wanted.input;
    if (room < 1) return { status: "exceeded", balance };
    maxOutputTokens = Math.min(maxOutputTokens, room);
  }
  return { status: "granted", maxOutputTokens };
}

/** Whose limits a user's tokens count against. Ids are hashes: names of people do not spread into counters. */
function scopesOf(owner: Owner): UsageScope[] {
  return [
    { type: "user", id: ownerKey(owner) },
    { type: "organization", id: hashedKey(owner.issuer, owner.organization) },
    { type: "global", id: "" },
  ];
}

function left(totals: UsageTotals): number {
  return Math.max(0, totals.limit - totals.used - totals.reserved);
}

function limitExceeded(balance: UsageBalance | null, limits: TokenLimits, nowMs: number): ChatError {
  if (balance === null) return new ChatError("internal");
  const { type } = balance.scope;
  return new ChatError("limit_exceeded", {
    details: {
      limit_type: type,
      limit: limits[type],
      used: balance.used,
      resets_at: resetsAt(nowMs),
    },
    retryAfterSeconds: secondsUntilReset(nowMs),
  });
}
